import { condition } from '../../../build/objects.js';
import { ref } from '../../../fake/objects.js';
import { assert, suite } from '../../../suite.js';
import { blueGreen, outs, rolloutOf, withHostsThatCome } from './coming-hosts.js';
import { CLUSTER, worldWith, type HostOrder, type World } from './world.js';

const test = suite('deployments: new hosts are lost, or do not get well');

const made = async (keepSeconds = 600, stays = ''): Promise<World> => {
  const world = worldWith(2);
  withHostsThatCome(world, true, stays);
  await world.starts();
  world.deploy('d1', { ...blueGreen(keepSeconds), timeoutSeconds: 120 });
  return world;
};

/** What happens once when a host is told this. */
const once = (world: World, told: string, happens: () => void, said: null | undefined): void => {
  let left = 1;
  world.behaviour = ({ instance, step }: HostOrder) => {
    if (`${instance} ${step}` !== told || left === 0) return undefined;
    left -= 1;
    happens();
    return said;
  };
};

const isGone = (world: World, name: string): boolean =>
  world.objects.get(ref('Instance', CLUSTER, name))?.deletion !== null;

test('a new host that is not Ready with the release ends it: nothing was touched', async () => {
  const world = await made();
  const ready = condition('Ready', 'False', { reason: 'ConfigureFailed', message: 'no disk' });
  const sick = () => void world.patch('Instance', 'app-3', { conditions: { Ready: ready } });
  once(world, 'app-3 activate', sick, undefined);
  await world.passes(5000);
  assert.is(world.why('d1').reason, 'HostsNotReady');
  assert.match(world.why('d1').message, /app-3/);
  assert.is(await world.ends('d1', 180), 'Failed');
  assert.match(world.why('d1').message, /app-3: it was not Ready within 120 s/);
  assert.ok(isGone(world, 'app-3'));
  assert.not.ok(isGone(world, 'app-1'));
  await world.passes(1000);
  assert.is(rolloutOf(world), null);
  await world.stops();
});

test('a new host whose machine is replaced while it activates begins anew', async () => {
  const world = await made(30);
  once(world, 'app-3 activate', () => void world.replace('app-3', 1), null);
  await world.passes(5000);
  assert.is(world.why('d1').reason, 'Kept');
  assert.is(world.runs('app-3'), 2);
  assert.is(await world.ends('d1', 60), 'Succeeded');
  await world.stops();
});

test('a new host whose slot goes is missed no more: another one comes', async () => {
  const world = await made(30);
  const goes = (): void => {
    world.objects.deleteRaw(ref('Instance', CLUSTER, 'app-3'));
  };
  once(world, 'app-3 activate', goes, null);
  await world.passes(8000);
  assert.is(world.why('d1').reason, 'Kept');
  assert.is(outs(world, 'd1'), 'app-1 app-2 app-3');
  assert.is(world.runs('app-5'), 2);
  assert.is(await world.ends('d1', 60), 'Succeeded');
  await world.stops();
});

test('a new host that is healed while those of before are kept is out until it has the release', async () => {
  const world = await made();
  await world.passes(5000);
  assert.is(world.why('d1').reason, 'Kept');
  world.options.pace = 1000;
  await world.replace('app-3', 1);
  await world.passes(500);
  assert.is(outs(world, 'd1'), 'app-1 app-2 app-3');
  await world.passes(4000);
  assert.is(world.runs('app-3'), 2);
  assert.is(outs(world, 'd1'), 'app-1 app-2');
  assert.is(world.stages('d1'), 'leaving leaving done done');
  world.says('d1', 'promote');
  assert.is(await world.ends('d1'), 'Succeeded');
  await world.stops();
});

test('those of before stay as long as a new host is being healed', async () => {
  const world = await made(20);
  await world.passes(5000);
  await world.dies('app-3');
  await world.passes(60_000);
  assert.is(world.deployment('d1').phase, 'Paused');
  assert.not.ok(isGone(world, 'app-1'));
  await world.replace('app-3', 1);
  assert.is(await world.ends('d1'), 'Succeeded');
  assert.is(world.runs('app-3'), 2);
  await world.stops();
});

test('without any new host that serves requests go back to those of before', async () => {
  const world = await made();
  await world.passes(5000);
  await world.dies('app-3');
  await world.dies('app-4');
  assert.is(await world.ends('d1', 120), 'Failed');
  assert.is(world.why('d1').reason, 'HostsNotUp');
  assert.is(outs(world, 'd1'), '');
  assert.not.ok(isGone(world, 'app-1'));
  await world.stops();
});

test('a host of before that does not go is named, and holds it for a while only', async () => {
  const world = await made(10, 'app-1');
  await world.passes(5000);
  await world.passes(30_000);
  assert.is(world.why('d1').reason, 'Retiring');
  assert.match(world.why('d1').message, /app-1/);
  assert.is(await world.ends('d1', 180), 'Succeeded');
  assert.match(world.why('d1').message, /did not go: app-1/);
  await world.passes(1000);
  assert.is(rolloutOf(world), null);
  await world.stops();
});
