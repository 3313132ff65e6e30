import { isLeft } from 'fp-ts/lib/Either.js';
import { DeploymentSpec } from '../../../../api-types/kinds/deployment.js';
import { ref } from '../../../fake/objects.js';
import { assert, suite } from '../../../suite.js';
import { APP, CLUSTER, release, rolling, worldWith } from './world.js';

const test = suite('deployments: what is kept in records');

test('attributes are bounded, in bytes', () => {
  const refuses = (value: string): boolean =>
    isLeft(DeploymentSpec.decode({ application: 'web', command: 'deploy', attributes: { value } }));
  assert.not.ok(refuses('x'.repeat(60_000)));
  assert.ok(refuses('x'.repeat(70_000)));
  assert.ok(refuses('漢'.repeat(30_000)));
});

test('a Deployment whose record could not be kept ends before any host is told', async () => {
  const value = 'x'.repeat(240_000);
  const world = worldWith(0);
  world.inForce(release(1, { environment: { value } }));
  for (let number = 1; number <= 1500; number += 1) world.host(`app-${String(number)}`, 1);
  world.application({ environment: { value } });
  await world.starts();
  world.deploy('d1', rolling(10));
  assert.is(await world.ends('d1'), 'Failed');
  assert.is(world.why('d1').reason, 'TooLarge');
  assert.equal(world.orders, []);
  await world.stops();
});

test('what hosts say is cut by bytes', async () => {
  const world = worldWith(1);
  world.behaviour = ({ step }) =>
    step === 'prepare' ? { state: 'failed', message: '漢'.repeat(2000) } : undefined;
  await world.starts();
  world.deploy('d1');
  assert.is(await world.ends('d1'), 'Failed');
  const message = world.deployment('d1').hosts?.['app-1']?.message ?? '';
  assert.ok(Buffer.byteLength(message) <= 1000);
  assert.not.ok(message.includes('\uFFFD'));
  await world.stops();
});

test('an application that no Role runs says so', async () => {
  const world = worldWith(1);
  world.application({ type: 'other' });
  await world.starts();
  world.deploy('d1');
  assert.is(await world.ends('d1'), 'Failed');
  assert.is(world.why('d1').message, 'no Role runs web: nothing was done');
  await world.stops();
});

test('a spec with null in its attributes is in force once it was deployed', async () => {
  const world = worldWith(1);
  world.application({ port: 4000 });
  await world.starts();
  world.deploy('d1');
  assert.is(await world.ends('d1'), 'Succeeded');
  world.application({ entry: 'a.js', port: 4000, attributes: { a: null, b: { c: null, d: [null] } } });
  await world.passes(100);
  world.deploy('d2');
  assert.is(await world.ends('d2'), 'Succeeded');
  await world.passes(200);
  const live = world.objects.get(ref('Application', CLUSTER, APP));
  assert.is(live?.status.appliedGeneration, live?.specGeneration);
  assert.equal(live?.status.current?.config.attributes, { b: { d: [null] } });
  await world.stops();
});
