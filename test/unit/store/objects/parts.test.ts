import * as E from 'fp-ts/lib/Either.js';
import type { RecordDocument } from '../../../../store/objects/documents.js';
import type { Sides } from '../../../../store/objects/join.js';
import { keeping } from '../../../../store/objects/keep.js';
import { partOf } from '../../../../store/objects/parts.js';
import { EPOCH } from '../../../build/objects.js';
import { appRef, recordSide, roleDocument, sides, specSide } from '../../../build/sides.js';
import { assert, suite } from '../../../suite.js';

const test = suite('what writes put into the two keys');

/** The record that a status of `shop/app` leaves. */
const recordAfterStatus = (of: Sides): RecordDocument => {
  const view = { sides: () => of, incarnation: () => 10, now: () => EPOCH };
  const part = partOf([{ write: 'status', ref: appRef, patch: { replicas: 3 } }], view);
  const [operation] = E.isRight(part) ? part.right.operations : [];
  assert.is(operation?.op, 'put');
  return JSON.parse(operation?.op === 'put' ? operation.value : '{}') as RecordDocument;
};

const good = specSide(roleDocument(1));

for (const [name, of] of [
  ['begins', sides(good, null)],
  ['is the first into a record that only notes owners', sides(good, recordSide({ lastValid: undefined }))],
  [
    'follows the first valid edit',
    sides(good, recordSide({ lastValid: undefined, invalid: { revision: 9 } })),
  ],
] as const)
  test(`a status that ${name}: the spec it was made for is noted, so that its deletion is torn down`, () => {
    const record = recordAfterStatus(of);
    assert.is(record.lastValid?.revision, 10);
    assert.equal(record.status['replicas'], 3);
    const written = recordSide(record, { mod: 30 });
    const facts = { now: EPOCH, revision: 30 };
    assert.is(keeping(appRef, { ...of, record: written }, facts), null, 'nothing is left to the keeper');
  });

test('a status of what does not decode leaves it to the keeper to say so', () => {
  const broken = sides(specSide(roleDocument(-1)), null);
  const written = recordSide({ ...recordAfterStatus(broken), lastValid: undefined });
  const kept = keeping(appRef, { ...broken, record: written }, { now: EPOCH, revision: 30 });
  assert.ok(kept?.keep === 'write' && kept.tell !== null);
});

test('a status of a frozen object leaves the last valid spec as it is', () => {
  const frozen = sides(specSide(roleDocument(-1), { mod: 20, version: 2 }), recordSide());
  assert.is(recordAfterStatus(frozen).lastValid?.revision, 10);
});
