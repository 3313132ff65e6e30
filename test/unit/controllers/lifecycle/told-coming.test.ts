import { deploymentHost, release, rolling } from '../../../build/releases.js';
import { assert, suite } from '../../../suite.js';
import { World, type SentEvent } from './world.js';

const test = suite<{ world: World }>('Deployments, while a load balancer comes up', { world: new World() });

test.beforeEach((context) => {
  context.world = new World();
});
test.afterEach(({ world }) => world.stops());

/** Two load balancers before two hosts, all of them Ready. */
const ready = async (world: World): Promise<void> => {
  world.role('lb', { type: 'load-balancer', replicas: 2 });
  world.role('app', { replicas: 2 });
  world.application('web', { current: release(1), releases: [release(1)] });
  for (const name of ['lb-1', 'lb-2', 'app-1', 'app-2']) world.boots(name);
  await world.starts();
  await world.runs(5000);
};

const newest = (world: World): SentEvent => world.events('configure').at(-1)!;

test('one that is configured for the first time may serve with what was before: it is waited for', async ({
  world,
}) => {
  await ready(world);
  world.role('lb', { type: 'load-balancer', replicas: 3 });
  world.boots('lb-3');
  await world.clock.advance(100);
  world.answer(world.events('setup').at(-1)!);
  const before = newest(world).name;
  for (let step = 0; step < 100 && newest(world).name === before; step += 1) await world.clock.advance(100);
  const first = newest(world);
  assert.ok(
    first.targets.some(({ instance }) => instance === 'lb-3'),
    world.told().at(-1),
  );
  // those that serve have no part in this
  world.answer(
    first,
    {},
    first.targets.map(({ instance }) => instance).filter((name) => name !== 'lb-3'),
  );
  await world.clock.advance(100);
  const hosts = { 'app-1': deploymentHost('app-1', { out: true, change: 1 }) };
  await world.deploys('web-1', rolling({ change: 1, hosts }));
  await world.clock.advance(50);
  world.answer(newest(world), {}, ['lb-1', 'lb-2']);
  await world.clock.advance(1000);
  assert.is(world.toldOf('web-1'), undefined);
  world.answer(first, {}, ['lb-3']);
  await world.clock.advance(1000);
  assert.is(world.toldOf('web-1'), undefined);
  world.answer(newest(world), {}, ['lb-3']);
  await world.clock.advance(100);
  assert.is(world.toldOf('web-1'), 1);
});

test('one that never served is not: it begins with what is then', async ({ world }) => {
  await ready(world);
  world.boots('lb-3');
  await world.clock.advance(100);
  await world.deploys('web-1', rolling({ change: 5 }));
  await world.clock.advance(100);
  assert.is(world.isReady('lb-3'), false);
  assert.is(world.toldOf('web-1'), 5);
});
