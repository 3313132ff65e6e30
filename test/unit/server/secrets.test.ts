import * as E from 'fp-ts/lib/Either.js';
import { LAST_APPLIED, type SecretSpec } from '../../../api-types/kinds/secret.js';
import { openTexts } from '../../../runtime/sealing.js';
import { presented } from '../../../server/present.js';
import { type SealedDocument, revealed, sealedDocument } from '../../../server/secrets/documents.js';
import { HIDDEN } from '../../../server/secrets/mask.js';
import { specKey } from '../../../store/keys.js';
import type { Live, SpecDocument } from '../../../store/objects/objects.js';
import { live } from '../../build/objects.js';
import { TEST_SEALER } from '../../build/server.js';
import { assert, suite } from '../../suite.js';

const test = suite('secrets between the API and the store');

const REF = { kind: 'Secret', cluster: 'shop', name: 'db' } as const;
const KEY = specKey(REF);

const sealed = (document: SpecDocument, kept: Live | null = null): SealedDocument => {
  const got = sealedDocument(REF, document, { live: kept, compared: true }, TEST_SEALER);
  if (E.isLeft(got)) throw new Error(JSON.stringify(got.left));
  return got.right;
};
const sealedOf = ({ document }: SealedDocument): NonNullable<SecretSpec['sealed']> =>
  (document.spec as SecretSpec).sealed ?? {};
const secret = (spec: SecretSpec): Live<'Secret'> => live('Secret', 'db', spec);
const opened = (result: SealedDocument) => openTexts(TEST_SEALER, KEY, sealedOf(result));

const first = sealed({ spec: { data: { user: 'web', password: 'hunter2', constructor: 'x' } } });
const there = secret(first.document.spec as SecretSpec);

test('what is stored opens to what was sent, and holds none of it', () => {
  assert.equal(opened(first), E.right({ user: 'web', password: 'hunter2', constructor: 'x' }));
  assert.not.match(JSON.stringify(first.document), /hunter2|"data"/);
  assert.equal(first.warnings, []);
});

test('the same values give the same document, with masks or without', () => {
  const again = sealed({ spec: { data: { user: 'web', password: 'hunter2', constructor: 'x' } } }, there);
  assert.equal(again.document.spec, first.document.spec);
  const masks = { user: HIDDEN, password: HIDDEN, constructor: HIDDEN };
  assert.equal(sealed({ spec: { data: masks } }, there).document.spec, first.document.spec);
});

test('only what differs is sealed anew; what is left out goes', () => {
  const next = sealed({ spec: { data: { user: HIDDEN, password: 'hunter3' } } }, there);
  assert.equal(opened(next), E.right({ user: 'web', password: 'hunter3' }));
  assert.is(sealedOf(next)['user'], sealedOf(first)['user']);
});

test('a Secret without values is stored as such', () => {
  assert.equal(sealed({ spec: {} }, there).document.spec, { sealed: {} });
});

test('the copy that kubectl keeps is dropped, with a warning', () => {
  const annotations = { [LAST_APPLIED]: '{"spec":{"data":{"password":"hunter2"}}}', note: 'kept' };
  const result = sealed({ annotations, spec: { data: { password: 'hunter2' } } });
  assert.equal(result.document.annotations, { note: 'kept' });
  assert.match(result.warnings.join(), /--server-side/);
  assert.not.match(JSON.stringify(presented(live('Secret', 'db', {}, { annotations }))), /hunter2/);
});

const refused = [
  { name: 'sealed texts', spec: { sealed: { password: 'v1:x' } }, path: 'spec.sealed' },
  { name: 'a mask for nothing', spec: { data: { token: HIDDEN } }, path: 'spec.data.token' },
  {
    name: 'a mask for what all objects inherit',
    spec: { data: { valueOf: HIDDEN } },
    path: 'spec.data.valueOf',
  },
] as const;

for (const { name, spec, path } of refused) {
  test(`${name}: refused`, () => {
    const got = sealedDocument(REF, { spec }, { live: there, compared: true }, TEST_SEALER);
    assert.equal(E.isLeft(got) ? got.left.map((problem) => problem.path) : [], [path]);
  });
}

test('shown with a mask for each value, to everybody', () => {
  const object = presented(there);
  assert.equal(object.spec, { data: { user: HIDDEN, password: HIDDEN, constructor: HIDDEN } });
  const raw = presented(secret({ data: { password: 'hunter2' } }));
  assert.equal(raw.spec, { data: { password: HIDDEN } });
});

test('a mask keeps a value put by hand that is not sealed yet', () => {
  const kept = secret({ data: { password: 'hunter2' }, sealed: { user: sealedOf(first)['user'] ?? '' } });
  const next = sealed({ spec: { data: { user: HIDDEN, password: HIDDEN } } }, kept);
  assert.equal(opened(next), E.right({ user: 'web', password: 'hunter2' }));
});

test('revealed with its values; one that does not open stays masked and says why', () => {
  assert.equal(revealed(there, TEST_SEALER).object.spec, {
    data: { user: 'web', password: 'hunter2', constructor: 'x' },
  });
  const moved = live('Secret', 'copy', there.spec);
  const got = revealed(moved, TEST_SEALER);
  assert.equal(got.object.spec, { data: { user: HIDDEN, password: HIDDEN, constructor: HIDDEN } });
  assert.is(got.warnings.length, 3);
  assert.match(got.warnings.join(), /user of \/scalarium\/specs\/secrets\/shop\/copy does not open/);
});
