import { LOCK } from '../../../../api-types/kinds/deployment.js';
import { assert, suite } from '../../../suite.js';
import { APP, World, release, rolling, worldWith } from './world.js';

const test = suite('deployments: one after the other, and other commands');

test('rollback takes the release before, in halves, without fetching or building', async () => {
  const world = new World();
  world.inForce(release(1), release(2));
  for (const number of [1, 2, 3, 4]) world.host(`app-${String(number)}`, 2);
  await world.starts();
  world.deploy('back', { command: 'rollback' });
  assert.is(await world.ends('back'), 'Succeeded');
  assert.is(world.app().current?.number, 1);
  assert.equal(
    world.app().releases?.map(({ number }) => number),
    [2, 1],
  );
  assert.is(world.fetched.length, 0);
  assert.is(world.deployment('back').batch, 2);
  assert.not.ok(world.orders.some((order) => order.includes('prepare')));
  await world.stops();
});

test('rollback to what is not known says what is', async () => {
  const world = worldWith(1);
  await world.starts();
  world.deploy('back', { command: 'rollback', release: 7 });
  assert.is(await world.ends('back'), 'Failed');
  assert.match(world.why('back').message, /no release 7 to go back to; there are: 1/);
  world.deploy('back2', { command: 'rollback' });
  assert.is(await world.ends('back2'), 'Failed');
  await world.stops();
});

test('a pack that is gone is packed again from its revision', async () => {
  const world = new World();
  world.inForce(release(1), release(2));
  world.host('app-1', 2);
  world.packs.clear();
  world.source = { revision: 'rev-1', digest: release(1).digest };
  await world.starts();
  world.deploy('back', { command: 'rollback' });
  assert.is(await world.ends('back'), 'Succeeded');
  assert.equal(world.fetched, [{ revision: undefined, pinned: 'rev-1' }]);
  world.packs.clear();
  world.lacking.next('shop');
  await world.passes(100);
  assert.is(world.fetched.length, 2);
  await world.stops();
});

test('one Deployment of an application at a time: the second waits and says for which', async () => {
  const world = worldWith(2);
  world.options.pace = 500;
  await world.starts();
  world.deploy('d1');
  await world.passes(100);
  world.deploy('d2');
  await world.passes(100);
  assert.is(world.deployment('d2').phase, 'Waiting');
  assert.match(world.why('d2').message, /Deployment d1 goes on/);
  assert.is(await world.ends('d2'), 'Succeeded');
  assert.is(world.app().current?.number, 3);
  await world.stops();
});

test('supersede: what is under way is awaited, the rest left, and the next one brings all of them up', async () => {
  const world = worldWith(4);
  world.options.pace = 300;
  await world.starts();
  world.deploy('d1', rolling(1));
  while (world.stages('d1') !== 'done activating prepared prepared') await world.passes(20);
  world.source = { revision: 'rev-3', digest: 'c'.repeat(64) };
  world.deploy('d2', { ...rolling(2), supersede: true });
  assert.is(await world.ends('d1'), 'Aborted');
  assert.is(world.why('d1').reason, 'Superseded');
  assert.is(world.stages('d1'), 'done done skipped skipped');
  assert.is(await world.ends('d2'), 'Succeeded');
  await world.passes(100);
  for (const number of [1, 2, 3, 4]) assert.is(world.runs(`app-${String(number)}`), 3);
  assert.is(world.deployment('d2').from?.number, 1);
  await world.stops();
});

test('a locked application takes no new Deployment, and says who locked it and why', async () => {
  const world = worldWith(2);
  world.application(
    {},
    { [LOCK]: JSON.stringify({ reason: 'black friday', by: 'eve', at: '2026-01-01T00:00:00Z' }) },
  );
  await world.starts();
  world.deploy('d1');
  assert.is(await world.ends('d1'), 'Failed');
  assert.is(world.why('d1').reason, 'Locked');
  assert.match(world.why('d1').message, /locked by eve since 2026-01-01T00:00:00Z: black friday/);
  assert.is(world.app().conditions?.['Locked']?.status, 'True');
  await world.stops();
});

