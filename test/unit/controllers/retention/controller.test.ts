import * as E from 'fp-ts/lib/Either.js';
import { Subject } from 'rxjs';
import { retentionController } from '../../../../controllers/retention/controller.js';
import { timestamp } from '../../../../runtime/clock.js';
import { silentLog } from '../../../../runtime/log.js';
import { snapshotKey } from '../../../../store/keys.js';
import type { Write } from '../../../../store/objects/objects.js';
import { GLOBAL } from '../../../../store/ownership.js';
import { virtualClock } from '../../../fake/clock.js';
import { fakeObjects, ref } from '../../../fake/objects.js';
import { assert, suite } from '../../../suite.js';

const test = suite('retention prunes what is old and writes nothing else');

const HOUR = 3_600_000;
const WEEK = 7 * 24 * HOUR;

const world = () => {
  const clock = virtualClock();
  const objects = fakeObjects(() => clock.now());
  const fence = { compare: { key: 'owner', target: 'create' as const, equals: 1 }, left: () => 10_000 };
  const ownership = { of: () => fence, changes$: new Subject<string>() };
  const controller = retentionController({ objects, ownership, clock, log: silentLog });
  const event = async (cluster: string, name: string, digest: string): Promise<void> => {
    const snapshot = { version: 1, digest };
    const patch = { event: 'setup', cause: 'x', createdAt: timestamp(clock.now()), snapshot, targets: [] };
    const operation = { op: 'put' as const, key: snapshotKey(cluster, digest), value: '{}' };
    const writes: readonly Write[] = [
      { write: 'raw', compare: [], operation },
      { write: 'status', ref: ref('LifecycleEvent', cluster, name), patch },
    ];
    await objects.write(null, writes)();
  };
  const told = async (cluster: string, name: string): Promise<void> => {
    const at = timestamp(clock.now());
    const regarding = { kind: 'Cloud', name: 'local' };
    const said = { type: 'Warning', reason: 'NotReady', message: 'no answer', source: 'clouds', regarding };
    const patch = { ...said, firstSeen: at, lastSeen: at, count: 1 };
    await objects.write(null, [{ write: 'status', ref: ref('Event', cluster, name), patch }])();
  };
  const run = async (key: string): Promise<void> => {
    assert.ok(E.isRight(await controller.reconcile(key)()));
  };
  return { clock, objects, event, told, run };
};

test('an old event goes with its snapshot; then nothing more is written', async () => {
  const { clock, objects, event, run } = world();
  objects.has(ref('Cluster', null, 'shop'), { spec: { cloud: 'local' } });
  await event('shop', 'setup-1', 'old');
  clock.jump(WEEK + 1);
  await event('shop', 'setup-2', 'new');
  await run('shop');
  assert.equal(
    objects.list('LifecycleEvent').map(({ ref: { name } }) => name),
    ['setup-2'],
  );
  assert.is(objects.raw(snapshotKey('shop', 'old')), null);
  assert.is(objects.raw(snapshotKey('shop', 'new')), '{}');
  const { length } = objects.written;
  await run('shop');
  await run(GLOBAL);
  assert.is(objects.written.length, length);
});

test('what a cluster that is gone left behind goes', async () => {
  const { objects, event, run } = world();
  await event('gone', 'setup-1', 'x');
  await run(GLOBAL);
  assert.equal(objects.list('LifecycleEvent'), []);
  assert.is(objects.raw(snapshotKey('gone', 'x')), null);
});

test('events of no cluster go an hour after they were last told', async () => {
  const { clock, objects, told, run } = world();
  await told('scalarium-system', 'old');
  clock.jump(HOUR / 2);
  await told('scalarium-system', 'new');
  await run(GLOBAL);
  assert.is(objects.list('Event').length, 2);
  clock.jump(HOUR / 2 + 1);
  await run(GLOBAL);
  assert.equal(
    objects.list('Event').map(({ ref: { name } }) => name),
    ['new'],
  );
});

test('Runs go a week after their end, and those of a cluster that is gone', async () => {
  const { clock, objects, run } = world();
  objects.has(ref('Cluster', null, 'shop'), { spec: { cloud: 'local' } });
  for (const [cluster, name] of [
    ['shop', 'old'],
    ['gone', 'any'],
  ] as const)
    objects.has(
      ref('Run', cluster, name),
      { spec: { event: 'setup' } },
      { finishedAt: timestamp(clock.now()) },
    );
  clock.jump(WEEK + 1);
  objects.has(ref('Run', 'shop', 'open'), { spec: { event: 'setup' } });
  await run('shop');
  await run(GLOBAL);
  const left = objects.list('Run').filter(({ deletion }) => deletion === null);
  assert.equal(
    left.map(({ ref: { name } }) => name),
    ['open'],
  );
});
