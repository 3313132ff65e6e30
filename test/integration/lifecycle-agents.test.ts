/** Lifecycle and drift with a real store, a real gateway and real agents, whose recipes are the test's. */
import { type Agent, runAgent } from '../../agent/agent.js';
import type { Executor, Work } from '../../agent/executor.js';
import { openMemoryJournal } from '../../agent/journal.js';
import { openFleetingMemory } from '../../agent/memory.js';
import { openMemorySnapshots } from '../../agent/snapshots.js';
import type { RunSpec, RunStatus } from '../../api-types/kinds/run.js';
import { millis } from '../../api-types/units.js';
import { driftController } from '../../controllers/drift/controller.js';
import { lifecycleController } from '../../controllers/lifecycle/controller.js';
import { lifecycleSettings } from '../../controllers/lifecycle/settings.js';
import { seededChance, systemChance } from '../../runtime/chance.js';
import { type Clock, systemClock } from '../../runtime/clock.js';
import type { Controller } from '../../runtime/controller.js';
import { silentLog } from '../../runtime/log.js';
import { type Loop, startLoop } from '../../runtime/loop.js';
import type { Live, Ref } from '../../store/objects/objects.js';
import { World } from '../build/gateways.js';
import { del, eventually, type Plane, put, startPlane } from '../conformance/objects-world.js';
import { assert, suite } from '../suite.js';

const HOSTS = 20;
const names = Array.from({ length: HOSTS }, (_, index) => `app-${String(index + 1)}`);
const CLUSTER: Ref<'Cluster'> = { kind: 'Cluster', cluster: null, name: 'shop' };

/** What the hosts of the test are like. */
class Hosts {
  readonly ran: string[] = [];
  /** Somebody edited a file there. */
  readonly edited = new Set<string>();
  /** Recipes fail there. */
  readonly broken = new Set<string>();
  readonly wantReboot = new Set<string>();

  executor(): Executor {
    return { needsSnapshot: true, run: (work) => Promise.resolve(this.run(work)) };
  }

  private run({ event, instance, dryRun, recipes }: Work): Awaited<ReturnType<Executor['run']>> {
    const changed = this.edited.has(instance) ? ['file[/etc/motd]'] : [];
    if (!dryRun) this.ran.push(`${instance} ${recipes?.join(',') ?? event}`);
    if (recipes !== undefined && this.broken.has(instance))
      return { changed: [], failure: 'execute[make site]: exit code 2' };
    if (dryRun)
      return { changed, failure: null, diffs: changed.map((resource) => ({ resource, diff: '-a\n+b\n' })) };
    this.edited.delete(instance);
    return { changed, failure: null, ...(this.wantReboot.delete(instance) ? { reboot: true } : {}) };
  }
}

interface Context {
  world: World;
  plane: Plane;
  loops: readonly Loop[];
  agents: readonly Agent[];
  hosts: Hosts;
}

const test = suite<Context>('lifecycle and drift with real agents', {} as Context);

const boot = (world: World, hosts: Hosts, name: string): Agent =>
  runAgent({
    machine: name.replace('app-', 'i-'),
    config: world.config(),
    state: {
      memory: openFleetingMemory(name.replace('app-', 'i-')),
      journal: openMemoryJournal(),
      snapshots: openMemorySnapshots(),
    },
    executor: () => hosts.executor(),
    measure: () =>
      Promise.resolve({
        load1: 0,
        memoryUsedBytes: 0,
        memoryTotalBytes: 1,
        diskUsedBytes: 0,
        diskTotalBytes: 1,
      }),
    clock: systemClock,
    chance: systemChance,
    log: silentLog,
    hostLog: null,
    version: 'test',
    localAddress: null,
    address: `10.0.0.${name.slice(4)}`,
  });

const HURRY = 100;

/** Minutes pass in less than a second. */
const hurried = (): Clock => {
  const begun = systemClock.now();
  return {
    ...systemClock,
    now: () => millis(begun + (systemClock.now() - begun) * HURRY),
    after: (delay, then) => systemClock.after(millis(delay / HURRY), then),
    sleep: (delay, signal) => systemClock.sleep(millis(delay / HURRY), signal),
  };
};

const start = (controller: Controller, clock: Clock): Loop =>
  startLoop({ controller, clock, chance: seededChance(1), log: silentLog });

test.before(async (context) => {
  const world = await World.open(1);
  const plane = await startPlane(world.store);
  await put(world.store, CLUSTER, { spec: { cloud: 'local' } });
  await eventually('the cluster is owned', () => plane.ownership.of('shop'));
  await world.hosts(HOSTS);
  await put(
    world.store,
    { kind: 'Role', cluster: 'shop', name: 'app' },
    { spec: { type: 'php-app', replicas: HOSTS, recipes: { configure: ['shop::site'] } } },
  );
  const on = { ...plane, store: world.store, clock: systemClock, log: silentLog };
  const settings = { ...lifecycleSettings, configureIdle: millis(20), configureMax: millis(100) };
  const lifecycle = lifecycleController({ ...on, hosts: world.at(0).observed, settings });
  const fast = hurried();
  const drift = driftController({ ...on, clock: fast });
  const hosts = new Hosts();
  const agents = names.map((name) => boot(world, hosts, name));
  Object.assign(context, { world, plane, hosts, agents });
  context.loops = [start(lifecycle, systemClock), start(drift, fast)];
});

