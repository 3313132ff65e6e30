import { deploymentHost, release, rolling } from '../../../build/releases.js';
import { assert, suite } from '../../../suite.js';
import { World } from './world.js';

const test = suite<{ world: World }>('Deployments are told when every load balancer knows', {
  world: new World(),
});

test.beforeEach((context) => {
  context.world = new World();
});
test.afterEach(({ world }) => world.stops());

/** Two load balancers before two hosts, all of them Ready. */
const ready = async (world: World, balancers = ['lb-1', 'lb-2']): Promise<void> => {
  world.role('lb', { type: 'load-balancer', replicas: balancers.length });
  world.role('app', { replicas: 2 });
  world.application('web', { current: release(1), releases: [release(1)] });
  for (const name of [...balancers, 'app-1', 'app-2']) world.boots(name);
  await world.starts();
  await world.runs(5000);
};

/** The host leaves or comes back: load balancers have to know of it. */
const leaves = (world: World, change: number, out: boolean): Promise<void> =>
  world.deploys('web-1', rolling({ change, hosts: { 'app-1': deploymentHost('app-1', { out, change }) } }));

/** A change that load balancers are to know of: `checkFall` is in their configuration in any case. */
const changes = async (world: World, change: number, checkFall = change): Promise<void> => {
  world.role('lb', { type: 'load-balancer', replicas: 2, attributes: { haproxy: { checkFall } } });
  const hosts = { 'app-1': deploymentHost('app-1', { stage: 'leaving', out: true, change }) };
  await world.deploys('web-1', rolling({ hosts, change }));
};

const newest = (world: World) => world.events('configure').at(-1)!;

test('there are none: at once', async ({ world }) => {
  await ready(world, []);
  await world.deploys('web-1', rolling({ change: 1 }));
  await world.clock.advance(100);
  assert.is(world.toldOf('web-1'), 1);
});

test('nothing changes for them: at once, and nobody is told anything', async ({ world }) => {
  await ready(world);
  const before = world.told().length;
  await world.deploys('web-1', rolling({ change: 1 }));
  await world.clock.advance(100);
  assert.is(world.toldOf('web-1'), 1);
  assert.is(world.told().length, before);
});

test('they are told without waiting for more, and the Deployment once the last has answered', async ({
  world,
}) => {
  await ready(world);
  await changes(world, 5);
  await world.clock.advance(50);
  assert.is(world.told().at(-1), 'configure lb-1 lb-2');
  const event = newest(world);
  world.answer(event, {}, ['lb-1']);
  await world.clock.advance(1000);
  assert.is(world.toldOf('web-1'), undefined);
  world.answer(event, {}, ['lb-2']);
  await world.clock.advance(100);
  assert.is(world.toldOf('web-1'), 5);
});

test('a host leaves and comes back: load balancers are told each time, and others nothing', async ({
  world,
}) => {
  await ready(world);
  const before = world.told().length;
  for (const change of [1, 2]) {
    await leaves(world, change, change === 1);
    await world.clock.advance(50);
    assert.is(world.toldOf('web-1'), change === 1 ? undefined : 1);
    world.answer(newest(world));
    await world.clock.advance(100);
    assert.is(world.toldOf('web-1'), change);
  }
  assert.equal(world.told().slice(before), ['configure lb-1 lb-2', 'configure lb-1 lb-2']);
});

test('a host that listens elsewhere is told of as well', async ({ world }) => {
  await ready(world);
  const runs = { machine: 'i-app-1', deployment: 'web-1', release: 2, revision: 'r', port: 4000 };
  await world.patch('app-1', { applications: { web: runs } });
  await world.deploys('web-1', rolling({ change: 1 }));
  await world.clock.advance(100);
  assert.is(world.told().at(-1), 'configure lb-1 lb-2');
  assert.is(world.toldOf('web-1'), undefined);
  world.answer(newest(world));
  await world.clock.advance(100);
  assert.is(world.toldOf('web-1'), 1);
});

