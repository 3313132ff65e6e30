/** What keeps a store in order, on a real one: the installation, events, compaction. */
import * as E from 'fp-ts/lib/Either.js';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { minutes, seconds } from '../../api-types/units.js';
import { seededChance } from '../../runtime/chance.js';
import { systemClock } from '../../runtime/clock.js';
import { orThrow } from '../../runtime/failure.js';
import { silentLog } from '../../runtime/log.js';
import { startCompaction } from '../../store/compaction.js';
import { openEmbeddedStore } from '../../store/embedded/embedded.js';
import { ensureInstallation } from '../../store/installation.js';
import { recordEvent } from '../../store/objects/events.js';
import type { Store } from '../../store/store.js';
import {
  eventually,
  globalFence,
  put,
  role,
  roleRef,
  startPlane,
  type Plane,
} from '../conformance/objects-world.js';
import { virtualClock } from '../fake/clock.js';
import { assert, suite } from '../suite.js';

const test = suite<{ store: Store; planes: Plane[] }>('the house of a store', {
  store: null as never,
  planes: [],
});

test.beforeEach(async (world) => {
  world.store = await openEmbeddedStore({
    directory: await mkdtemp(join(tmpdir(), 'scalarium-house-')),
    clock: systemClock,
    chance: seededChance(1),
    log: silentLog,
  });
});
test.afterEach(async ({ store, planes }) => {
  for (const plane of planes.splice(0)) await plane.stop();
  await store.close();
});

test('the installation is made once, and another key is refused', async ({ store }) => {
  const ensure = (fingerprint: string, seed: number) =>
    ensureInstallation(store, fingerprint, seededChance(seed), systemClock);
  const [one, two] = await Promise.all([orThrow(ensure('aa', 1)), orThrow(ensure('aa', 2))]);
  assert.is(one, two);
  assert.match(one, /^[0-9a-f]{8}-[0-9a-f]{4}-4/);
  const other = await ensure('bb', 3)();
  assert.match(
    E.isLeft(other) ? other.left.message : '',
    /fingerprint aa; the key in this data directory has bb/,
  );
});

test('a repeated event is one record with a count, written at most once a minute', async ({
  store,
  planes,
}) => {
  const plane = await startPlane(store);
  planes.push(plane);
  const event = {
    regarding: roleRef('app'),
    type: 'Warning',
    reason: 'Broken',
    message: 'it broke',
    source: 'test',
  } as const;
  const now = systemClock.now();
  const tell = (after: number) => orThrow(recordEvent(plane.objects, event, (now + after) as typeof now));
  assert.is(await tell(0), true);
  await eventually('told', () => plane.objects.list('Event', 'shop').length === 1);
  assert.is(await tell(59_000), false);
  assert.is(await tell(61_000), true);
  const counted = await eventually('counted', () =>
    plane.objects.list('Event', 'shop').find(({ status }) => status.count === 2),
  );
  assert.is(counted.status.regarding.namespace, 'shop');
});

test('history older than five minutes is compacted by the owner alone', async ({ store, planes }) => {
  const plane = await startPlane(store);
  planes.push(plane);
  await globalFence(plane);
  await put(store, roleRef('app'), role(1));
  const clock = virtualClock();
  const standby = { ...plane.ownership, of: () => null, changes$: plane.ownership.changes$ };
  const idle = startCompaction({ store, ownership: standby, clock, log: silentLog });
  await clock.advance(minutes(10));
  await idle.close();
  assert.is((await orThrow(store.status())).compactedRevision, 0);
  await put(store, roleRef('app'), role(2));
  const owner = startCompaction({ store, ownership: plane.ownership, clock, log: silentLog });
  let compacted = 0;
  for (let minute = 0; minute < 20 && compacted === 0; minute += 1) {
    await clock.advance(minutes(1));
    // the store's own work takes real time
    await systemClock.sleep(seconds(0.02));
    compacted = (await orThrow(store.status())).compactedRevision;
  }
  await owner.close();
  assert.ok(compacted > 0);
});
