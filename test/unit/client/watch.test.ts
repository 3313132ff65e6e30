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
