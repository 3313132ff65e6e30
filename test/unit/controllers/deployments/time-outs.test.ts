import { ref } from '../../../fake/objects.js';
import { assert, suite } from '../../../suite.js';
import { CLUSTER, worldWith, type World } from './world.js';

const test = suite('deployments: how long hosts may take');

/** Seconds that hosts were given, by step. */
const given = (world: World): Readonly<Record<string, number | undefined>> =>
  Object.fromEntries(
    world.objects
      .list('LifecycleEvent', CLUSTER)
      .map(({ status }) => [status.deployment?.step ?? '', status.timeoutSeconds]),
  );

test('a migration and a health check have their own time beside that of the step', async () => {
  const world = worldWith(1);
  world.application({
    migration: { command: 'migrate', timeoutSeconds: 3600 },
    health: { timeoutSeconds: 1000 },
  });
  await world.starts();
  world.deploy('d1', { migrate: true });
  assert.is(await world.ends('d1'), 'Succeeded');
  assert.equal(given(world), { prepare: 600, migrate: 4200, activate: 2600, finish: 600 });
  await world.stops();
});

test('an answer is awaited for as long as the host was given', async () => {
  const world = worldWith(1);
  world.application({ migration: { command: 'migrate', timeoutSeconds: 3600 } });
  world.behaviour = ({ step }) => (step === 'migrate' ? null : undefined);
  await world.starts();
  world.deploy('d1', { migrate: true });
  await world.passes(4_200_000);
  assert.is(world.deployment('d1').phase, 'Migrating');
  await world.passes(60_000);
  assert.is(world.deployment('d1').migrated, 'unknown');
  assert.match(world.deployment('d1').hosts?.['app-1']?.message ?? '', /no answer within 4200 s/);
  assert.is(world.objects.get(ref('Deployment', CLUSTER, 'd1'))?.status.phase, 'Paused');
  await world.stops();
});
