import { givenTwice } from '../../../server/json-twice.js';
import { assert, suite } from '../../suite.js';

const test = suite('fields that a JSON text gives twice');

for (const [text, expected] of [
  ['{"a":1,"b":2}', []],
  ['{"a":1,"a":2}', ['a']],
  ['{"a":{"b":1,"c":[{"b":1},{"b":1}]},"b":{"a":1}}', []],
  ['{"a":[{"b":1,"c":"}","b":1}],"d":"a"}', ['b']],
  ['{"a":"\\",\\"a\\":","b":"a","c":["a","a",{"a":"a"}]}', []],
  ['{"a":1,"\\u0061":2}', ['a']],
  ['{"constructor":1,"toString":2}', []],
  ['{ "a" : { } , "b" : [ ] , "a" : null }', ['a']],
  ['"a"', []],
  ['[]', []],
] as const)
  test(text, () => {
    JSON.parse(text);
    assert.equal(givenTwice(text), expected);
  });

test('few are told of many, and depth is no matter', () => {
  assert.is(givenTwice(`{${'"a":1,'.repeat(1000)}"a":1}`).length, 10);
  const depth = 100_000;
  assert.equal(givenTwice(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`), []);
});
