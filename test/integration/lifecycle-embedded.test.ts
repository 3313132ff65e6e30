/** The lifecycle controller on a real store: events out, result chunks in, hosts Ready; across a restart. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EMPTY } from 'rxjs';
import type { Target } from '../../api-types/kinds/lifecycle-event.js';
import type { Snapshot } from '../../api-types/snapshot.js';
import { snapshotDigest } from '../../api-types/snapshot-digest.js';
import { mergePatch } from '../../api-types/merge-patch.js';
import { lifecycleController } from '../../controllers/lifecycle/controller.js';
import { seededChance } from '../../runtime/chance.js';
import { systemClock } from '../../runtime/clock.js';
import { orThrow } from '../../runtime/failure.js';
import type { Hosts } from '../../runtime/hosts.js';
import { silentLog } from '../../runtime/log.js';
import { startLoop, type Loop } from '../../runtime/loop.js';
import { openEmbeddedStore } from '../../store/embedded/embedded.js';
import { resultsKey, snapshotKey } from '../../store/keys.js';
import type { Live, Ref } from '../../store/objects/objects.js';
import type { Store } from '../../store/store.js';
import { EPOCH, machine } from '../build/objects.js';
import { eventually, put, startPlane, type Plane } from '../conformance/objects-world.js';
import { assert, suite } from '../suite.js';

interface World {
  directory: string;
  store: Store;
  plane: Plane;
  loop: Loop;
}

const test = suite<World>('lifecycle on a real store', {} as World);

const deaf: Hosts = { get: () => null, changes$: EMPTY, listeningFor: () => 0 as never };

const start = ({ plane, store }: Pick<World, 'plane' | 'store'>): Loop => {
  const { objects, ownership } = plane;
  const clock = systemClock;
  const controller = lifecycleController({ objects, store, ownership, hosts: deaf, clock, log: silentLog });
  return startLoop({ controller, clock, chance: seededChance(1), log: silentLog });
};

test.before(async (world) => {
  world.directory = await mkdtemp(join(tmpdir(), 'scalarium-lifecycle-'));
  world.store = await openEmbeddedStore({
    directory: world.directory,
    clock: systemClock,
    chance: seededChance(1),
    log: silentLog,
  });
  world.plane = await startPlane(world.store);
  world.loop = start(world);
});

test.after(async ({ loop, plane, store, directory }) => {
  await loop.drain();
  await plane.stop();
  await store.close();
  await rm(directory, { recursive: true });
});

const instance = (name: string): Ref<'Instance'> => ({ kind: 'Instance', cluster: 'shop', name });

const boots = async ({ plane, store }: World, name: string): Promise<void> => {
  const ref = instance(name);
  await put(store, ref, { spec: { role: name.replace(/-\d+$/, '') } });
  await eventually(`${name} is kept`, () => (plane.objects.get(ref)?.recordRevision ?? 0) > 0);
  const fence = await eventually('owns shop', () => plane.ownership.of('shop'));
  const id = `i-${name}`;
  const agent = { machine: id, connectedAt: EPOCH, address: `10.0.0.${name}`, version: '1' };
  const patch = { machine: machine(id), agent };
  await orThrow(plane.objects.write(fence, [{ write: 'status', ref, patch }]));
};

const events = ({ plane }: World): readonly Live<'LifecycleEvent'>[] =>
  [...plane.objects.list('LifecycleEvent', 'shop')].sort((a, b) => a.incarnation - b.incarnation);

const told = (world: World): readonly string[] =>
  events(world).map(({ status }) =>
    [status.event, ...status.targets.map(({ instance: name }) => name).sort()].join(' '),
  );

let chunks = 0;

const answer = async ({ store }: World, event: Live<'LifecycleEvent'>): Promise<void> => {
  const results = event.status.targets.map((target: Target) => ({
    ...target,
    event: event.ref.name,
    state: 'succeeded',
    attempt: 1,
    startedAt: EPOCH,
    finishedAt: EPOCH,
  }));
  chunks += 1;
  const key = resultsKey('shop', event.ref.name, String(chunks));
  const value = JSON.stringify({ event: event.ref.name, results });
  await orThrow(store.txn({ compare: [], then: [{ op: 'put', key, value }] }));
};

const isReady = ({ plane }: World, name: string): boolean =>
  plane.objects.get(instance(name))?.status.conditions?.['Ready']?.status === 'True';

test('hosts are set up, configured and Ready; the load balancer is told of the app server', async (world) => {
  const { store } = world;
  await put(store, { kind: 'Cluster', cluster: null, name: 'shop' }, { spec: { cloud: 'local' } });
  const role = (name: string): Ref => ({ kind: 'Role', cluster: 'shop', name });
  await put(store, role('lb'), { spec: { type: 'load-balancer', replicas: 1 } });
  await put(store, role('app'), { spec: { type: 'nodejs-app', replicas: 1 } });
  await boots(world, 'lb-1');
  await boots(world, 'app-1');
  const answered = new Set<string>();
  await eventually('both are Ready and the load balancer knows', () => {
    for (const event of events(world).filter(({ ref }) => !answered.has(ref.name))) {
      answered.add(event.ref.name);
      void answer(world, event);
    }
    return isReady(world, 'lb-1') && isReady(world, 'app-1') && told(world).at(-1) === 'configure lb-1';
  });
});

test('each event leads from the snapshot before to its own', async (world) => {
  for (const { status } of events(world)) {
    const stored = await orThrow(world.store.get(snapshotKey('shop', status.snapshot.digest)));
    const snapshot = JSON.parse(stored?.value ?? 'null') as Snapshot;
    assert.is(snapshotDigest(snapshot), status.snapshot.digest);
    if (status.diff === undefined) continue;
    const base = await orThrow(world.store.get(snapshotKey('shop', status.diff.base)));
    const patched = mergePatch(JSON.parse(base?.value ?? 'null'), status.diff.patch);
    assert.is(snapshotDigest(patched), status.snapshot.digest);
  }
});

test('a result that came while no controller ran is counted, and nothing is sent again', async (world) => {
  const last = events(world).at(-1)!;
  await world.loop.drain();
  const before = told(world);
  await answer(world, last);
  world.loop = start(world);
  await eventually('the last configure run is counted', () => {
    const { configure } = world.plane.objects.get(instance('lb-1'))!.status;
    return configure?.event === last.ref.name && configure.state === 'succeeded';
  });
  await eventually('the cluster is configured', () => {
    const cluster = world.plane.objects.get({ kind: 'Cluster', cluster: null, name: 'shop' });
    return cluster?.status.conditions?.['Configured']?.status === 'True';
  });
  assert.equal(told(world), before);
});
