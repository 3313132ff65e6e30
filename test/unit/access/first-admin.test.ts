import * as E from 'fp-ts/lib/Either.js';
import { seededChance } from '../../../runtime/chance.js';
import { ensureAdmin } from '../../../server/access/first-admin.js';
import { tokenHash } from '../../../server/access/roster.js';
import { virtualClock } from '../../fake/clock.js';
import { type FakeObjects, fakeObjects, ref } from '../../fake/objects.js';
import { assert, suite } from '../../suite.js';

const test = suite('the first start');

const start = (objects: FakeObjects, seed: number) =>
  ensureAdmin({ objects, clock: virtualClock(), chance: seededChance(seed) })();

const hashes = (objects: FakeObjects): readonly string[] =>
  Object.values(objects.get(ref('User', null, 'admin'))?.status.tokens ?? {}).map(({ hash }) => hash);

test('an empty installation gets an admin and a token, once', async () => {
  const objects = fakeObjects();
  const first = await start(objects, 1);
  assert.ok(E.isRight(first) && first.right !== null);
  assert.is(first.right.user, 'admin');
  assert.equal(hashes(objects), [tokenHash(first.right.token)]);
  assert.is(objects.get(ref('User', null, 'admin'))?.spec.admin, true);
  assert.equal(await start(objects, 2), E.right(null));
});

test('of two control planes that start at once, one has the token and it is good', async () => {
  const objects = fakeObjects();
  const both = await Promise.all([start(objects, 1), start(objects, 2)]);
  const tokens = both.flatMap((one) => (E.isRight(one) && one.right !== null ? [one.right.token] : []));
  assert.is(tokens.length, 1);
  assert.equal(hashes(objects), tokens.map(tokenHash));
});

test('a start that was killed between the User and its token is finished by the next', async () => {
  const objects = fakeObjects();
  objects.has(ref('User', null, 'admin'), { spec: { admin: true } });
  const next = await start(objects, 1);
  assert.ok(E.isRight(next) && next.right !== null);
  assert.equal(hashes(objects), [tokenHash(next.right.token)]);
});

test('where there are Users already, nothing is made', async () => {
  const objects = fakeObjects();
  objects.has(ref('User', null, 'ana'), { spec: {} });
  assert.equal(await start(objects, 1), E.right(null));
  assert.is(objects.get(ref('User', null, 'admin')), null);
});