test('hosts that are named and unknown, or not online, are told of', async () => {
  const world = worldWith(2);
  await world.starts();
  world.deploy('d1', { instances: ['app-1', 'app-9'] });
  assert.is(await world.ends('d1'), 'Failed');
  assert.is(world.why('d1').reason, 'HostNotFound');
  await world.dies('app-1');
  world.deploy('d2', { instances: ['app-1'] });
  assert.is(await world.ends('d2'), 'Failed');
  assert.is(world.why('d2').reason, 'NoHostOnline');
  world.deploy('d3', { instances: ['app-1', 'app-2'] });
  assert.is(await world.ends('d3'), 'Succeeded');
  assert.is(world.stages('d3'), 'skipped done');
  await world.stops();
});

test('a Deployment for some hosts leaves the others as they are', async () => {
  const world = worldWith(2);
  await world.starts();
  world.deploy('d1', { instances: ['app-1'] });
  assert.is(await world.ends('d1'), 'Succeeded');
  await world.passes(600_000);
  assert.is(world.runs('app-2'), 1);
  assert.is(world.deployments().length, 1);
  await world.stops();
});

test('restart goes batch by batch out of the load balancers; start, stop and undeploy at once', async () => {
  const world = worldWith(3);
  await world.starts();
  world.deploy('r', { command: 'restart', ...rolling(1) });
  assert.is(await world.ends('r'), 'Succeeded');
  assert.equal(world.orders, ['app-1 restart', 'app-2 restart', 'app-3 restart']);
  assert.is(world.deployment('r').change, 6);
  world.deploy('s', { command: 'stop' });
  assert.is(await world.ends('s'), 'Succeeded');
  assert.is(world.deployment('s').change, 1);
  world.deploy('g', { command: 'start' });
  assert.is(await world.ends('g'), 'Succeeded');
  world.deploy('u', { command: 'undeploy' });
  assert.is(await world.ends('u'), 'Succeeded');
  await world.passes(100);
  assert.is(world.app().current, undefined);
  assert.is(world.runs('app-1'), undefined);
  assert.is(world.deployments().length, 4);
  await world.stops();
});

test('a deleted application is taken away from its hosts before its record goes', async () => {
  const world = worldWith(2);
  world.options.pace = 300;
  await world.starts();
  world.deploy('d1');
  await world.passes(100);
  world.objects.deleteRaw({ kind: 'Application', cluster: 'shop', name: APP });
  await world.passes(100);
  assert.is(world.deployment('d1').phase, 'Aborted');
  assert.ok(world.orders.includes('app-1 undeploy'));
  assert.ok(world.objects.get({ kind: 'Application', cluster: 'shop', name: APP }));
  await world.passes(500);
  assert.not.ok(world.objects.get({ kind: 'Application', cluster: 'shop', name: APP }));
  assert.is(world.instance('app-1').applications?.[APP], undefined);
  await world.stops();
});

test('a control plane that is started anew goes on where the last one was, and tells nobody twice', async () => {
  const world = worldWith(4);
  world.options.pace = 200;
  await world.starts();
  world.deploy('d1', rolling(1));
  for (let restarts = 0; restarts < 12; restarts += 1) {
    await world.passes(130);
    await world.stops();
    await world.starts();
  }
  assert.is(await world.ends('d1'), 'Succeeded');
  assert.is(new Set(world.orders).size, world.orders.length);
  assert.is(world.orders.length, 8);
  await world.stops();
});

test('a source that was being fetched when the control plane ended is fetched again', async () => {
  const world = worldWith(1);
  world.source = null;
  await world.starts();
  world.deploy('d1');
  await world.passes(500);
  await world.stops();
  world.source = { revision: 'rev-2', digest: 'b'.repeat(64) };
  await world.starts();
  assert.is(await world.ends('d1'), 'Succeeded');
  assert.is(world.fetched.length, 2);
  await world.stops();
});
