import { Subject } from 'rxjs';
import type { InstanceStatus } from '../../../../api-types/kinds/instance.js';
import type { RunStatus } from '../../../../api-types/kinds/run.js';
import { driftController } from '../../../../controllers/drift/controller.js';
import { seededChance } from '../../../../runtime/chance.js';
import { timestamp } from '../../../../runtime/clock.js';
import { silentLog } from '../../../../runtime/log.js';
import { type Loop, startLoop } from '../../../../runtime/loop.js';
import type { Live } from '../../../../store/objects/objects.js';
import { EPOCH, condition, machine } from '../../../build/objects.js';
import { type VirtualClock, virtualClock } from '../../../fake/clock.js';
import { type FakeObjects, fakeObjects, ref } from '../../../fake/objects.js';
import { assert, suite } from '../../../suite.js';

const CLUSTER = ref('Cluster', null, 'shop');
const MINUTE = 60_000;

/** Hosts that answer Runs as the test has them. */
class World {
  readonly clock: VirtualClock = virtualClock();
  readonly objects: FakeObjects = fakeObjects(() => this.clock.now());
  /** By host, the resources that differ on it. */
  readonly differs = new Map<string, readonly string[]>();
  readonly silent = new Set<string>();
  /** Hosts that were asked, Run by Run. */
  readonly asked: (readonly string[])[] = [];
  private loop: Loop | null = null;

  every(minutes: number): void {
    this.objects.putRaw(CLUSTER, { spec: { cloud: 'local', driftCheckIntervalMinutes: minutes } });
  }

  host(name: string, status: Partial<InstanceStatus> = {}): void {
    const id = `i-${name}`;
    const progress = { machine: id, event: 'x', state: 'succeeded', at: EPOCH } as const;
    const agent = { machine: id, connectedAt: EPOCH, address: '10.0.0.1', version: '1' };
    const well = { machine: machine(id), agent, setup: progress, configure: progress };
    this.objects.has(ref('Instance', 'shop', name), { spec: { role: 'app' } }, { ...well, ...status });
  }

  async patch(of: Parameters<FakeObjects['get']>[0], patch: object): Promise<void> {
    await this.objects.write(null, [{ write: 'status', ref: of, patch: patch as Record<string, unknown> }])();
  }

  async starts(settled = true): Promise<void> {
    await this.patch(CLUSTER, {
      conditions: { Configured: condition('Configured', settled ? 'True' : 'False') },
    });
    const fence = { compare: { key: 'owner', target: 'create' as const, equals: 1 }, left: () => 10_000 };
    const { clock, objects } = this;
    const ownership = { of: () => fence, changes$: new Subject<string>() };
    const controller = driftController({ objects, ownership, clock, log: silentLog });
    this.loop = startLoop({ controller, clock, chance: seededChance(1), log: silentLog });
    await clock.settle();
  }

  async stops(): Promise<void> {
    await this.loop?.drain();
  }

  private async answer(run: Live<'Run'>): Promise<void> {
    const hosts = run.spec.instances ?? [];
    this.asked.push([...hosts].sort());
    const failed = hosts.filter((name) => this.silent.has(name));
    const found = hosts.filter((name) => this.differs.has(name) && !this.silent.has(name));
    const status: RunStatus = {
      phase: failed.length > 0 ? 'Failed' : 'Succeeded',
      finishedAt: timestamp(this.clock.now()),
      total: hosts.length,
      hosts: Object.fromEntries(hosts.map((name) => [name, failed.includes(name) ? 'failed' : 'succeeded'])),
      failures: failed.map((instance) => ({ instance, message: 'no answer within 300 s' })),
      changed: Object.fromEntries(found.map((name) => [name, this.differs.get(name)?.length ?? 0])),
      diffs: found.flatMap((name) =>
        (this.differs.get(name) ?? []).map((resource) => ({ resource, diff: '', instances: [name] })),
      ),
    };
    await this.patch(run.ref, status);
  }

  /** Time goes by, and what is asked is answered. */
  async runs(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 1000) {
      await this.clock.advance(1000);
      const open = this.objects
        .list('Run', 'shop')
        .filter((run) => run.specRevision > 0 && run.deletion === null);
      for (const run of open) if (run.status.finishedAt === undefined) await this.answer(run);
    }
  }

  drifted(name: string): string {
    const found = this.objects.get(ref('Instance', 'shop', name))?.status.conditions?.['Drifted'];
    return found === undefined ? 'nothing' : `${found.status}: ${found.message}`;
  }

  sum(): string {
    const found = this.objects.get(CLUSTER)?.status.conditions?.['Drifted'];
    return found === undefined ? 'nothing' : `${found.status}: ${found.message}`;
  }

  open(): number {
    return this.objects
      .list('Run', 'shop')
      .filter(({ deletion, specRevision }) => deletion === null && specRevision > 0).length;
  }
}

const test = suite<{ world: World }>('drift is looked for from time to time', { world: new World() });

test.beforeEach((context) => {
  context.world = new World();
  context.world.every(10);
  for (const name of ['app-1', 'app-2']) context.world.host(name);
});
test.afterEach(({ world }) => world.stops());

const CLEAN = 'False: a run of its recipes would change nothing';

test('every host is asked within the interval; the Runs go once they are read', async ({ world }) => {
  await world.starts();
  await world.runs(11 * MINUTE);
  assert.equal([world.drifted('app-1'), world.drifted('app-2')], [CLEAN, CLEAN]);
  assert.is(world.sum(), 'False: a run of their recipes would change nothing');
  assert.equal(world.asked, [['app-1', 'app-2']]);
  assert.is(world.open(), 0);
});