test.after(async ({ world, plane, loops, agents }) => {
  await Promise.all(agents.map((agent) => agent.stop()));
  for (const loop of loops) await loop.drain();
  await plane.stop();
  await world.close();
});

const instanceOf = ({ plane }: Context, name: string): Live<'Instance'> =>
  plane.objects.get({ kind: 'Instance', cluster: 'shop', name })!;

const conditionOf = (context: Context, name: string, type: string) =>
  instanceOf(context, name).status.conditions?.[type];

const quiet = (context: Context): Promise<true | null> =>
  eventually('all hosts are Ready and configured', () => {
    const ready = names.every((name) => conditionOf(context, name, 'Ready')?.status === 'True');
    const cluster = context.plane.objects.get(CLUSTER)?.status.conditions?.['Configured'];
    return ready && cluster?.status === 'True' ? true : null;
  });

/** The Run as it ended. */
const runs = async (context: Context, name: string, spec: RunSpec): Promise<RunStatus> => {
  const ref: Ref<'Run'> = { kind: 'Run', cluster: 'shop', name };
  await put(context.world.store, ref, { spec });
  const ended = await eventually(`${name} ends`, () => {
    const status = context.plane.objects.get(ref)?.status;
    return status?.finishedAt === undefined ? null : status;
  });
  await del(context.world.store, ref);
  return ended;
};

test('each host is set up, deployed to and configured, in this order, and then Ready', async (context) => {
  await quiet(context);
  for (const name of names) {
    const of = context.hosts.ran.filter((ran) => ran.startsWith(`${name} `)).map((ran) => ran.split(' ')[1]);
    assert.equal(of.slice(0, 3), ['setup', 'deploy', 'configure']);
    assert.is(of.filter((event) => event === 'deploy').length, 1);
    assert.is(conditionOf(context, name, 'Deployed')?.status, 'True');
  }
});

test('a dry run of recipes on all hosts: nothing is run, what differs is told once', async (context) => {
  const { hosts } = context;
  await quiet(context);
  const before = hosts.ran.length;
  for (const name of ['app-3', 'app-7']) hosts.edited.add(name);
  const status = await runs(context, 'dry', { recipes: ['shop::site'], dryRun: true });
  assert.equal(
    [status.phase, status.total, status.changed],
    ['Succeeded', HOSTS, { 'app-3': 1, 'app-7': 1 }],
  );
  const [diff, ...more] = status.diffs ?? [];
  assert.equal(
    [diff?.resource, [...(diff?.instances ?? [])].sort(), more],
    ['file[/etc/motd]', ['app-3', 'app-7'], []],
  );
  assert.is(hosts.ran.length, before);
});

test('recipes on all hosts: the one that fails is named with its message', async (context) => {
  const { hosts } = context;
  hosts.broken.add('app-5');
  const status = await runs(context, 'real', { recipes: ['shop::a', 'shop::b'], roles: ['app'] });
  assert.equal([status.phase, status.succeeded, status.failed], ['Failed', HOSTS - 1, 1]);
  assert.equal(status.failures, [{ instance: 'app-5', message: 'execute[make site]: exit code 2' }]);
  assert.is(hosts.ran.filter((ran) => ran.endsWith(' shop::a,shop::b')).length, HOSTS);
  assert.ok(conditionOf(context, 'app-5', 'Ready')?.status === 'True', 'it is no trouble of the host');
});

test('undeploy by a Run, and a reboot that a recipe wants is noted on its host', async (context) => {
  const { hosts } = context;
  const status = await runs(context, 'gone', { event: 'undeploy', instances: ['app-2'] });
  assert.equal([status.phase, hosts.ran.at(-1)], ['Succeeded', 'app-2 undeploy']);
  hosts.wantReboot.add('app-4');
  const kernel = await runs(context, 'kernel', { event: 'configure', instances: ['app-4'] });
  assert.is(kernel.phase, 'Succeeded');
  const wish = instanceOf(context, 'app-4').status.rebootWish;
  assert.equal([wish?.machine, wish?.event], ['i-4', kernel.events?.[0]]);
});

test('a file that somebody edits is found in time, and is no longer told of once a run mended it', async (context) => {
  const { hosts, world, plane } = context;
  await quiet(context);
  hosts.edited.add('app-6');
  await put(world.store, CLUSTER, { spec: { cloud: 'local', driftCheckIntervalMinutes: 1 } });
  await eventually('app-6 has drifted', () => conditionOf(context, 'app-6', 'Drifted')?.status === 'True');
  assert.match(conditionOf(context, 'app-6', 'Drifted')?.message ?? '', /file\[\/etc\/motd\]/);
  const sum = () => plane.objects.get(CLUSTER)?.status.conditions?.['Drifted'];
  await eventually('the cluster says so', () => sum()?.status === 'True');
  await eventually('the others have not', () =>
    names.every((name) => name === 'app-6' || conditionOf(context, name, 'Drifted')?.status === 'False'),
  );
  await runs(context, 'mend', { event: 'configure', instances: ['app-6'] });
  await eventually('it is as wanted', () => conditionOf(context, 'app-6', 'Drifted')?.status === 'False');
  await eventually('so is the cluster', () => sum()?.status === 'False');
  await put(world.store, CLUSTER, { spec: { cloud: 'local', driftCheckIntervalMinutes: 0 } });
  await eventually('nothing is said any more', () =>
    names.every((name) => conditionOf(context, name, 'Drifted') === undefined),
  );
  await eventually('no Run is left', () => plane.objects.list('Run', 'shop').length === 0);
});
