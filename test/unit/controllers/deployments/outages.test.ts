import { EPOCH } from '../../../build/objects.js';
import { ref } from '../../../fake/objects.js';
import { assert, suite } from '../../../suite.js';
import { sha256 } from '../../../../recipes/members.js';
import { resultOf, type HostOrder } from './parts.js';
import { APP, CLUSTER, release, rolling, worldWith, type World } from './world.js';

const test = suite('deployments: a control plane that was away');

test('load balancers that nobody could ask for longer than it is waited for them are asked again', async () => {
  const world = worldWith(3);
  world.options.telling = null;
  await world.starts();
  world.deploy('d1', rolling(1));
  await world.passes(1000);
  assert.is(world.stages('d1'), 'leaving prepared prepared');
  await world.stops();
  await world.passes(130_000);
  world.options.telling = 20;
  await world.starts();
  await world.passes(1000);
  // lifecycle says what load balancers have confirmed; it takes the record up when it changes
  await world.patch('Deployment', 'd1', { told: world.deployment('d1').change });
  assert.is(await world.ends('d1'), 'Succeeded');
  await world.stops();
});

test('an answer that nobody could take for longer than the time-out is an answer', async () => {
  const world = worldWith(2);
  const late: HostOrder[] = [];
  world.behaviour = (order) => {
    if (order.step !== 'activate' || late.length > 0) return undefined;
    late.push(order);
    return null;
  };
  await world.starts();
  world.deploy('d1', rolling(1));
  await world.passes(1000);
  await world.stops();
  await world.passes(660_000);
  await world.starts();
  await world.passes(1000);
  for (const order of late) world.store(resultOf(order));
  assert.is(await world.ends('d1'), 'Succeeded');
  assert.is(world.stages('d1'), 'done done');
  await world.stops();
});

test('it is not waited for ever: a host that says nothing after that has failed', async () => {
  const world = worldWith(2);
  world.behaviour = ({ step }) => (step === 'prepare' ? null : undefined);
  await world.starts();
  world.deploy('d1', { timeoutSeconds: 60 });
  await world.passes(1000);
  await world.stops();
  await world.passes(300_000);
  await world.starts();
  await world.passes(140_000);
  assert.is(world.deployment('d1').phase, 'Preparing');
  await world.passes(20_000);
  assert.is(world.deployment('d1').phase, 'Failed');
  assert.match(world.why('d1').message, /no answer within 60 s/);
  await world.stops();
});

/** What was written of an order before the control plane ended, the Deployment's record was not. */
const orphan = async (world: World, targets: readonly string[]): Promise<void> => {
  const { uid } = world.objects.get(ref('Deployment', CLUSTER, 'd1'))!;
  const name = `release-prepare-${sha256(`${uid} prepare 0`).slice(0, 12)}-0`;
  const patch = {
    event: 'deploy',
    cause: 'cut off',
    createdAt: EPOCH,
    snapshot: { version: 1, digest: 'snapshot-1' },
    targets: targets.map((instance) => ({ instance, machine: `i-${instance}` })),
    deployment: {
      uid,
      deployment: 'd1',
      application: APP,
      step: 'prepare',
      release: { ...release(2), digest: 'b'.repeat(64) },
    },
  };
  await world.objects.write(null, [{ write: 'status', ref: ref('LifecycleEvent', CLUSTER, name), patch }])();
};

for (const targets of [[], ['app-1'], ['app-1', 'app-2']])
  test(`an order for ${String(targets.length)} hosts that is there while no record says so is taken up`, async () => {
    const world = worldWith(2);
    const { source } = world;
    world.source = null;
    await world.starts();
    world.deploy('d1', rolling(1));
    await world.passes(500);
    await world.stops();
    await orphan(world, targets);
    world.source = source;
    await world.starts();
    assert.is(await world.ends('d1'), 'Succeeded');
    const prepared = world.orders.filter((order) => order.includes('prepare')).sort();
    assert.equal(prepared, ['app-1 prepare 2', 'app-2 prepare 2']);
    await world.stops();
  });

/** As if the control plane had ended between the two records. */
const loseApplication = async (world: World): Promise<void> => {
  await world.patch('Application', APP, { current: release(1), releases: [release(1)], decided: null });
};

test('what a Deployment brought is in force although the record of the Application was not written', async () => {
  const world = worldWith(2);
  await world.starts();
  world.deploy('d1', rolling(1));
  assert.is(await world.ends('d1'), 'Succeeded');
  await world.stops();
  await loseApplication(world);
  await world.starts();
  await world.passes(1000);
  assert.is(world.app().current?.number, 2);
  assert.equal(
    world.app().releases?.map(({ number }) => number),
    [2, 1],
  );
  assert.is(world.deployments().length, 1);
  await world.stops();
});

test('the next Deployment begins from what the one before brought', async () => {
  const world = worldWith(2);
  await world.starts();
  world.deploy('d1', rolling(1));
  assert.is(await world.ends('d1'), 'Succeeded');
  await world.stops();
  await loseApplication(world);
  world.deploy('d2', { command: 'restart' });
  await world.starts();
  assert.is(await world.ends('d2'), 'Succeeded');
  assert.is(world.deployment('d2').from?.number, 2);
  assert.is(world.app().current?.number, 2);
  await world.stops();
});