test('nothing new: nothing is written but the Runs', async ({ world }) => {
  await world.starts();
  await world.runs(11 * MINUTE);
  const before = world.objects.written.length;
  await world.runs(30 * MINUTE);
  const status = world.objects.written.slice(before).filter(({ write }) => write === 'status');
  assert.equal(
    status.flatMap((write) => ('ref' in write && write.ref.kind !== 'Run' ? [write.ref.name] : [])),
    [],
  );
  assert.is(world.asked.length, 4);
});

test('a file that somebody edited: True within the interval, and False after a run that mended it', async ({
  world,
}) => {
  await world.starts();
  await world.runs(11 * MINUTE);
  world.differs.set('app-1', ['file[/etc/motd]', 'service[nginx]']);
  await world.runs(10 * MINUTE);
  const said = 'True: a run of its recipes would change file[/etc/motd], service[nginx]';
  assert.equal([world.drifted('app-1'), world.drifted('app-2')], [said, CLEAN]);
  assert.is(world.sum(), 'True: recipes would change 1 of 2 hosts: app-1');
  world.differs.clear();
  const run = ref('Run', 'shop', 'mend');
  world.objects.has(run, { spec: { event: 'configure' } });
  await world.patch(run, { finishedAt: timestamp(world.clock.now()), hosts: { 'app-1': 'succeeded' } });
  await world.runs(10_000);
  assert.is(world.drifted('app-1'), CLEAN);
  assert.is(world.sum(), 'False: a run of their recipes would change nothing');
});

test('a run that does not mend it is not asked about again and again', async ({ world }) => {
  world.differs.set('app-1', ['execute[always]']);
  await world.starts();
  await world.runs(11 * MINUTE);
  const at = timestamp(world.clock.now());
  await world.patch(ref('Instance', 'shop', 'app-1'), {
    configure: { machine: 'i-app-1', event: 'y', state: 'succeeded', at },
  });
  const before = world.asked.length;
  await world.runs(2 * MINUTE);
  assert.equal(world.asked.slice(before), [['app-1']]);
  assert.match(world.drifted('app-1'), /^True/);
});

test('a run on a host that has not drifted is no reason to ask it', async ({ world }) => {
  await world.starts();
  await world.runs(11 * MINUTE);
  const at = timestamp(world.clock.now());
  await world.patch(ref('Instance', 'shop', 'app-1'), {
    configure: { machine: 'i-app-1', event: 'y', state: 'succeeded', at },
  });
  await world.runs(2 * MINUTE);
  assert.is(world.asked.length, 1);
});

test('hosts that are being asked are not asked twice at a time', async ({ world }) => {
  await world.starts();
  await world.clock.advance(35 * MINUTE);
  assert.is(world.open(), 1);
});

test('a host that does not answer: Unknown with the reason; one that is away is not asked', async ({
  world,
}) => {
  world.silent.add('app-1');
  world.host('app-3', { machine: machine('i-app-3', { state: 'stopped' }) });
  await world.starts();
  await world.runs(11 * MINUTE);
  assert.is(world.drifted('app-1'), 'Unknown: no answer within 300 s');
  assert.is(world.sum(), 'Unknown: it is not known of 1 of 2 hosts: app-1');
  assert.equal([world.drifted('app-3'), world.asked], ['nothing', [['app-1', 'app-2']]]);
  await world.patch(ref('Instance', 'shop', 'app-2'), { machine: { state: 'stopped' } });
  await world.runs(10 * MINUTE);
  assert.is(world.drifted('app-2'), 'Unknown: it was not online when it was to be asked');
});

for (const [name, settled, resource] of [
  ['hosts are still being configured', false, 'file[/etc/motd]'],
  ['only the hosts file differs, which may wait', true, 'file[/etc/hosts]'],
] as const)
  test(`${name}: it is asked once more before it is said`, async ({ world }) => {
    world.differs.set('app-1', [resource]);
    await world.starts(settled);
    while (world.asked.length === 0) await world.runs(1000);
    await world.runs(20_000);
    assert.is(world.drifted('app-1'), 'nothing');
    await world.runs(20_000);
    assert.is(world.drifted('app-1'), `True: a run of its recipes would change ${resource}`);
    assert.equal(world.asked, [['app-1', 'app-2'], ['app-1']]);
  });

test('many hosts are spread over the interval', async ({ world }) => {
  for (let at = 1; at <= 500; at += 1) world.host(`app-${String(at)}`);
  await world.starts();
  await world.runs(10 * MINUTE + 2000);
  assert.is(new Set(world.asked.flat()).size, 500);
  assert.ok(world.asked.length >= 9, `asked in ${String(world.asked.length)} groups`);
  assert.ok(Math.max(...world.asked.map(({ length }) => length)) < 120);
  assert.is(world.asked.flat().length, 500);
});

test('never: nothing is asked, and what was said is taken back', async ({ world }) => {
  await world.starts();
  await world.runs(11 * MINUTE);
  world.every(0);
  await world.runs(30 * MINUTE);
  assert.equal([world.drifted('app-1'), world.sum(), world.asked.length], ['nothing', 'nothing', 1]);
});

test('a store that refuses is asked again, and no turn is lost', async ({ world }) => {
  await world.starts();
  await world.runs(9 * MINUTE + 50_000);
  world.objects.failNext({ _tag: 'Transient', reason: 'StoreUnavailable', message: 'no leader' }, 2);
  await world.runs(2 * MINUTE);
  assert.is(world.drifted('app-1'), CLEAN);
});
