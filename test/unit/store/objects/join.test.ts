import type { Live } from '../../../../store/objects/objects.js';
import { join, type Sides } from '../../../../store/objects/join.js';
import { EPOCH } from '../../../build/objects.js';
import { appRef, recordSide, roleDocument, sides, specSide } from '../../../build/sides.js';
import { assert, suite } from '../../../suite.js';

const test = suite('spec and record joined to one object');

const ORIGIN = { installation: '3f0a3c5e-6f0b-4a53-9d2c-0a4f3c1d2b1e', before: null };

interface Seen {
  readonly incarnation: number;
  readonly generation: readonly [number, number];
  readonly replicas: unknown;
  readonly frozen: string | null;
  readonly deleted: number | null;
  readonly succeeded: boolean;
  readonly revisions: readonly [number, number, number];
}

const seen = (live: Live<'Role'> | null): Seen | null =>
  live && {
    incarnation: live.incarnation,
    generation: [live.generation, live.specGeneration],
    replicas: (live.spec as Partial<Live<'Role'>['spec']>).replicas,
    frozen: live.frozen && (live.frozen.problems[0]?.path ?? ''),
    deleted: live.deletion && live.deletion.revision,
    succeeded: live.succeeded,
    revisions: [live.specRevision, live.recordRevision, live.resourceVersion],
  };

const plain: Seen = {
  incarnation: 10,
  generation: [1, 1],
  replicas: 1,
  frozen: null,
  deleted: null,
  succeeded: false,
  revisions: [10, 11, 11],
};

const good = specSide(roleDocument(1));
const edited = specSide(roleDocument(5), { mod: 20, version: 2 });
const broken = specSide(roleDocument(-1), { mod: 20, version: 2 });
const record = recordSide();
const stamp = { deletedAt: EPOCH, deletionRevision: 30 };
const stampedRecord = recordSide(stamp, { mod: 31 });
const neverValid = recordSide({ lastValid: undefined, invalid: { revision: 10 } });
const next = specSide(roleDocument(7), { create: 35 });

const table: readonly { readonly name: string; readonly of: Sides; readonly is: Seen | null }[] = [
  { name: 'nothing at all: no object', of: sides(null, null), is: null },
  {
    name: 'a spec before its record: an object already',
    of: sides(good, null),
    is: { ...plain, revisions: [10, 0, 10] },
  },
  { name: 'a spec and its record', of: sides(good, record), is: plain },
  {
    name: 'an edit is in force at once, before the record notes it',
    of: sides(edited, record),
    is: { ...plain, generation: [2, 2], replicas: 5, revisions: [20, 11, 20] },
  },
  {
    name: 'an edit that does not decode: frozen, the last valid spec in force',
    of: sides(broken, record),
    is: { ...plain, generation: [2, 1], frozen: 'spec.replicas', revisions: [20, 11, 20] },
  },
  {
    name: 'never valid, no record: frozen with nothing in force',
    of: sides(specSide(roleDocument(-1)), null),
    is: {
      ...plain,
      generation: [1, 0],
      replicas: undefined,
      frozen: 'spec.replicas',
      revisions: [10, 0, 10],
    },
  },
  {
    name: 'the spec is gone, not stamped yet: as it was',
    of: sides(null, record, 30),
    is: { ...plain, revisions: [0, 11, 30] },
  },
  {
    name: 'the spec is gone and stamped: deleting',
    of: sides(null, stampedRecord),
    is: { ...plain, deleted: 30, revisions: [0, 31, 31] },
  },
  {
    name: 'deleted while frozen: no longer frozen, since a deletion is a valid edit',
    of: sides(null, recordSide({ ...stamp, invalid: { revision: 20 } })),
    is: { ...plain, deleted: 30, revisions: [0, 11, 30] },
  },
  {
    name: 'deleted and never valid: nothing was done for it, nothing to show',
    of: sides(null, neverValid),
    is: null,
  },
  {
    name: 'put again before the stamp: the old one still, and the next waits',
    of: sides(next, record),
    is: { ...plain, succeeded: true, revisions: [35, 11, 35] },
  },
  {
    name: 'put again after the stamp: the old one deleting, and the next waits',
    of: sides(next, stampedRecord),
    is: { ...plain, deleted: 30, succeeded: true, revisions: [35, 31, 35] },
  },
  {
    name: 'put again with nonsense: the old one is torn down all the same',
    of: sides(specSide('{', { create: 35 }), stampedRecord),
    is: { ...plain, deleted: 30, succeeded: true, revisions: [35, 31, 35] },
  },
  {
    name: 'put again after one that never was valid: the new one at once',
    of: sides(next, neverValid),
    is: { ...plain, incarnation: 35, replicas: 7, revisions: [35, 11, 35] },
  },
  {
    name: 'a record that is none of ours: frozen',
    of: sides(good, recordSide({ status: 'fine' })),
    is: { ...plain, frozen: 'record.status' },
  },
  {
    name: 'a status that does not decode: frozen, and not shown',
    of: sides(good, recordSide({ status: { replicas: 'two' } })),
    is: { ...plain, frozen: 'status.replicas' },
  },
];

for (const row of table) {
  test(row.name, () => {
    assert.equal(seen(join(appRef, ORIGIN, row.of) as Live<'Role'> | null), row.is);
  });
}

test('defaults are applied to what is in force, raw or from the record', () => {
  for (const of of [sides(good, record), sides(broken, record), sides(null, stampedRecord)]) {
    const live = join(appRef, ORIGIN, of) as Live<'Role'>;
    assert.is(live.spec.shutdownTimeoutSeconds, 120);
  }
});

test('the uid changes with the incarnation and with nothing else', () => {
  const uid = (of: Sides): string | undefined => join(appRef, ORIGIN, of)?.uid;
  assert.is(uid(sides(good, null)), uid(sides(broken, stampedRecord)));
  assert.is.not(uid(sides(good, null)), uid(sides(next, null)));
});

const texts: readonly { readonly name: string; readonly text: string; readonly problem: string | null }[] = [
  { name: 'JSON', text: '{"spec": {"type": "custom", "replicas": 1}}', problem: null },
  { name: 'YAML', text: 'spec: {type: custom, replicas: 1}', problem: null },
  { name: 'an empty value', text: '', problem: '' },
  { name: 'a list', text: '[]', problem: '' },
  { name: 'YAML with a key twice', text: 'spec: {type: custom, replicas: 1, replicas: 2}', problem: '' },
  { name: 'no spec', text: '{"labels": {}}', problem: 'spec' },
  {
    name: 'an unknown field beside the spec',
    text: '{"kind": "Role", "spec": {"type": "custom", "replicas": 1}}',
    problem: 'kind',
  },
  {
    name: 'an unknown field in the spec',
    text: '{"spec": {"type": "custom", "replicas": 1, "size": 2}}',
    problem: 'spec.size',
  },
  {
    name: 'a label that is no text',
    text: '{"labels": {"a": 1}, "spec": {"type": "custom", "replicas": 1}}',
    problem: 'labels.a',
  },
];

for (const { name, text, problem } of texts) {
  test(`a raw value: ${name}`, () => {
    const { edit } = specSide(text);
    assert.is(edit.valid ? null : (edit.problems[0]?.path ?? null), problem);
  });
}

test('a name that is no DNS label freezes', () => {
  const ref = { ...appRef, name: 'App_1' };
  const { edit } = specSide(roleDocument(1), {}, ref);
  assert.is(edit.valid ? null : edit.problems[0]?.path, 'metadata.name');
});