test('a host that ends meanwhile is told to shut down, and load balancers at once that it goes', async ({
  world,
}) => {
  await ready(world);
  await leaves(world, 1, true);
  await world.runs(500);
  const before = world.told().length;
  const doomed = { machine: 'i-app-2', reason: 'ScaledDown', message: '', at: world.time(), when: 'now' };
  await world.patch('app-2', { machine: null, doomed: [doomed] });
  await world.clock.advance(60);
  assert.equal(world.told().slice(before).sort(), ['configure lb-1 lb-2', 'shutdown app-2']);
  assert.is(world.toldOf('web-1'), 1);
});

test('one that could not be configured holds it up until it was', async ({ world }) => {
  await ready(world);
  await changes(world, 5);
  await world.clock.advance(50);
  world.answer(newest(world), {}, ['lb-1']);
  world.answer(newest(world), { state: 'failed', message: 'haproxy -c: no' }, ['lb-2']);
  await world.clock.advance(58_000);
  assert.is(world.toldOf('web-1'), undefined);
  assert.ok(world.isReady('lb-2'), 'it goes on with what it has');
  await world.runs(3000);
  assert.is(world.toldOf('web-1'), 5);
});

test('an answer to what they were told before is none to the newest change', async ({ world }) => {
  await ready(world);
  await changes(world, 5);
  await world.clock.advance(50);
  const first = newest(world);
  await changes(world, 6);
  await world.clock.advance(50);
  const second = newest(world);
  assert.is.not(first.name, second.name);
  world.answer(first);
  await world.clock.advance(1000);
  assert.is(world.toldOf('web-1'), undefined);
  world.answer(second);
  await world.clock.advance(100);
  assert.is(world.toldOf('web-1'), 6);
});

test('nor is one to the same as now, when it was told something else since', async ({ world }) => {
  await ready(world);
  await changes(world, 5);
  await world.runs(1000);
  assert.is(world.toldOf('web-1'), 5);
  await changes(world, 6);
  await world.clock.advance(50);
  const between = newest(world);
  await changes(world, 7, 5);
  await world.clock.advance(50);
  const last = newest(world);
  assert.is.not(between.name, last.name);
  world.answer(between);
  await world.clock.advance(1000);
  assert.is(world.toldOf('web-1'), 5);
  world.answer(last);
  await world.clock.advance(100);
  assert.is(world.toldOf('web-1'), 7);
});

test('one that is only silent is waited for: it may go on passing requests on', async ({ world }) => {
  await ready(world);
  await world.sick('lb-2', true);
  await world.runs(1000);
  await changes(world, 5);
  await world.clock.advance(50);
  world.answer(newest(world), {}, ['lb-1']);
  await world.clock.advance(1000);
  assert.is(world.toldOf('web-1'), undefined);
});

test('one that is gone is not', async ({ world }) => {
  await ready(world);
  await changes(world, 5);
  await world.clock.advance(50);
  world.answer(newest(world), {}, ['lb-1']);
  await world.clock.advance(100);
  assert.is(world.toldOf('web-1'), undefined);
  await world.patch('lb-2', { machine: null });
  await world.clock.advance(100);
  assert.is(world.toldOf('web-1'), 5);
});

test('those that the cloud runs have followed, as membership says, or there is no word', async ({
  world,
}) => {
  world.balancers = ['web'];
  await ready(world);
  await world.deploys('web-1', rolling({ change: 5 }));
  await world.clock.advance(1000);
  assert.is(world.toldOf('web-1'), undefined);
  await world.deploys('web-1', { moved: 4 });
  await world.clock.advance(1000);
  assert.is(world.toldOf('web-1'), undefined);
  await world.deploys('web-1', { moved: 5 });
  await world.clock.advance(100);
  assert.is(world.toldOf('web-1'), 5);
});

