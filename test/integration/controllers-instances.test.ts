/** The instances controller in the real loop over the real Objects and the embedded store; the cloud is a double. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { NEVER, type Subscription } from 'rxjs';
import type { InstanceStatus } from '../../api-types/kinds/instance.js';
import { millis, seconds } from '../../api-types/units.js';
import { instancesController } from '../../controllers/instances/controller.js';
import { sweeperController } from '../../controllers/sweeper/controller.js';
import { seededChance } from '../../runtime/chance.js';
import { systemClock, timestamp } from '../../runtime/clock.js';
import type { Hosts } from '../../runtime/hosts.js';
import { silentLog } from '../../runtime/log.js';
import { startManager, type Manager } from '../../runtime/manager.js';
import { openEmbeddedStore } from '../../store/embedded/embedded.js';
import type { Live, Ref } from '../../store/objects/objects.js';
import type { Store } from '../../store/store.js';
import { PATIENCE_MS } from '../build/patience.js';
import { del, put, startPlane, type Plane } from '../conformance/objects-world.js';
import { oneMachineASlot } from '../expect/fleet.js';
import { fakeCloud, type FakeCloud } from '../fake/cloud.js';
import { fakeClouds } from '../fake/clouds.js';
import { ref } from '../fake/objects.js';
import { assert, suite } from '../suite.js';

const SHOP = 'shop';
const APP = ref('Role', SHOP, 'app');
const clock = systemClock;

const hosts: Hosts = { get: () => null, changes$: NEVER, listeningFor: () => millis(1e9) };

const controllersOn = (plane: Plane, cloud: FakeCloud): Manager => {
  const { objects, ownership } = plane;
  const clouds = fakeClouds({ local: cloud.open });
  const common = { objects, clouds, ownership, clock, log: silentLog };
  const settings = { callTimeout: millis(500), pollEvery: millis(200) };
  const instances = instancesController({
    ...common,
    hosts,
    chance: seededChance(3),
    installationKey: Buffer.alloc(32, 1),
    gateways: () => ['http://127.0.0.1:7420'],
    settings,
  });
  const sweeper = sweeperController({ ...common, hold: () => false, settings: { callTimeout: millis(500) } });
  return startManager({ controllers: [instances, sweeper], clock, chance: seededChance(4), log: silentLog });
};

const served = (status: InstanceStatus): object | null => {
  const { machine } = status;
  if (machine?.state !== 'running' || status.setup?.machine === machine.id) return null;
  const at = timestamp(clock.now());
  return {
    agent: { machine: machine.id, connectedAt: at, address: '127.0.0.9', version: '1' },
    setup: { machine: machine.id, event: 'setup-1', state: 'succeeded', at },
    conditions: {
      Ready: { type: 'Ready', status: 'True', reason: 'Ready', message: '', lastTransitionTime: at },
    },
  };
};

/** Agents, gateway and lifecycle in one: a running machine serves at once. */
const serveAll = ({ objects }: Plane): Subscription =>
  objects.changes$.subscribe((changes) => {
    const writes = changes.flatMap(({ ref: of, after }) => {
      if (of.kind !== 'Instance' || after === null) return [];
      const patch = served((after as Live<'Instance'>).status);
      return patch === null
        ? []
        : [{ write: 'status' as const, ref: of as Ref<'Instance'>, patch: { ...patch } }];
    });
    if (writes.length > 0) void objects.write(null, writes)();
  });

const until = async (what: string, holds: () => boolean): Promise<void> => {
  const end = clock.monotonic() + PATIENCE_MS;
  while (!holds()) {
    if (clock.monotonic() > end) throw new Error(`never happened: ${what}`);
    await clock.sleep(millis(20));
  }
};

const test = suite<{ directory: string; store: Store; plane: Plane; agents: Subscription }>(
  'instances over the embedded store',
);

test.before(async (context) => {
  context.directory = await mkdtemp(join(tmpdir(), 'instances-'));
  context.store = await openEmbeddedStore({
    directory: context.directory,
    clock,
    chance: seededChance(1),
    log: silentLog,
  });
  context.plane = await startPlane(context.store, { ttl: seconds(5) });
  context.agents = serveAll(context.plane);
});

test.after(async (context) => {
  context.agents.unsubscribe();
  await context.plane.stop();
  await context.store.close();
  await rm(context.directory, { recursive: true, force: true });
});

const ready = (plane: Plane): number => plane.objects.get(APP)?.status.readyReplicas ?? 0;

test('a role comes up, survives a restart of its controllers, shrinks and goes', async ({ store, plane }) => {
  const cloud = fakeCloud({ clock, pendingFor: 300, shuttingDownFor: 100 });
  const sweeping = setInterval(() => {
    cloud.machines.sweep();
  }, 1000);
  await put(store, ref('Cloud', null, 'local'), { spec: { provider: 'local' } });
  await put(store, ref('Cluster', null, SHOP), { spec: { cloud: 'local' } });
  await put(store, APP, { spec: { type: 'nodejs-app', replicas: 250 } });
  const first = controllersOn(plane, cloud);
  await until('250 are Ready', () => ready(plane) === 250);
  oneMachineASlot(plane.objects, cloud, SHOP, 250);
  assert.is(cloud.history().filter(({ action }) => action === 'RunInstances').length, 4);
  await first.stop();
  cloud.kill(cloud.alive()[0]?.id ?? '');
  const second = controllersOn(plane, cloud);
  await until('the dead one is replaced', () => cloud.launched().length === 251 && ready(plane) === 250);
  await put(store, APP, { spec: { type: 'nodejs-app', replicas: 200 } });
  await until('50 are gone', () => cloud.alive().length === 200);
  await put(store, ref('Cluster', null, SHOP), { spec: { cloud: 'local', maxTerminationPercent: 100 } });
  await del(store, APP);
  await until('the role is gone', () => plane.objects.get(APP) === null);
  assert.equal(cloud.alive(), []);
  assert.equal(plane.objects.list('Instance'), []);
  await second.stop();
  clearInterval(sweeping);
});

test('a cluster that goes leaves nothing in force for the next of its name', async ({ store, plane }) => {
  const old = ref('Cluster', null, 'old');
  const grant = ref('Grant', 'old', 'ann');
  const secret = ref('Secret', 'old', 'db');
  await put(store, ref('Cloud', null, 'local'), { spec: { provider: 'local' } });
  await put(store, old, { spec: { cloud: 'local' } });
  await put(store, grant, { spec: { user: 'ann', level: 'manage' } });
  await put(store, secret, { spec: { sealed: {} } });
  const running = controllersOn(plane, fakeCloud({ clock }));
  await until('all three are there', () =>
    [old, grant, secret].every((of) => plane.objects.get(of) !== null),
  );
  await del(store, old);
  await until('the cluster is gone', () => plane.objects.get(old) === null);
  assert.is(plane.objects.get(grant), null);
  assert.is(plane.objects.get(secret), null);
  assert.is(E.toUnion(await store.get('/scalarium/specs/grants/old/ann')()), null);
  await running.stop();
});
