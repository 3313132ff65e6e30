import type { ApplicationSpec } from '../../../../api-types/kinds/application.js';
import { ref } from '../../../fake/objects.js';
import { assert, suite } from '../../../suite.js';
import { outs, rolloutOf, withHostsThatCome } from './coming-hosts.js';
import { APP, CLUSTER, worldWith, type World } from './world.js';

const test = suite('deployments: the Application is edited in the middle');

const edit = (world: World, spec: Partial<ApplicationSpec>): void => {
  const live = world.objects.get(ref('Application', CLUSTER, APP))!;
  world.objects.putRaw(live.ref, { annotations: live.annotations, spec: { ...live.spec, ...spec } });
};

test('rolling stays rolling when the Application has become blue-green', async () => {
  const world = worldWith(3);
  world.options.pace = 500;
  await world.starts();
  world.deploy('d1');
  await world.passes(900);
  assert.is(world.stages('d1'), 'activating prepared prepared');
  edit(world, { strategy: { type: 'blue-green' } });
  assert.is(await world.ends('d1'), 'Succeeded');
  assert.is(outs(world, 'd1'), '');
  assert.is(rolloutOf(world), null);
  assert.is(world.deployment('d1').strategy?.type, 'rolling');
  await world.stops();
});

test('blue-green stays so, and is kept as long, when the Application has become rolling', async () => {
  const world = worldWith(2);
  withHostsThatCome(world);
  await world.starts();
  edit(world, { strategy: { type: 'blue-green', keepSeconds: 60 } });
  await world.passes(50);
  world.deploy('d1');
  await world.passes(6000);
  assert.is(world.why('d1').reason, 'Kept');
  edit(world, { strategy: { type: 'rolling', batch: 1 } });
  assert.is(await world.ends('d1', 90), 'Succeeded');
  await world.passes(1000);
  assert.is(rolloutOf(world), null);
  await world.stops();
});

test('the size of the batches and the canary are those of the beginning', async () => {
  const world = worldWith(4);
  world.options.pace = 500;
  edit(world, { strategy: { type: 'rolling', batch: 1, pauseSeconds: 0 } });
  await world.starts();
  world.deploy('d1');
  await world.passes(900);
  edit(world, { strategy: { type: 'canary', batch: 4, pauseSeconds: 3600 } });
  assert.is(await world.ends('d1'), 'Succeeded');
  assert.is(world.deployment('d1').batch, 4);
  await world.stops();
});

test('what a host fetches becomes the release that was meant when it began', async () => {
  const world = worldWith(2);
  const source = { type: 'git' as const, url: 'https://git.example.com/web', fetchedBy: 'host' as const };
  edit(world, { source, port: 4000 });
  world.options.pace = 500;
  world.behaviour = ({ step }) =>
    step === 'fetch' ? { pack: { revision: 'rev-2', digest: 'b'.repeat(64) } } : undefined;
  await world.starts();
  world.deploy('d1');
  await world.passes(200);
  edit(world, { port: 5000, source: { ...source, revision: 'other' }, roles: ['nobody'] });
  assert.is(await world.ends('d1'), 'Succeeded');
  const { release, application } = world.deployment('d1');
  assert.is(release?.config.port, 4000);
  assert.is(release?.wanted, undefined);
  assert.equal(release?.roles, ['app']);
  assert.is(application, undefined);
  await world.stops();
});

test('what is fetched is the source of the beginning, by a control plane that is started anew, too', async () => {
  const world = worldWith(2);
  edit(world, { source: { type: 'git', url: 'https://git.example.com/web', revision: 'first' }, port: 4000 });
  const { source } = world;
  world.source = null;
  await world.starts();
  world.deploy('d1');
  await world.passes(200);
  await world.stops();
  edit(world, {
    source: { type: 'git', url: 'https://git.example.com/web', revision: 'second' },
    port: 5000,
  });
  world.source = source;
  await world.starts();
  assert.is(await world.ends('d1'), 'Succeeded');
  assert.is(world.deployment('d1').release?.wanted, 'first');
  assert.is(world.deployment('d1').release?.config.port, 4000);
  await world.stops();
});
