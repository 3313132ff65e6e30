import { assert, suite } from '../../../suite.js';
import { worldWith } from './world.js';

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
