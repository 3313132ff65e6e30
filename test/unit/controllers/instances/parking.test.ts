/** Edits that would end a large part of a cluster, end to end. */
import { assert, suite } from '../../../suite.js';
import { oneMachineASlot } from '../../../expect/fleet.js';
import { ref } from '../../../fake/objects.js';
import { SHOP, createWorld, type World } from './world.js';

const test = suite('large terminations wait for consent');

const ROLES = {
  lb: { type: 'load-balancer', replicas: 1 },
  app: { type: 'nodejs-app', replicas: 4 },
  cache: { type: 'memcached', replicas: 1 },
};

const consentTo = async (world: World, name: 'Cluster' | 'Role', revision: number): Promise<void> => {
  const of = name === 'Cluster' ? ref('Cluster', null, SHOP) : world.roleRef();
  await world.objects.write(null, [{ write: 'status', ref: of, patch: { consentRevision: revision } }])();
};

const conditionOf = (world: World, role = 'app') =>
  world.objects.get(world.roleRef(role))?.status.conditions?.['ConsentRequired'];

test('replicas 0: parked with numbers and the command; put back: nothing happened', async () => {
  const world = createWorld({ roles: ROLES });
  await world.ticks(10);
  const before = world.cloud.alive().map(({ id }) => id);
  world.setReplicas(0);
  await world.ticks(20);
  assert.equal(
    world.cloud.alive().map(({ id }) => id),
    before,
  );
  assert.is(conditionOf(world)?.status, 'True');
  assert.match(conditionOf(world)?.message ?? '', /4 of 6 hosts, 67 %, more than maxTerminationPercent 50 %/);
  assert.match(conditionOf(world)?.message ?? '', /scalarium consent shop/);
  world.setReplicas(4);
  await world.ticks(10);
  assert.equal(
    world.cloud.alive().map(({ id }) => id),
    before,
  );
  assert.is(conditionOf(world)?.status, 'False');
  oneMachineASlot(world.objects, world.cloud, SHOP, 6);
});

test('with consent it is carried out', async () => {
  const world = createWorld({ roles: ROLES });
  await world.ticks(10);
  world.setReplicas(0);
  await world.ticks(3);
  await consentTo(world, 'Role', world.objects.get(world.roleRef())?.specRevision ?? 0);
  await world.ticks(20);
  oneMachineASlot(world.objects, world.cloud, SHOP, 2);
});

test('the cluster deleted: parked; with consent everything goes, records last', async () => {
  const world = createWorld({ roles: ROLES });
  await world.ticks(10);
  world.objects.deleteRaw(ref('Cluster', null, SHOP));
  await world.ticks(20);
  assert.is(world.cloud.alive().length, 6);
  const deletion = world.objects.get(ref('Cluster', null, SHOP))?.deletion;
  await consentTo(world, 'Cluster', deletion?.revision ?? 0);
  await world.ticks(40);
  assert.equal(world.cloud.alive(), []);
  assert.is(world.objects.get(ref('Cluster', null, SHOP)), null);
  assert.equal(world.objects.list('Instance'), []);
  assert.equal(world.objects.list('Role'), []);
});

test('while parked a host that dies is still replaced', async () => {
  const world = createWorld({ roles: ROLES });
  await world.ticks(10);
  world.objects.deleteRaw(world.roleRef());
  await world.ticks(5);
  world.cloud.kill(world.objects.get(ref('Instance', SHOP, 'app-2'))?.status.machine?.id ?? '');
  await world.ticks(40);
  oneMachineASlot(world.objects, world.cloud, SHOP, 6);
});

test('a deleted role that is put again before consent: nothing happened', async () => {
  const world = createWorld({ roles: ROLES });
  await world.ticks(10);
  const before = world.cloud.alive().map(({ id }) => id);
  world.objects.deleteRaw(world.roleRef());
  await world.ticks(5);
  world.objects.putRaw(world.roleRef(), { spec: ROLES.app });
  await world.ticks(20);
  assert.equal(
    world.cloud.alive().map(({ id }) => id),
    before,
  );
  assert.is(world.objects.get(world.roleRef())?.deletion, null);
  oneMachineASlot(world.objects, world.cloud, SHOP, 6);
});
