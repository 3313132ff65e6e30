import { assert, suite } from '../../../suite.js';
import { APP, World, worldWith, rolling } from './world.js';

const test = suite('deployments: a release goes over its hosts');

test('a deploy is packed once, built on all hosts, and comes into force batch by batch', async () => {
  const world = worldWith(4);
  await world.starts();
  world.deploy('d1', rolling(2));
  assert.is(await world.ends('d1'), 'Succeeded', JSON.stringify(world.deployment('d1').conditions));
  assert.is(world.fetched.length, 1);
  assert.is(world.stages('d1'), 'done done done done');
  assert.is(world.app().current?.number, 2);
  assert.is(world.deployment('d1').by, 'ada');
  await world.passes(100);
  assert.is(world.app().currentHosts, 4);
  assert.is(world.app().conditions?.['Ready']?.status, 'True');
  assert.equal(world.orders, [
    'app-1 prepare 2',
    'app-2 prepare 2',
    'app-3 prepare 2',
    'app-4 prepare 2',
    'app-1 activate 2',
    'app-2 activate 2',
    'app-3 activate 2',
    'app-4 activate 2',
  ]);
  await world.stops();
});

test('the first deploy takes nobody out: nothing runs there yet', async () => {
  const world = new World();
  world.application();
  world.host('app-1');
  world.host('app-2');
  await world.starts();
  world.deploy('d1');
  assert.is(await world.ends('d1'), 'Succeeded');
  assert.is(world.deployment('d1').change, undefined);
  assert.is(world.app().current?.number, 1);
  assert.equal(world.app().current?.roles, ['app']);
  await world.stops();
});

test('a host is out before it is told to activate, and in again before the next batch', async () => {
  const world = worldWith(2);
  const seen: string[] = [];
  world.behaviour = ({ step, instance }) => {
    const { hosts = {}, change = 0, told = 0 } = world.deployment('d1');
    if (step === 'activate')
      seen.push(`${instance} out=${String(hosts[instance]?.out)} told=${String(told >= change)}`);
    return undefined;
  };
  await world.starts();
  world.deploy('d1', rolling(1));
  await world.ends('d1');
  assert.equal(seen, ['app-1 out=true told=true', 'app-2 out=true told=true']);
  assert.is(world.deployment('d1').change, 4);
  await world.stops();
});

test('one host alone overlaps: requests go over to its other port before the old processes end', async () => {
  const world = worldWith(1);
  world.behaviour = ({ step, overlap }) =>
    step === 'activate' && overlap === true
      ? { releases: { [APP]: { release: 2, revision: 'rev-2', port: 3001 } } }
      : undefined;
  await world.starts();
  world.deploy('d1');
  assert.is(await world.ends('d1'), 'Succeeded');
  assert.equal(world.orders, ['app-1 prepare 2', 'app-1 activate 2', 'app-1 finish']);
  assert.is(world.instance('app-1').applications?.[APP]?.port, 3001);
  assert.is(world.deployment('d1').change, 1);
  assert.is(world.deployment('d1').hosts?.['app-1']?.out, undefined);
  await world.stops();
});

test('a type that cannot overlap keeps its last host in', async () => {
  const world = worldWith(1, { type: 'php' });
  world.application({ type: 'php', roles: ['app'] });
  await world.starts();
  world.deploy('d1');
  assert.is(await world.ends('d1'), 'Succeeded');
  assert.is(world.deployment('d1').change, undefined);
  assert.equal(world.orders, ['app-1 prepare 2', 'app-1 activate 2']);
  await world.stops();
});

test('a host that comes up during a Deployment with the release of before is added behind the others', async () => {
  const world = worldWith(2);
  world.options.pace = 500;
  await world.starts();
  world.deploy('d1', rolling(1));
  await world.passes(800);
  world.host('app-3', 1);
  assert.is(await world.ends('d1'), 'Succeeded');
  assert.is(world.runs('app-3'), 2);
  assert.is(world.stages('d1'), 'done done done');
  await world.stops();
});

test('all at once: nobody leaves, all overlap', async () => {
  const world = worldWith(3);
  await world.starts();
  world.deploy('d1', { strategy: { type: 'all-at-once' } });
  assert.is(await world.ends('d1'), 'Succeeded');
  assert.is(world.deployment('d1').events?.length, 3);
  assert.is(world.deployment('d1').change, undefined);
  await world.stops();
});
