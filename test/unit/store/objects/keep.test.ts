import { keeping, type Keeping } from '../../../../store/objects/keep.js';
import type { Sides } from '../../../../store/objects/join.js';
import { EPOCH } from '../../../build/objects.js';
import { appRef, recordSide, roleDocument, sides, specSide } from '../../../build/sides.js';
import { assert, suite } from '../../../suite.js';

const test = suite('what the keeper does');

const NOW = '2026-02-02T00:00:00.000Z';
const keep = (of: Sides): Keeping | null => keeping(appRef, of, { now: NOW, revision: 99 });

interface Summary {
  readonly incarnation: number | undefined;
  readonly lastValid: number | undefined;
  readonly invalid: number | undefined;
  readonly valid: string | undefined;
  readonly deleted: number | undefined;
  readonly tells: boolean;
}

const conditionOf = (status: unknown): string | undefined =>
  (status as { conditions?: { Valid?: { status: string } } }).conditions?.Valid?.status;

const summary = (kept: Keeping | null): Summary | 'forget' | 'seal' | null => {
  if (kept === null) return null;
  if (kept.keep !== 'write') return kept.keep;
  const { document, tell } = kept;
  return {
    incarnation: document.incarnation,
    lastValid: document.lastValid?.revision,
    invalid: document.invalid?.revision,
    valid: conditionOf(document.status),
    deleted: document.deletionRevision,
    tells: tell !== null,
  };
};

const good = specSide(roleDocument(1));
const edited = specSide(roleDocument(5), { mod: 20, version: 2 });
const broken = specSide(roleDocument(-1), { mod: 20, version: 2 });
const next = specSide(roleDocument(7), { create: 35 });
const neverValid = recordSide({ lastValid: undefined, invalid: { revision: 10 } });
const stamped = recordSide({ deletedAt: EPOCH, deletionRevision: 30 });
const judged = {
  conditions: {
    Valid: { type: 'Valid', status: 'True', reason: 'Decoded', message: '', lastTransitionTime: EPOCH },
  },
};
const fresh: Summary = {
  incarnation: 10,
  lastValid: 10,
  invalid: undefined,
  valid: 'True',
  deleted: undefined,
  tells: false,
};

const table: readonly {
  readonly name: string;
  readonly of: Sides;
  readonly is: Summary | 'forget' | null;
}[] = [
  { name: 'a new spec: a record', of: sides(good, null), is: fresh },
  {
    name: 'a new spec that does not decode: a record that says so',
    of: sides(specSide(roleDocument(-1)), null),
    is: { ...fresh, lastValid: undefined, invalid: 10, valid: 'False', tells: true },
  },
  { name: 'noted already: nothing', of: sides(good, recordSide({ status: judged })), is: null },
  {
    name: 'begun by a status, which notes the spec and not that it is valid: judged',
    of: sides(good, recordSide()),
    is: fresh,
  },
  { name: 'a newer edit: noted', of: sides(edited, recordSide()), is: { ...fresh, lastValid: 20 } },
  {
    name: 'a newer edit that does not decode: told, the last valid spec kept',
    of: sides(broken, recordSide()),
    is: { ...fresh, invalid: 20, valid: 'False', tells: true },
  },
  {
    name: 'told already: nothing',
    of: sides(broken, recordSide({ invalid: { revision: 20 }, status: judged })),
    is: null,
  },
  {
    name: 'valid again: noted, no longer invalid',
    of: sides(specSide(roleDocument(1), { mod: 21, version: 3 }), recordSide({ invalid: { revision: 20 } })),
    is: { ...fresh, lastValid: 21 },
  },
  {
    name: 'the spec key went, and that was seen: stamped with its revision',
    of: sides(null, recordSide(), 30),
    is: { ...fresh, valid: undefined, deleted: 30 },
  },
  {
    name: 'the spec key went while nobody watched: stamped with the present revision',
    of: sides(null, recordSide()),
    is: { ...fresh, valid: undefined, deleted: 99 },
  },
  { name: 'stamped already: nothing', of: sides(null, stamped), is: null },
  {
    name: 'put again: the old one is stamped',
    of: sides(next, recordSide(), 30),
    is: { ...fresh, valid: undefined, deleted: 30 },
  },
  { name: 'put again and stamped: nothing until it is forgotten', of: sides(next, stamped), is: null },
  { name: 'gone and never valid: forgotten', of: sides(null, neverValid), is: 'forget' },
  {
    name: 'put again and never valid: the record is made anew',
    of: sides(next, neverValid),
    is: { ...fresh, incarnation: 35, lastValid: 35 },
  },
  {
    name: 'a record that is none of ours: left for a person',
    of: sides(good, recordSide({ status: 1 })),
    is: null,
  },
];

for (const row of table) {
  test(row.name, () => {
    assert.equal(summary(keep(row.of)), row.is);
  });
}

test('what a record holds beyond what we know is kept', () => {
  const kept = keep(sides(edited, recordSide({ managedFields: ['x'], status: { replicas: 3 } })));
  const document = kept?.keep === 'write' ? (kept.document as unknown as Record<string, unknown>) : {};
  assert.equal(document['managedFields'], ['x']);
  assert.is((document['status'] as { replicas: number }).replicas, 3);
});

test('a Secret in plain is sealed before anything is noted of it', () => {
  const ref = { kind: 'Secret', cluster: 'shop', name: 'db' } as const;
  const facts = { now: NOW, revision: 99 };
  const plain = specSide({ spec: { data: { password: 'hunter2' } } }, {}, ref);
  assert.is(summary(keeping(ref, sides(plain, null), facts)), 'seal');
  const gone = recordSide({ incarnation: 5 });
  assert.is(summary(keeping(ref, sides(plain, gone), facts)), 'seal', 'one that is put again, too');
  const sealed = specSide({ spec: { sealed: { password: 'v1:x' } } }, {}, ref);
  assert.equal(summary(keeping(ref, sides(sealed, null), facts)), fresh);
});
