import fc from 'fast-check';
import { isEnded, type DeploymentStatus, type HostStage } from '../../../../api-types/kinds/deployment.js';
import { planDeployments } from '../../../../controllers/deployments/plan.js';
import { isReady } from '../../../../controllers/deployments/hosts.js';
import { observe, withAnswers } from '../../../../controllers/deployments/observe.js';
import type { Live } from '../../../../store/objects/objects.js';
import { assert, suite } from '../../../suite.js';
import { CLUSTER, worldWith, type World } from './world.js';

const test = suite('deployments: what holds whatever happens');

/** What happens to a host's orders, one after the other; then it does what it is told. */
type Fate = 'does' | 'fails' | 'dies';

interface Case {
  readonly hosts: number;
  readonly batch: number | string;
  readonly maxUnavailable: number | undefined;
  readonly type: 'nodejs' | 'php';
  readonly strategy: 'rolling' | 'canary' | 'all-at-once';
  readonly fates: readonly Fate[];
  /** After how many milliseconds the control plane is started anew, again and again; 0: never. */
  readonly restarts: number;
  readonly onFailure: 'rollback' | 'pause';
  readonly supersedeAt: number;
}

const cases: fc.Arbitrary<Case> = fc.record({
  hosts: fc.integer({ min: 1, max: 7 }),
  batch: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.constantFrom('25%', '50%', '100%')),
  maxUnavailable: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
  type: fc.constantFrom('nodejs', 'php'),
  strategy: fc.constantFrom('rolling', 'canary', 'all-at-once'),
  fates: fc.array(
    fc.oneof({ weight: 6, arbitrary: fc.constant<Fate>('does') }, fc.constantFrom<Fate>('fails', 'dies')),
    { maxLength: 12 },
  ),
  restarts: fc.constantFrom(0, 0, 70, 130),
  onFailure: fc.constantFrom('rollback', 'pause'),
  supersedeAt: fc.constantFrom(0, 0, 0, 60, 200),
});

const AWAY: readonly HostStage[] = ['leaving', 'activating', 'joining', 'reverting'];

const isDeployment = (live: Live | null): live is Live<'Deployment'> => live?.ref.kind === 'Deployment';

const sizeOf = (batch: number | string, total: number): number =>
  typeof batch === 'number' ? batch : Math.max(1, Math.ceil((Number.parseInt(batch, 10) * total) / 100));

/** What is wrong with the Deployment as its record says it. */
const wrongs = (world: World, of: Case, { hosts = {} }: DeploymentStatus): readonly string[] => {
  const out = Object.values(hosts).filter((host) => host.out === true).length;
  const away = Object.values(hosts).filter(({ stage, overlap }) => AWAY.includes(stage) && overlap !== true);
  const most = Math.max(sizeOf(of.batch, of.hosts), of.maxUnavailable ?? 0);
  const ready = world.objects.list('Instance', CLUSTER).filter(isReady);
  const serving = ready.filter(({ ref }) => hosts[ref.name]?.out !== true);
  return [
    ...(out > most ? [`${String(out)} hosts are out`] : []),
    ...(of.strategy === 'rolling' && away.length > most ? [`${String(away.length)} hosts are away`] : []),
    ...(out > 0 && ready.length > 1 && serving.length === 0 ? ['nobody serves'] : []),
  ];
};

/** Looks at every change of the Deployments. */
const watch = (world: World, of: Case): readonly string[] => {
  const broken: string[] = [];
  world.objects.changes$.subscribe((changes) => {
    for (const { after } of changes)
      if (isDeployment(after) && !isEnded(after.status)) broken.push(...wrongs(world, of, after.status));
  });
  return broken;
};

const fated = (world: World, { fates }: Case): void => {
  const left = [...fates];
  world.behaviour = ({ instance, step }) => {
    const fate = step === 'finish' ? 'does' : (left.shift() ?? 'does');
    if (fate === 'fails') return { state: 'failed', message: 'no' };
    if (fate === 'does') return undefined;
    void world.dies(instance);
    // its place is filled after a while, with what is in force
    world.clock.after(2000 as never, () => {
      if (world.instance(instance).machine === undefined)
        void world.replace(instance, world.app().current?.number);
    });
    return null;
  };
};