test('another control plane goes on where the last one was', async ({ world }) => {
  await ready(world);
  await changes(world, 5);
  await world.clock.advance(50);
  const event = newest(world);
  await world.stops();
  world.answer(event, {}, ['lb-1']);
  await world.starts();
  await world.clock.advance(1000);
  assert.is(world.toldOf('web-1'), undefined);
  assert.is(newest(world).name, event.name, 'nobody is told again');
  await world.stops();
  world.answer(event, {}, ['lb-2']);
  await world.starts();
  await world.clock.advance(1000);
  assert.is(world.toldOf('web-1'), 5);
});

test('without a Deployment load balancers wait for more, as others do', async ({ world }) => {
  await ready(world);
  const before = world.told().length;
  world.role('lb', { type: 'load-balancer', replicas: 2, attributes: { haproxy: { checkFall: 7 } } });
  await world.clock.advance(200);
  assert.is(world.told().length, before);
  await world.clock.advance(500);
  assert.is(world.told().at(-1), 'configure lb-1 lb-2');
});

test('with one, hosts that are no load balancers wait for more all the same', async ({ world }) => {
  await ready(world);
  await world.deploys('web-1', rolling({ change: 1 }));
  await world.clock.advance(100);
  const before = world.told().length;
  world.role('app', { replicas: 2, packages: ['htop'] });
  await world.clock.advance(200);
  assert.is(world.told().length, before);
  await world.clock.advance(500);
  assert.is(world.told().at(-1), 'configure app-1 app-2');
});

test('steps of hosts that concern no load balancer wake nobody; a release that comes into force is no news to its hosts', async ({
  world,
}) => {
  await ready(world);
  await world.deploys('web-1', rolling({ change: 1 }));
  await world.runs(1000);
  const before = world.told().length;
  await world.deploys('web-1', { phase: 'Succeeded' });
  world.application('web', { current: release(2), releases: [release(2), release(1)] });
  await world.runs(5000);
  const since = world.told().slice(before);
  assert.equal(
    since.filter((told) => told.includes('app')),
    [],
  );
});

test('what a Deployment tells hosts is no event of the life cycle', async ({ world }) => {
  await ready(world);
  const [first] = world.events('deploy');
  const target = { instance: 'app-1', machine: 'i-app-1' };
  const order = { uid: 'u', deployment: 'web-1', application: 'web', step: 'prepare' as const };
  const event = {
    write: 'status' as const,
    ref: { kind: 'LifecycleEvent' as const, cluster: 'shop', name: 'release-prepare-1' },
  };
  const status = { ...first, event: 'deploy', deployment: order, targets: [target], timeoutSeconds: 1 };
  await world.objects.write(null, [
    {
      ...event,
      patch: Object.fromEntries(
        Object.entries(status).filter(([key]) => key !== 'name' && key !== 'incarnation'),
      ),
    },
  ])();
  await world.stops();
  await world.starts();
  await world.clock.advance(90_000);
  assert.is(world.status('app-1').deploy?.state, 'succeeded');
  assert.is(world.status('app-1').deploy?.event, first?.name);
});

test('the deploy after setup says which releases the host runs', async ({ world }) => {
  world.role('app', {});
  world.application('web', { current: release(1), releases: [release(1)] });
  world.boots('app-1');
  await world.starts();
  world.answer(world.events()[0]!);
  await world.clock.advance(200);
  const releases = { web: { release: 1, revision: 'revision-1' } };
  world.answer(world.events('deploy')[0]!, { releases });
  await world.clock.advance(200);
  assert.equal(world.status('app-1').deploy?.releases, releases);
});

test('a custom role has something to deploy once an Application names it', async ({ world }) => {
  world.role('tools', { type: 'custom' });
  world.boots('tools-1');
  await world.starts();
  await world.runs(3000);
  world.application('jobs', { current: release(1, { roles: ['tools'] }) });
  world.boots('tools-2');
  await world.runs(3000);
  const deploys = world.told().filter((told) => told.startsWith('deploy'));
  assert.equal(deploys, ['deploy tools-2'], "whoever was set up before is the Deployment's to tell");
  assert.ok(world.isReady('tools-2'));
});
