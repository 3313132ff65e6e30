import { LOCK } from '../../../../api-types/kinds/deployment.js';
import { ref } from '../../../fake/objects.js';
import { assert, suite } from '../../../suite.js';
import { APP, CLUSTER, rolling, worldWith, type World } from './world.js';

const test = suite('deployments: who takes whose place, and who is not waited for');

const lock = (world: World): void => {
  const live = world.objects.get(ref('Application', CLUSTER, APP))!;
  const text = JSON.stringify({ reason: 'freeze', by: 'ada', at: '2026-01-01T00:00:00Z' });
  world.objects.putRaw(live.ref, { annotations: { [LOCK]: text }, spec: live.spec });
};

const halfWay = async (): Promise<World> => {
  const world = worldWith(4);
  world.options.pace = 1000;
  await world.starts();
  world.deploy('d1', rolling(1));
  await world.passes(3500);
  assert.is(world.deployment('d1').phase, 'Rolling');
  return world;
};

for (const { name, spec, reason } of [
  { name: 'there is no such release', spec: { command: 'rollback', release: 99 }, reason: 'ReleaseNotFound' },
  { name: 'there is no migration', spec: { command: 'migrate' }, reason: 'NoMigration' },
  { name: 'there is no such host', spec: { instances: ['app-9'] }, reason: 'HostNotFound' },
] as const)
  test(`one that cannot begin ends first, and supersedes nobody: ${name}`, async () => {
    const world = await halfWay();
    world.deploy('d2', { ...spec, supersede: true });
    await world.passes(200);
    assert.is(world.deployment('d2').phase, 'Failed');
    assert.is(world.why('d2').reason, reason);
    assert.is(await world.ends('d1'), 'Succeeded');
    await world.stops();
  });

test('a lock keeps others from taking the place of one that is looked at by a person', async () => {
  const world = worldWith(4);
  world.behaviour = ({ step, instance }) =>
    step === 'activate' && instance === 'app-3' ? { state: 'failed', message: 'no' } : undefined;
  await world.starts();
  world.deploy('d1', { ...rolling(1), onFailure: 'pause' });
  await world.passes(3000);
  lock(world);
  world.deploy('d2', { ...rolling(1), supersede: true });
  await world.passes(600_000);
  assert.is(world.why('d2').reason, 'Locked');
  assert.is(world.deployment('d1').phase, 'Paused');
  await world.stops();
});

test('one that would find its hosts still being set up supersedes nobody until they are', async () => {
  const world = await halfWay();
  world.host('app-9', undefined, { configure: null as never });
  world.deploy('d2', { ...rolling(1), instances: ['app-9'], supersede: true });
  await world.passes(500);
  assert.is(world.deployment('d2').phase, 'Waiting');
  assert.is(world.deployment('d1').phase, 'Rolling');
  const configure = {
    machine: 'i-app-9',
    state: 'succeeded',
    at: '2026-01-01T00:00:00Z',
    event: 'configure-1',
  };
  await world.patch('Instance', 'app-9', { configure });
  assert.is(await world.ends('d2'), 'Succeeded');
  assert.is(world.deployment('d1').phase, 'Aborted');
  await world.stops();
});

test('one that waits for its turn is aborted at once', async () => {
  const world = await halfWay();
  world.deploy('d2', { command: 'undeploy' });
  await world.passes(100);
  assert.is(world.deployment('d2').phase, 'Waiting');
  world.says('d2', 'abort');
  await world.passes(100);
  assert.is(world.deployment('d2').phase, 'Aborted');
  assert.match(world.deployment('d2').answered ?? '', /^abort /);
  assert.is(world.deployment('d1').phase, 'Rolling');
  assert.is(await world.ends('d1'), 'Succeeded');
  assert.not.ok(world.orders.some((order) => order.includes('undeploy')));
  await world.stops();
});

test('one that is aborted before its turn takes nobody’s place', async () => {
  const world = await halfWay();
  await world.stops();
  world.deploy('d2', { ...rolling(1), supersede: true });
  world.says('d2', 'abort');
  await world.starts();
  assert.is(await world.ends('d1'), 'Succeeded');
  assert.is(world.deployment('d2').phase, 'Aborted');
  await world.stops();
});
