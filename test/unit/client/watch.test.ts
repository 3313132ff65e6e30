import * as E from 'fp-ts/lib/Either.js';
import { findEndpoint } from '../../../client/connection.js';
import { type WatchEvent, difference } from '../../../client/watch.js';
import { assert, suite } from '../../suite.js';

const test = suite('client');

interface Thing {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation: number;
    readonly creationTimestamp: string;
  };
}

const thing = (name: string, uid: string, resourceVersion: string): Thing => ({
  metadata: { name, uid, resourceVersion, generation: 1, creationTimestamp: '' },
});
const known = new Map([
  ['/a', thing('a', 'u1', '1')],
  ['/b', thing('b', 'u2', '1')],
]);
const told = (events: readonly WatchEvent<Thing>[]): readonly string[] =>
  events.map(({ type, object }) => `${type} ${object.metadata.name} ${object.metadata.uid}`);

for (const { name, items, expected } of [
  { name: 'nothing changed', items: [...known.values()], expected: [] },
  { name: 'gone', items: [thing('a', 'u1', '1')], expected: ['DELETED b u2'] },
  {
    name: 'changed and new',
    items: [thing('a', 'u1', '2'), thing('b', 'u2', '1'), thing('c', 'u3', '3')],
    expected: ['MODIFIED a u1', 'ADDED c u3'],
  },
  {
    name: 'another incarnation',
    items: [thing('a', 'u9', '5'), thing('b', 'u2', '1')],
    expected: ['DELETED a u1', 'ADDED a u9'],
  },
])
  test(`a new list after a lost watch: ${name}`, () => {
    assert.equal(told(difference(known, items)), expected);
  });

const files: Readonly<Record<string, string>> = {
  '.scalarium/endpoint.json': '{"url":"http://127.0.0.1:7420/"}',
  '.scalarium/token': 'secret\n',
  'elsewhere/endpoint.json': '{"url":"http://127.0.0.1:1"}',
  'elsewhere/token': 'other',
  'broken/endpoint.json': '{',
};
const read = (path: string): string | null => files[path] ?? null;

for (const { name, flags, env, expected } of [
  { name: 'default directory', flags: {}, env: {}, expected: 'http://127.0.0.1:7420 secret' },
  { name: '--data', flags: { data: 'elsewhere' }, env: {}, expected: 'http://127.0.0.1:1 other' },
  {
    name: 'SCALARIUM_DATA',
    flags: {},
    env: { SCALARIUM_DATA: 'elsewhere' },
    expected: 'http://127.0.0.1:1 other',
  },
  {
    name: 'flags win over the environment',
    flags: { server: 'https://x', token: 't' },
    env: { SCALARIUM_SERVER: 'http://y', SCALARIUM_TOKEN: 'u' },
    expected: 'https://x t',
  },
  {
    name: 'a server with the token of the directory',
    flags: { server: 'http://x' },
    env: {},
    expected: 'http://x secret',
  },
  { name: 'none running', flags: { data: 'none' }, env: {}, expected: /npm start.*scalarium up/ },
  { name: 'half-written file', flags: { data: 'broken' }, env: {}, expected: /no control plane/ },
  { name: 'no URL', flags: { server: 'ftp://x' }, env: {}, expected: /expected an http or https URL/ },
  { name: 'no token', flags: { server: 'http://x', data: 'none' }, env: {}, expected: /no token for/ },
])
  test(`where the control plane is: ${name}`, () => {
    const found = findEndpoint(flags, env, read);
    const text = E.isRight(found) ? `${found.right.url} ${found.right.token}` : found.left;
    if (typeof expected === 'string') assert.is(text, expected);
    else assert.match(text, expected);
  });
