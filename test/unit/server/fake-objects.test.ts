import * as E from 'fp-ts/lib/Either.js';
import { fakeObjects, ref } from '../../fake/objects.js';
import { orThrow, stalled } from '../../../runtime/failure.js';
import { assert, suite } from '../../suite.js';

const test = suite('fake Objects');
const app = ref('Role', 'shop', 'app');
const spec = { type: 'nodejs-app', replicas: 2 };

test('creates once, conflicts then', async () => {
  const objects = fakeObjects();
  const revision = await orThrow(objects.write(null, [{ write: 'create', ref: app, document: { spec } }]));
  assert.is(objects.get(app)?.spec.replicas, 2);
  assert.is(objects.get(app)?.spec.healing?.silentSeconds, 25);
  assert.is(objects.get(app)?.resourceVersion, revision);
  const again = await objects.write(null, [{ write: 'create', ref: app, document: { spec } }])();
  assert.ok(E.isLeft(again));
});

test('a deleted spec leaves a deletion until it is forgotten; a new spec waits', async () => {
  const objects = fakeObjects();
  const { uid } = objects.has(app, { spec });
  objects.deleteRaw(app);
  assert.ok(objects.get(app)?.deletion);
  objects.putRaw(app, { spec: { ...spec, replicas: 5 } });
  assert.is(objects.get(app)?.succeeded, true);
  assert.is(objects.get(app)?.spec.replicas, 2);
  const unchangedSince = objects.get(app)?.recordRevision ?? 0;
  await orThrow(objects.write(null, [{ write: 'forget', ref: app, unchangedSince }]));
  assert.is(objects.get(app)?.spec.replicas, 5);
  assert.is.not(objects.get(app)?.uid, uid);
  assert.is(objects.get(app)?.deletion, null);
});

test('a spec that does not decode freezes and keeps the last valid one', () => {
  const objects = fakeObjects();
  objects.has(app, { spec });
  objects.putRaw(app, { spec: { ...spec, replicas: -1 } });
  assert.ok(objects.get(app)?.frozen);
  assert.is(objects.get(app)?.spec.replicas, 2);
  assert.is(objects.get(app)?.specGeneration, 1);
  assert.is(objects.get(app)?.generation, 2);
});

test('status patches merge; one that changes nothing is not written; all or none of a transaction', async () => {
  const objects = fakeObjects();
  objects.has(app, { spec });
  const seen: number[] = [];
  objects.changes$.subscribe((changes) => seen.push(changes.length));
  const patch = { replicas: 1 };
  await orThrow(objects.write(null, [{ write: 'status', ref: app, patch }]));
  await orThrow(objects.write(null, [{ write: 'status', ref: app, patch }]));
  const both = await objects.write(null, [
    { write: 'status', ref: app, patch: { replicas: 9 } },
    { write: 'status', ref: app, patch, unchangedSince: 1 },
  ])();
  assert.ok(E.isLeft(both));
  assert.is(objects.get(app)?.status.replicas, 1);
  assert.equal(seen, [1]);
});

test('fails when told to', async () => {
  const objects = fakeObjects();
  objects.failNext(stalled('StoreFull', 'the store is full'));
  const result = await objects.write(null, [{ write: 'create', ref: app, document: { spec } }])();
  assert.equal(result, E.left(stalled('StoreFull', 'the store is full')));
  assert.is(objects.get(app), null);
});
