import * as E from 'fp-ts/lib/Either.js';
import {
  fieldText,
  fieldsOf,
  fromFieldsV1,
  nodesOf,
  sameSet,
  toFieldsV1,
} from '../../../api-types/field-sets.js';
import {
  type OwnersNote,
  type Ownership,
  currentOwners,
  entriesOf,
  noteOf,
  updatedOwners,
} from '../../../api-types/managed-fields.js';
import { assert, suite } from '../../suite.js';

const test = suite('owners of fields');
const TIME = '2026-01-01T00:00:00Z';
const LATER = '2026-01-02T00:00:00Z';

test('leaves are texts, numbers, lists and empty objects; what holds them are nodes', () => {
  const tree = { spec: { a: 1, l: [{ x: 1 }], e: {}, o: { 'k/1': 'v', '~': null } } };
  assert.equal([...fieldsOf(tree)], ['/spec/a', '/spec/l', '/spec/e', '/spec/o/k~11', '/spec/o/~0']);
  assert.ok(nodesOf(tree).has('/spec/o') && nodesOf(tree).has('/spec'));
  assert.is(fieldText('/spec/o/k~11'), '.spec.o.k/1');
});

const WIRE = [
  { set: ['/spec/a'], wire: { 'f:spec': { 'f:a': {} } } },
  { set: ['/spec/o', '/spec/o/x'], wire: { 'f:spec': { 'f:o': { '.': {}, 'f:x': {} } } } },
  { set: ['/metadata/labels/a~1b'], wire: { 'f:metadata': { 'f:labels': { 'f:a/b': {} } } } },
  { set: [], wire: {} },
];

for (const { set, wire } of WIRE)
  test(`on the wire: ${set.join(' ') || 'nothing'}`, () => {
    assert.equal(toFieldsV1(new Set(set)), wire);
    const read = fromFieldsV1(wire);
    assert.ok(E.isRight(read) && sameSet(read.right, new Set(set)));
  });

test('items of lists, and what is no set of fields, are refused', () => {
  for (const wire of [{ 'f:spec': { 'k:{"name":"a"}': {} } }, { spec: {} }, { 'f:spec': 5 }, 5, null])
    assert.ok(E.isLeft(fromFieldsV1(wire)), JSON.stringify(wire));
});

const paths = (owners: readonly Ownership[]): Record<string, readonly string[]> =>
  Object.fromEntries(owners.map(({ manager, set }) => [manager, [...set].sort()]));

const first: readonly Ownership[] = [
  { manager: 'flux', operation: 'Apply', time: TIME, set: new Set(['/spec/a', '/spec/b']) },
];

test('an update takes what it changes, and nobody owns what is gone', () => {
  const after = { spec: { a: 2, c: 3 } };
  const writer = { manager: 'kubectl-edit', time: LATER };
  const owners = updatedOwners(first, writer, new Set(['/spec/a', '/spec/c']), after);
  assert.equal(paths(owners), { 'kubectl-edit': ['/spec/a', '/spec/c'] });
  const untouched = updatedOwners(first, writer, new Set(), { spec: { a: 1, b: 2 } });
  assert.equal(paths(untouched), { flux: ['/spec/a', '/spec/b'] });
});

const same = (spec: unknown): unknown => spec;
const withDefault = (spec: unknown): unknown => ({ c: 9, ...(spec as object) });
const noted = { spec: { a: 1, b: 2 } };
const note: OwnersNote = noteOf(noted, entriesOf(first));

test('nothing noted: of a person, or of who made it', () => {
  const known = { note: null, noted: null, document: noted };
  assert.equal(paths(currentOwners(known, same, TIME)), { etcdctl: ['/spec/a', '/spec/b'] });
  const owner = { kind: 'Role', name: 'app', uid: 'u' };
  const made = { note: null, noted: null, document: { ...noted, owner } };
  assert.equal(Object.keys(paths(currentOwners(made, same, TIME))), ['scalarium']);
});

test('an edit past the API goes to etcdctl, field by field; a default that is written out is no edit', () => {
  const document = { spec: { a: 1, b: 3, c: 9 }, labels: { x: 'y' } };
  const owners = currentOwners({ note, noted, document }, withDefault, LATER);
  assert.equal(paths(owners), { flux: ['/spec/a'], etcdctl: ['/metadata/labels/x', '/spec/b'] });
});

test('the keeper and a read that comes before it agree', () => {
  const document = { spec: { a: 5, b: 2 } };
  const read = entriesOf(currentOwners({ note, noted, document }, same, LATER));
  const kept = noteOf(document, read);
  assert.equal(entriesOf(currentOwners({ note: kept, noted: document, document }, same, 'never used')), read);
});

test('the document that the note is about is lost: all belongs to etcdctl', () => {
  const document = { spec: { a: 1, b: 3 } };
  for (const lost of [null, { spec: { a: 7 } }])
    assert.equal(paths(currentOwners({ note, noted: lost, document }, same, LATER)), {
      etcdctl: ['/spec/a', '/spec/b'],
    });
});

test('more than ten updaters: the oldest become one', () => {
  const many = Array.from({ length: 13 }, (_none, index) => ({
    manager: `m${String(index)}`,
    operation: 'Update' as const,
    time: `2026-01-${String(index + 10)}T00:00:00Z`,
    set: new Set([`/spec/f${String(index)}`]),
  }));
  const entries = entriesOf([...first, ...many]);
  assert.is(entries.length, 11);
  const ancient = entries.find(({ manager }) => manager === 'ancient-changes');
  assert.equal(ancient?.fieldsV1, { 'f:spec': { 'f:f0': {}, 'f:f1': {}, 'f:f2': {}, 'f:f3': {} } });
});

test("a Secret's values are owned by their names, not by what they are sealed to", () => {
  const document = { spec: { sealed: { password: 'v1:…' } } };
  const owners = currentOwners({ note: null, noted: null, document }, same, TIME);
  assert.equal(paths(owners), { etcdctl: ['/spec/data/password'] });
});
