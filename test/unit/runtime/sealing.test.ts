import * as E from 'fp-ts/lib/Either.js';
import { seededChance, systemChance } from '../../../runtime/chance.js';
import { openSealer, openTexts, sealTexts } from '../../../runtime/sealing.js';
import { assert, suite } from '../../suite.js';

const test = suite('sealed texts');

const KEY = Buffer.alloc(32, 1);
const PLACE = { key: '/scalarium/specs/secrets/shop/db', field: 'password' };
const sealer = openSealer(KEY, systemChance);
const sealed = sealer.seal('hunter2 ☃', PLACE);

test('open in their place, with their key', () => {
  assert.equal(sealer.open(sealed, PLACE), E.right('hunter2 ☃'));
  assert.equal(openSealer(KEY, seededChance(1)).open(sealed, PLACE), E.right('hunter2 ☃'));
  assert.equal(sealer.open(sealer.seal('', PLACE), PLACE), E.right(''));
});

test('are another text each time, which holds nothing of the plain one', () => {
  assert.is.not(sealer.seal('hunter2', PLACE), sealer.seal('hunter2', PLACE));
  assert.match(sealed, /^v1:[A-Za-z0-9_-]+$/);
  assert.not.match(Buffer.from(sealed.slice(3), 'base64url').toString('latin1'), /hunter2/);
});

const bytes = Buffer.from(sealed.slice(3), 'base64url');
const changedAt = (index: number): string => {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(index) ^ 1, index);
  return `v1:${copy.toString('base64url')}`;
};
const other = openSealer(Buffer.alloc(32, 2), systemChance);

const refused = [
  { name: 'another key', open: () => other.open(sealed, PLACE) },
  { name: 'another field', open: () => sealer.open(sealed, { ...PLACE, field: 'token' }) },
  { name: 'another object', open: () => sealer.open(sealed, { ...PLACE, key: `${PLACE.key}2` }) },
  {
    name: 'key and field cut elsewhere',
    open: () => sealer.open(sealed, { key: PLACE.key.slice(0, -1), field: 'bpassword' }),
  },
  { name: 'a changed IV', open: () => sealer.open(changedAt(0), PLACE) },
  { name: 'a changed tag', open: () => sealer.open(changedAt(12), PLACE) },
  { name: 'a changed text', open: () => sealer.open(changedAt(28), PLACE) },
  { name: 'a shortened text', open: () => sealer.open(sealed.slice(0, -2), PLACE) },
  { name: 'no text', open: () => sealer.open('v1:', PLACE) },
  { name: 'another version', open: () => sealer.open(sealed.replace('v1:', 'v2:'), PLACE) },
  { name: 'a plain text', open: () => sealer.open('hunter2', PLACE) },
] as const;

for (const { name, open } of refused) {
  test(`do not open with ${name}, and say where`, () => {
    const got = open();
    assert.ok(E.isLeft(got));
    if (!E.isLeft(got)) return;
    assert.match(got.left, /\/scalarium\/specs\/secrets\/shop\//);
    assert.not.match(got.left, /hunter2/);
  });
}

test('one that is unchanged keeps its sealed text, the others get new ones', () => {
  const first = sealTexts(sealer, PLACE.key, { password: 'a', token: 'b', gone: 'c' }, {});
  const next = sealTexts(sealer, PLACE.key, { password: 'a', token: 'B', constructor: 'd' }, first);
  assert.is(next['password'], first['password']);
  assert.is.not(next['token'], first['token']);
  assert.equal(openTexts(sealer, PLACE.key, next), E.right({ password: 'a', token: 'B', constructor: 'd' }));
  assert.equal(Object.keys(next), ['password', 'token', 'constructor']);
});

test('one that does not open is sealed anew when it is given, and told when it is asked for', () => {
  const broken = { password: changedAt(28) };
  assert.ok(E.isLeft(openTexts(sealer, PLACE.key, broken)));
  const next = sealTexts(sealer, PLACE.key, { password: 'hunter2 ☃' }, broken);
  assert.equal(openTexts(sealer, PLACE.key, next), E.right({ password: 'hunter2 ☃' }));
});
