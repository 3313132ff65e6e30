import { assert, suite } from '../../../suite.js';
import { APP, World, release, rolling, worldWith } from './world.js';

const test = suite('deployments: going back');

test('hosts go back each to what it had, not to what is in force for others', async () => {
  const world = worldWith(4);
  await world.starts();
  world.deploy('d1', { ...rolling(1), instances: ['app-1'] });
  assert.is(await world.ends('d1'), 'Succeeded');
  await world.passes(500);
  world.source = { revision: 'rev-3', digest: 'c'.repeat(64) };
  world.behaviour = ({ step, instance, release: of }) =>
    step === 'activate' && instance === 'app-4' && of?.number === 3
      ? { state: 'failed', message: 'no', releases: { [APP]: { release: 1, revision: 'rev-1' } } }
      : undefined;
  world.deploy('d2', rolling(1));
  assert.is(await world.ends('d2'), 'Failed');
  await world.passes(200);
  assert.equal(
    [1, 2, 3, 4].map((number) => world.runs(`app-${String(number)}`)),
    [2, 1, 1, 1],
  );
  await world.stops();
});

test('a host that had nothing keeps the new release when others go back, and it is said', async () => {
  const world = new World();
  world.inForce(release(1));
  world.host('app-1');
  for (const name of ['app-2', 'app-3']) world.host(name, 1);
  world.source = { revision: 'rev-2', digest: 'b'.repeat(64) };
  world.behaviour = ({ step, instance, release: of }) =>
    step === 'activate' && instance === 'app-3' && of?.number === 2
      ? { state: 'failed', message: 'no', releases: { [APP]: { release: 1, revision: 'rev-1' } } }
      : undefined;
  world.deploy('d1', rolling(1));
  await world.starts();
  assert.is(await world.ends('d1'), 'Failed');
  assert.is(world.stages('d1'), 'done reverted failed');
  assert.match(
    world.why('d1').message,
    /app-3: no; 1 hosts went back; these had no release that is known still, and keep the new one: app-1/,
  );
  await world.stops();
});