const supersede = async (world: World, { supersedeAt: at, batch }: Case): Promise<void> => {
  await world.passes(at);
  world.source = { revision: 'rev-3', digest: 'c'.repeat(64) };
  world.deploy('d2', { supersede: true, timeoutSeconds: 30, strategy: { type: 'rolling', batch } });
};

const names = (of: Case): readonly string[] => (of.supersedeAt > 0 ? ['d1', 'd2'] : ['d1']);

/** Somebody looks after it now and then. */
const until = async (world: World, of: Case): Promise<void> => {
  for (let turns = 0; turns < 900; turns += 1) {
    await world.passes(of.restarts > 0 ? of.restarts : 500);
    if (names(of).every((name) => isEnded(world.deployment(name)))) return;
    for (const name of names(of))
      if (world.deployment(name).phase === 'Paused' && turns % 5 === 4)
        world.says(name, turns % 2 === 0 ? 'abort' : 'promote');
    if (of.restarts > 0 && turns < 40) {
      await world.stops();
      await world.starts();
    }
  }
};

const carriedOut = async (of: Case): Promise<World> => {
  const world = worldWith(of.hosts, { type: of.type });
  world.application({ type: of.type, roles: ['app'] });
  const broken = watch(world, of);
  fated(world, of);
  await world.starts();
  const { batch, maxUnavailable } = of;
  const strategy = { type: of.strategy, batch, ...(maxUnavailable === undefined ? {} : { maxUnavailable }) };
  world.deploy('d1', { strategy, onFailure: of.onFailure, timeoutSeconds: 30 });
  if (of.supersedeAt > 0) await supersede(world, of);
  await until(world, of);
  assert.equal(broken, []);
  return world;
};

test('every Deployment ends; nobody is told twice; never too many hosts are out, nor the last one', async () => {
  await fc.assert(
    fc.asyncProperty(cases, async (of) => {
      const world = await carriedOut(of);
      for (const name of names(of))
        assert.ok(isEnded(world.deployment(name)), `${name}: ${JSON.stringify(world.deployment(name))}`);
      const events = names(of).flatMap((name) => world.deployment(name).events ?? []);
      assert.is(new Set(events).size, events.length);
      await world.stops();
    }),
    { numRuns: 60 },
  );
});

test('what ended well is what every host runs in the end, and what ended badly leaves what was before', async () => {
  await fc.assert(
    fc.asyncProperty(cases, async (of) => {
      fc.pre(of.supersedeAt === 0);
      const world = await carriedOut(of);
      const current = world.app().current?.number;
      assert.is(current, world.deployment('d1').phase === 'Succeeded' ? 2 : 1);
      // hosts that were lost or failed are brought up by and by
      await world.passes(3_600_000);
      for (const live of world.objects.list('Instance', CLUSTER))
        assert.is(world.runs(live.ref.name), current, live.ref.name);
      await world.stops();
    }),
    { numRuns: 40 },
  );
});

test('the plan is a function of what is stored: planned twice, it is the same', async () => {
  await fc.assert(
    fc.asyncProperty(cases, async (of) => {
      const world = worldWith(of.hosts, { type: of.type });
      await world.starts();
      world.deploy('d1', { strategy: { type: of.strategy, batch: of.batch } });
      await world.passes(of.hosts * 15);
      const plan = () =>
        planDeployments(
          withAnswers(observe(world.objects, CLUSTER, 'web')!, {
            now: world.clock.now(),
            answerTo: () => undefined,
            fetchedFor: () => undefined,
            waitedFor: () => 0,
            measuredFor: () => undefined,
          }),
        );
      assert.equal(JSON.stringify(plan()), JSON.stringify(plan()));
      await world.stops();
    }),
    { numRuns: 20 },
  );
});
