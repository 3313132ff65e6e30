import * as E from 'fp-ts/lib/Either.js';
import { assert, suite } from '../../../suite.js';
import { neverMoreThan, oneMachineASlot } from '../../../expect/fleet.js';
import { transient } from '../../../../runtime/failure.js';
import { ref } from '../../../fake/objects.js';
import { SHOP, createWorld, type World } from './world.js';

const test = suite('the instances controller keeps slots filled');

test('a role comes up: one machine a slot, spread over two zones, named', async () => {
  const world = createWorld({ replicas: 4 });
  await world.ticks(8);
  oneMachineASlot(world.objects, world.cloud, SHOP, 4);
  neverMoreThan(world.cloud, 4);
  const zones = world.cloud.alive().map(({ zone }) => zone);
  assert.equal(zones.sort(), ['zone-a', 'zone-a', 'zone-b', 'zone-b']);
  const names = world.cloud.alive().map(({ tags }) => tags['Name']);
  assert.equal(names.sort(), ['shop/app-1', 'shop/app-2', 'shop/app-3', 'shop/app-4']);
  const role = world.objects.get(world.roleRef());
  assert.is(role?.status.readyReplicas, 4);
  assert.is(role?.status.conditions?.['Ready']?.status, 'True');
  assert.is(role?.status.conditions?.['Reconciling']?.status, 'False');
  assert.equal(role?.status.batches, []);
});

test('at rest nothing is written and nothing is called', async () => {
  const world = createWorld({ replicas: 4 });
  await world.ticks(12);
  const written = world.objects.written.length;
  const calls = world.cloud.history().length;
  await world.ticks(30);
  assert.is(world.objects.written.length, written);
  assert.is(world.cloud.history().length, calls);
});

test('scaling down removes the highest numbers after their shutdown', async () => {
  const world = createWorld({ replicas: 4 });
  await world.ticks(8);
  world.setReplicas(3);
  await world.ticks(8);
  oneMachineASlot(world.objects, world.cloud, SHOP, 3);
  assert.equal(
    world.objects.list('Instance', SHOP).map(({ ref }) => ref.name),
    ['app-1', 'app-2', 'app-3'],
  );
});

test('a machine that dies outside is replaced', async () => {
  const world = createWorld({ replicas: 3 });
  await world.ticks(8);
  world.cloud.kill(world.cloud.alive()[0]?.id ?? '');
  await world.ticks(30);
  oneMachineASlot(world.objects, world.cloud, SHOP, 3);
  neverMoreThan(world.cloud, 4);
});

test('a lost answer is asked for again with the same token', async () => {
  const world = createWorld({ replicas: 3 });
  world.cloud.failNext('RunInstances', transient('CloudUnavailable', 'timed out'), { afterEffect: true });
  world.cloud.failNext('RunInstances', transient('CloudUnavailable', 'timed out'), { afterEffect: true });
  await world.ticks(20);
  oneMachineASlot(world.objects, world.cloud, SHOP, 3);
  neverMoreThan(world.cloud, 3);
});

const agentOf = async (world: World): Promise<ReadonlySet<string>> => {
  const texts = await Promise.all(world.cloud.alive().map(({ id }) => world.cloud.cloud.userData(id)()));
  return new Set(
    texts.map((text) => (E.isRight(text) ? (/ s=([0-9a-f]{64})/.exec(text.right ?? '')?.[1] ?? 'none') : '')),
  );
};

test('a launch that is called again after another agent was built brings the agent of its first call', async () => {
  const [first, second] = ['a', 'b'].map((digit) => digit.repeat(64)) as [string, string];
  let built = first;
  const release = () => ({ version: '1', sha256: { 'linux-x64': built } });
  const world = createWorld({ replicas: 3, provider: 'aws', release });
  for (const afterEffect of [false, true])
    world.cloud.failNext('RunInstances', transient('CloudUnavailable', 'timed out'), { afterEffect });
  while ((world.objects.get(world.roleRef())?.status.batches ?? []).length === 0) await world.tick();
  built = second;
  world.restart();
  await world.ticks(20);
  oneMachineASlot(world.objects, world.cloud, SHOP, 3);
  neverMoreThan(world.cloud, 3);
  assert.equal([...(await agentOf(world))], [first]);
  world.setReplicas(4);
  await world.ticks(10);
  assert.equal([...(await agentOf(world))].sort(), [first, second]);
});

test('hosts of the local cloud are booted with an agent: their user data brings none', async () => {
  const release = () => ({ version: '1', sha256: { 'linux-x64': 'a'.repeat(64) } });
  const world = createWorld({ replicas: 1, release });
  await world.ticks(5);
  assert.equal([...(await agentOf(world))], ['none']);
});

test('a zone without capacity: the other one, and no slot is launched twice', async () => {
  const world = createWorld({ replicas: 4 });
  world.cloud.setCapacity('zone-a', 0);
  await world.ticks(20);
  oneMachineASlot(world.objects, world.cloud, SHOP, 4);
  neverMoreThan(world.cloud, 4);
  assert.ok(world.cloud.alive().every(({ zone }) => zone === 'zone-b'));
});

test('a deleted role goes whole, then its record', async () => {
  const world = createWorld({ replicas: 2 });
  await world.ticks(8);
  world.objects.deleteRaw(world.roleRef());
  await world.ticks(15);
  assert.is(world.objects.get(world.roleRef()), null);
  assert.equal(world.objects.list('Instance', SHOP), []);
  assert.equal(world.cloud.alive(), []);
});

test('del and put at once: the old incarnation ends, then the new one begins', async () => {
  const world = createWorld({ replicas: 2 });
  await world.ticks(8);
  const before = world.cloud.alive().map(({ id }) => id);
  world.objects.deleteRaw(world.roleRef());
  world.objects.putRaw(world.roleRef(), { spec: { type: 'nodejs-app', replicas: 2 } });
  await world.ticks(30);
  oneMachineASlot(world.objects, world.cloud, SHOP, 2);
  assert.ok(world.cloud.alive().every(({ id }) => !before.includes(id)));
});

test('a deleted cluster takes its grants, secrets and runs with it, after its hosts', async () => {
  const world = createWorld({ replicas: 2 });
  const { objects } = world;
  const [grant, secret, run] = [
    ref('Grant', SHOP, 'ann'),
    ref('Secret', SHOP, 'db'),
    ref('Run', SHOP, 'once'),
  ];
  const belongings = [grant, secret, run];
  const elsewhere = ref('Grant', 'other', 'ann');
  objects.has(grant, { spec: { user: 'ann', level: 'manage' } });
  objects.has(elsewhere, { spec: { user: 'ann', level: 'manage' } });
  objects.has(secret, { spec: { sealed: {} } });
  objects.has(run, { spec: { event: 'configure' } });
  await world.ticks(8);
  objects.deleteRaw(ref('Cluster', null, SHOP));
  const there = (): number => belongings.filter((of) => objects.get(of) !== null).length;
  for (let left = 40; left > 0 && objects.get(ref('Cluster', null, SHOP)) !== null; left -= 1) {
    if (objects.list('Instance', SHOP).length > 0) assert.is(there(), 3, 'hosts shut down with all in place');
    await world.tick();
  }
  assert.is(objects.get(ref('Cluster', null, SHOP)), null);
  assert.equal(world.cloud.alive(), []);
  assert.is(there(), 0);
  assert.not.equal(objects.get(elsewhere), null);
});
