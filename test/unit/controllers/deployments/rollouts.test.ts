import { ref } from '../../../fake/objects.js';
import { assert, suite } from '../../../suite.js';
import { blueGreen, rolloutOf, withHostsThatCome } from './coming-hosts.js';
import { APP, CLUSTER, worldWith, type World } from './world.js';

const test = suite('deployments: what Roles are told ends with the Deployment that told it');

/** Another application's Deployment has the hosts of the role come and go, and is looked at by a person. */
const busy = async (): Promise<World> => {
  const world = worldWith(2);
  withHostsThatCome(world);
  const source = { type: 'git' as const, url: 'https://git.example.com/other' };
  world.objects.has(ref('Application', CLUSTER, 'other'), { spec: { type: 'nodejs', source } }, {});
  const spec = { application: 'other', command: 'deploy' as const };
  const status = { phase: 'Paused' as const, startedAt: '2026-01-01T00:00:00Z' };
  world.objects.has(ref('Deployment', CLUSTER, 'other'), { spec }, status);
  await world.patch('Role', 'app', { rollout: { deployment: 'other', surge: 0, retire: ['app-9'] } });
  await world.starts();
  world.deploy('d1', blueGreen(60));
  await world.passes(3000);
  assert.is(world.why('d1').reason, 'RoleBusy');
  assert.is(rolloutOf(world)?.deployment, 'other');
  return world;
};

test('an Application that is deleted in the middle leaves no hosts beside those that were there', async () => {
  const world = worldWith(2);
  withHostsThatCome(world);
  await world.starts();
  world.deploy('d1', blueGreen(600));
  await world.passes(5000);
  assert.is(rolloutOf(world)?.surge, 2);
  world.objects.deleteRaw(ref('Application', CLUSTER, APP));
  await world.passes(400_000);
  assert.is(world.deployment('d1').phase, 'Aborted');
  assert.is(rolloutOf(world), null);
  await world.stops();
});

test('one that waits for a role can be aborted', async () => {
  const world = await busy();
  world.says('d1', 'abort');
  assert.is(await world.ends('d1'), 'Aborted');
  await world.stops();
});

test('one that waits for a role can be superseded and deleted', async () => {
  const world = await busy();
  world.deploy('d2', { command: 'restart', supersede: true });
  assert.is(await world.ends('d1'), 'Aborted');
  assert.is(world.why('d1').reason, 'Superseded');
  assert.is(await world.ends('d2'), 'Succeeded');
  world.deploy('d3', blueGreen(60));
  await world.passes(3000);
  world.objects.deleteRaw(ref('Deployment', CLUSTER, 'd3'));
  await world.passes(3000);
  assert.is(world.objects.get(ref('Deployment', CLUSTER, 'd3')), null);
  await world.stops();
});

test('it goes on when the other one has ended, and when that one left the role as it was', async () => {
  const world = await busy();
  await world.patch('Deployment', 'other', { phase: 'Failed' });
  assert.is(await world.ends('d1', 90), 'Succeeded');
  await world.passes(1000);
  assert.is(rolloutOf(world), null);
  await world.stops();
});

test('what another one left is taken away while one of this application goes on', async () => {
  const world = worldWith(2);
  world.source = null;
  await world.starts();
  world.deploy('d1');
  await world.passes(1000);
  await world.patch('Role', 'app', { rollout: { deployment: 'gone', surge: 2, retire: [] } });
  await world.passes(1000);
  assert.is(world.deployment('d1').phase, 'Fetching');
  assert.is(rolloutOf(world), null);
  await world.stops();
});
