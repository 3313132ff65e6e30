import { assert, suite } from '../../../suite.js';
import { worldWith, type World } from './world.js';

const test = suite('deployments: the first host is looked at');

test('canary: the first host is looked at until its time is over', async () => {
  const world = worldWith(3);
  await world.starts();
  world.deploy('d1', { strategy: { type: 'canary', batch: 2, canary: { hosts: 1, waitSeconds: 60 } } });
  await world.passes(5000);
  assert.is(world.deployment('d1').phase, 'Paused');
  assert.is(world.stages('d1'), 'done prepared prepared');
  assert.is(await world.ends('d1', 90), 'Succeeded');
  await world.stops();
});

test('canary: what cannot be measured holds it; what is bad takes it back', async () => {
  const world = worldWith(2);
  const metric = { url: 'http://prometheus:9090', query: 'errors', below: 0.1 };
  await world.starts();
  world.deploy('d1', { strategy: { type: 'canary', canary: { waitSeconds: 20, metric } } });
  await world.passes(120_000);
  assert.is(world.deployment('d1').phase, 'Paused');
  world.metric = 0.5;
  assert.is(await world.ends('d1'), 'Failed');
  assert.match(world.why('d1').message, /errors gave 0.5, which is not below 0.1/);
  await world.passes(100);
  assert.is(world.runs('app-1'), 1);
  world.metric = 0.01;
  world.deploy('d2', { strategy: { type: 'canary', canary: { waitSeconds: 20, metric } } });
  assert.is(await world.ends('d2', 60), 'Succeeded');
  await world.stops();
});

test('canary without a time waits for a person', async () => {
  const world = worldWith(2);
  await world.starts();
  world.deploy('d1', { strategy: { type: 'canary' } });
  await world.passes(600_000);
  assert.is(world.deployment('d1').phase, 'Paused');
  world.says('d1', 'promote');
  assert.is(await world.ends('d1'), 'Succeeded');
  await world.stops();
});

const watched = (more: object = {}) => ({
  strategy: { type: 'canary' as const, batch: 3, canary: { waitSeconds: 30 } },
  ...more,
});

const activated = (world: World): readonly string[] =>
  world.orders.filter((order) => order.includes('activate'));

test('canary: when the machine of the first host dies in its turn, another host is the first', async () => {
  const world = worldWith(4);
  world.options.pace = 1000;
  await world.starts();
  world.deploy('d1', watched());
  await world.passes(1500);
  assert.is(world.stages('d1'), 'activating prepared prepared prepared');
  await world.dies('app-1');
  await world.passes(3000);
  assert.is(world.why('d1').reason, 'Canary');
  assert.is(world.stages('d1'), 'skipped done prepared prepared');
  assert.is(await world.ends('d1', 60), 'Succeeded');
  await world.stops();
});

test('canary: when its machine dies while it is looked at, another host is looked at for the whole time', async () => {
  const world = worldWith(4);
  await world.starts();
  world.deploy('d1', watched());
  await world.passes(25_000);
  assert.is(world.stages('d1'), 'done prepared prepared prepared');
  await world.dies('app-1');
  await world.passes(28_000);
  assert.is(world.why('d1').reason, 'Canary');
  assert.is(world.stages('d1'), 'done done prepared prepared');
  assert.is(await world.ends('d1'), 'Succeeded');
  await world.stops();
});

test('canary: one that failed is tried again as the first, and looked at', async () => {
  const world = worldWith(6);
  let fails = true;
  world.behaviour = ({ step }) =>
    step === 'activate' && fails ? { state: 'failed', message: 'no' } : undefined;
  await world.starts();
  world.deploy('d1', watched({ onFailure: 'pause' }));
  await world.passes(2000);
  assert.is(world.why('d1').reason, 'HostsFailed');
  fails = false;
  world.says('d1', 'promote');
  await world.passes(2000);
  assert.is(world.why('d1').reason, 'Canary');
  assert.equal(activated(world), ['app-1 activate 2', 'app-1 activate 2']);
  await world.passes(20_000);
  assert.is(activated(world).length, 2);
  assert.is(await world.ends('d1', 60), 'Succeeded');
  await world.stops();
});

test('one that is looked at for a time goes on, and is stalled only where a person has to act', async () => {
  const world = worldWith(3);
  await world.starts();
  world.deploy('d1', watched());
  await world.passes(2000);
  const said = (type: string) => world.deployment('d1').conditions?.[type]?.status;
  assert.equal([said('Stalled'), said('Reconciling')], ['False', 'True']);
  await world.ends('d1');
  world.deploy('d1b', { strategy: { type: 'canary' } });
  await world.passes(2000);
  const { conditions } = world.deployment('d1b');
  assert.is(conditions?.['Stalled']?.status, 'True');
  assert.is(conditions?.['Reconciling']?.status, 'False');
  await world.stops();
});
