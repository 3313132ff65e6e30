import { EPOCH } from '../../../build/objects.js';
import { assert, suite } from '../../../suite.js';
import { APP, World, release, worldWith } from './world.js';

const test = suite('deployments: hosts that were away');

const online = (name: string) => ({
  agent: { machine: `i-${name}`, connectedAt: EPOCH, address: '10.0.0.1', version: '1' },
});

test('a host that was away while it was undeployed takes it away when it is back', async () => {
  const world = worldWith(2);
  await world.patch('Instance', 'app-2', { agent: null });
  await world.starts();
  world.deploy('d1', { command: 'undeploy' });
  assert.is(await world.ends('d1'), 'Succeeded');
  await world.patch('Instance', 'app-2', online('app-2'));
  await world.passes(2000);
  assert.is(world.runs('app-1'), undefined);
  assert.is(world.runs('app-2'), undefined);
  assert.is(world.app().current, undefined);
  assert.is(world.deployments().length, 2);
  await world.stops();
});

test('what a setup brought before the undeploy is not taken away again and again', async () => {
  const world = worldWith(1);
  const deploy = { machine: 'i-app-1', event: 'deploy-1', state: 'succeeded' as const, at: EPOCH };
  const releases = { [APP]: { release: 1, revision: 'rev-1' } };
  await world.patch('Instance', 'app-1', { deploy: { ...deploy, releases }, applications: null });
  await world.starts();
  world.deploy('d1', { command: 'undeploy' });
  assert.is(await world.ends('d1'), 'Succeeded');
  await world.passes(3_600_000);
  assert.is(world.deployments().length, 1);
  await world.stops();
});

test('a host that stays behind whatever it answers is asked more and more rarely', async () => {
  const world = new World();
  world.inForce(release(1), release(2));
  world.host('app-1', 1);
  world.behaviour = () => ({ releases: { [APP]: { release: 1, revision: 'rev-1' } } });
  await world.starts();
  await world.passes(50_000);
  assert.is(world.deployments().length, 1);
  await world.passes(550_000);
  assert.is(world.deployments().length, 4);
  await world.stops();
});
