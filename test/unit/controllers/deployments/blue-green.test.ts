import { ref } from '../../../fake/objects.js';
import { assert, suite } from '../../../suite.js';
import { blueGreen, outs, withHostsThatCome } from './coming-hosts.js';
import { CLUSTER, worldWith } from './world.js';

const test = suite('deployments: new hosts take the place of those of before');

test('requests go over to all new hosts at once; those of before are kept, and then go', async () => {
  const world = worldWith(2);
  withHostsThatCome(world);
  await world.starts();
  world.deploy('d1', blueGreen(60));
  await world.passes(500);
  // seen before they have a machine: nobody gives them anything
  assert.is(outs(world, 'd1'), 'app-3 app-4');
  await world.passes(5000);
  assert.is(world.deployment('d1').phase, 'Paused');
  assert.is(outs(world, 'd1'), 'app-1 app-2');
  assert.is(world.runs('app-1'), 1);
  assert.is(world.runs('app-3'), 2);
  assert.is(await world.ends('d1', 90), 'Succeeded');
  assert.is(world.app().current?.number, 2);
  assert.ok(world.objects.get(ref('Instance', CLUSTER, 'app-1'))?.deletion);
  assert.not.ok(world.orders.some((order) => /^app-[12] /.test(order)));
  await world.passes(100);
  assert.is(world.objects.get(ref('Role', CLUSTER, 'app'))?.status.rollout ?? null, null);
  await world.stops();
});

test('an abort while those of before are kept gives requests back to them at once', async () => {
  const world = worldWith(2);
  withHostsThatCome(world);
  await world.starts();
  world.deploy('d1', blueGreen(600));
  await world.passes(5000);
  world.says('d1', 'abort');
  await world.passes(100);
  assert.is(outs(world, 'd1'), 'app-3 app-4');
  assert.is(await world.ends('d1'), 'Aborted');
  assert.is(world.app().current?.number, 1);
  assert.not.ok(world.objects.get(ref('Instance', CLUSTER, 'app-1'))?.deletion);
  assert.ok(world.objects.get(ref('Instance', CLUSTER, 'app-3'))?.deletion);
  await world.stops();
});

test('promote lets those of before go before their time', async () => {
  const world = worldWith(2);
  withHostsThatCome(world);
  await world.starts();
  world.deploy('d1', blueGreen(600));
  await world.passes(5000);
  world.says('d1', 'promote');
  assert.is(await world.ends('d1'), 'Succeeded');
  await world.stops();
});

test('a release that does not get well on the new hosts touches nothing: they go', async () => {
  const world = worldWith(2);
  withHostsThatCome(world);
  world.behaviour = ({ step, instance }) =>
    step === 'activate' && instance === 'app-4' ? { state: 'failed', message: 'no' } : undefined;
  await world.starts();
  world.deploy('d1', blueGreen(60));
  assert.is(await world.ends('d1'), 'Failed');
  assert.match(world.why('d1').message, /app-4: no/);
  assert.ok(world.objects.get(ref('Instance', CLUSTER, 'app-4'))?.deletion);
  assert.is(world.runs('app-1'), 1);
  await world.stops();
});

test('new hosts that do not come up in time end it', async () => {
  const world = worldWith(2);
  withHostsThatCome(world, false);
  await world.starts();
  world.deploy('d1', { ...blueGreen(60), timeoutSeconds: 60 });
  assert.is(await world.ends('d1', 7200), 'Failed');
  assert.is(world.why('d1').reason, 'HostsNotUp');
  await world.stops();
});

test('a control plane that is started anew goes on with the hosts that came', async () => {
  const world = worldWith(2);
  withHostsThatCome(world);
  world.options.pace = 200;
  await world.starts();
  world.deploy('d1', blueGreen(10));
  for (let restarts = 0; restarts < 15; restarts += 1) {
    await world.passes(330);
    await world.stops();
    await world.starts();
  }
  assert.is(await world.ends('d1'), 'Succeeded');
  assert.is(new Set(world.orders).size, world.orders.length);
  await world.stops();
});

test('a new host runs the migration: those of before do not have the release', async () => {
  const world = worldWith(2, { migration: { command: 'migrate' } });
  withHostsThatCome(world);
  world.application({ migration: { command: 'migrate' } });
  await world.starts();
  world.deploy('d1', { ...blueGreen(10), migrate: true });
  assert.is(await world.ends('d1'), 'Succeeded');
  assert.equal(
    world.orders.filter((order) => order.includes('migrate')),
    ['app-3 migrate 2'],
  );
  await world.stops();
});
