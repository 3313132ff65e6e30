import { KIND_NAMES, findKind, kindEntry } from '../../../api-types/kinds.js';
import { completionFor } from '../../../cli/completions.js';
import { ageText, headOf, rowOf, tableText } from '../../../cli/table.js';
import type { ObjectOf } from '../../../client/client.js';
import { assert, suite } from '../../suite.js';

const test = suite('tables');

for (const [milliseconds, expected] of [
  [0, '0s'],
  [-5000, '0s'],
  [119_000, '119s'],
  [120_000, '2m'],
  [7_199_000, '119m'],
  [7_200_000, '2h'],
  [172_799_000, '47h'],
  [172_800_000, '2d'],
  [Number.NaN, '-'],
] as const)
  test(`an age of ${String(milliseconds)} ms reads ${expected}`, () => {
    assert.is(ageText(milliseconds), expected);
  });

test('columns are aligned, the last one is not padded, control characters do not come through', () => {
  assert.is(
    tableText([
      ['A', 'LONG', 'C'],
      ['value', 'x', 'y\u001b[2J\nz'],
    ]),
    'A       LONG   C\nvalue   x      y [2J z',
  );
  assert.is(tableText([['a', 'b']], [5, 1]), 'a       b');
});

const bare = (kind: string): ObjectOf =>
  ({
    apiVersion: 'v1',
    kind,
    metadata: { name: 'x', creationTimestamp: '1970-01-01T00:00:00Z' },
  }) as ObjectOf;

test('every kind has a row as long as its head, even of an object that says nothing', () => {
  for (const kind of KIND_NAMES)
    for (const wide of [true, false]) {
      const style = { wide, clusters: true, now: 60_000 };
      const row = rowOf(kindEntry(kind), bare(kind), style);
      assert.is(row.length, headOf(kindEntry(kind), style).length, kind);
      assert.is(row.at(-1), '60s');
    }
});

test('kinds are found by plural, singular and short names, which are unique', () => {
  const words = KIND_NAMES.flatMap((kind) => {
    const { plural, shortNames } = kindEntry(kind);
    return [plural, kind, ...shortNames];
  });
  assert.is(new Set(words.map((word) => word.toLowerCase())).size, words.length);
  for (const word of words) assert.ok(findKind(word));
});

test('there are completions for three shells', () => {
  for (const shell of ['bash', 'zsh', 'fish']) assert.match(completionFor(shell) ?? '', '__complete --');
  assert.is(completionFor('toString'), null);
});
