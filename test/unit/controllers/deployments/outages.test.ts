import { assert, suite } from '../../../suite.js';
import { resultOf, type HostOrder } from './parts.js';
import { rolling, worldWith } from './world.js';

const test = suite('deployments: a control plane that was away');

test('load balancers that nobody could ask for longer than it is waited for them are asked again', async () => {
  const world = worldWith(3);
  world.options.telling = null;
  await world.starts();
  world.deploy('d1', rolling(1));
  await world.passes(1000);
  assert.is(world.stages('d1'), 'leaving prepared prepared');
  await world.stops();
  await world.passes(130_000);
  world.options.telling = 20;
  await world.starts();
  await world.passes(1000);
  // lifecycle says what load balancers have confirmed; it takes the record up when it changes
  await world.patch('Deployment', 'd1', { told: world.deployment('d1').change });
  assert.is(await world.ends('d1'), 'Succeeded');
  await world.stops();
});

test('an answer that nobody could take for longer than the time-out is an answer', async () => {
  const world = worldWith(2);
  const late: HostOrder[] = [];
  world.behaviour = (order) => {
    if (order.step !== 'activate' || late.length > 0) return undefined;
    late.push(order);
    return null;
  };
  await world.starts();
  world.deploy('d1', rolling(1));
  await world.passes(1000);
  await world.stops();
  await world.passes(660_000);
  await world.starts();
  await world.passes(1000);
  for (const order of late) world.store(resultOf(order));
  assert.is(await world.ends('d1'), 'Succeeded');
  assert.is(world.stages('d1'), 'done done');
  await world.stops();
});

test('it is not waited for ever: a host that says nothing after that has failed', async () => {
  const world = worldWith(2);
  world.behaviour = ({ step }) => (step === 'prepare' ? null : undefined);
  await world.starts();
  world.deploy('d1', { timeoutSeconds: 60 });
  await world.passes(1000);
  await world.stops();
  await world.passes(300_000);
  await world.starts();
  await world.passes(140_000);
  assert.is(world.deployment('d1').phase, 'Preparing');
  await world.passes(20_000);
  assert.is(world.deployment('d1').phase, 'Failed');
  assert.match(world.why('d1').message, /no answer within 60 s/);
  await world.stops();
});
