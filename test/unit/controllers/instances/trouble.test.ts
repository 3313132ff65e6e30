import type { InstanceStatus } from '../../../../api-types/kinds/instance.js';
/** Things go wrong in the cloud and on hosts; the fleet bears it. */
import { assert, suite } from '../../../suite.js';
import { oneMachineASlot } from '../../../expect/fleet.js';
import { stalled } from '../../../../runtime/failure.js';
import { ref } from '../../../fake/objects.js';
import { SHOP, createWorld } from './world.js';

const test = suite('the instances controller in trouble');

test('every host fails to boot: launches do not go on without bound', async () => {
  const world = createWorld({
    roles: { app: { type: 'nodejs-app', replicas: 8, healing: { bootTimeoutSeconds: 10 } } },
  });
  world.allDeaf = true;
  await world.ticks(300);
  assert.ok(world.cloud.launched().length <= 8 * 3 + 10, String(world.cloud.launched().length));
  assert.ok(world.cloud.alive().length <= 16);
  world.allDeaf = false;
  world.deaf.clear();
  await world.ticks(700);
  oneMachineASlot(world.objects, world.cloud, SHOP, 8);
});

test("the cloud refuses the image: back-off, and the cloud's words on the instance", async () => {
  const world = createWorld({ replicas: 2 });
  for (let call = 0; call < 20; call += 1)
    world.cloud.failNext('RunInstances', stalled('BadParameter', 'no such image ami-x'));
  await world.ticks(60);
  const calls = world.cloud.history().filter(({ action }) => action === 'RunInstances').length;
  assert.ok(calls <= 12, String(calls));
  const launched = world.objects.get(ref('Instance', SHOP, 'app-1'))?.status.conditions?.['Launched'];
  assert.is(launched?.reason, 'LaunchFailed');
  assert.match(launched?.message ?? '', /no such image ami-x.*next attempt/);
});

const RELEASE = { version: '1', sha256: { 'linux-x64': 'a'.repeat(64) } };

test('an authority that does not fit into user data: nothing is launched, and people are told why', async () => {
  const authority = 'x'.repeat(3_000);
  const world = createWorld({ replicas: 2, provider: 'eucalyptus', authority, release: () => RELEASE });
  await world.ticks(20);
  assert.is(world.cloud.launched().length, 0);
  const { Stalled, Reconciling } = world.objects.get(world.roleRef())?.status.conditions ?? {};
  assert.equal([Stalled?.status, Stalled?.reason], ['True', 'UserDataTooLarge']);
  assert.match(Stalled?.message ?? '', /this cloud takes 4096: the authority .* 3000 bytes/);
  assert.is(Reconciling?.status, 'False');
});

test('a cloud that takes more of it is given more', async () => {
  const authority = 'x'.repeat(3_000);
  const world = createWorld({ replicas: 2, provider: 'aws', authority, release: () => RELEASE });
  await world.ticks(20);
  oneMachineASlot(world.objects, world.cloud, SHOP, 2);
});

test('a cloud that lists nothing is not believed', async () => {
  const world = createWorld({ replicas: 4 });
  await world.ticks(12);
  world.cloud.omit(world.cloud.alive().map(({ id }) => id));
  world.allDeaf = true;
  await world.ticks(120);
  world.cloud.omit([]);
  assert.is(world.cloud.launched().length, 4);
  assert.is(world.cloud.alive().length, 4);
});

test('a lost database is not replaced by an empty one; deleting the Instance asks for it', async () => {
  const world = createWorld({ roles: { db: { type: 'db-master', replicas: 1 } } });
  await world.ticks(8);
  world.cloud.kill(world.cloud.alive()[0]?.id ?? '');
  await world.ticks(60);
  assert.is(world.cloud.launched().length, 1);
  const role = world.objects.get(world.roleRef('db'));
  assert.is(role?.status.conditions?.['Stalled']?.reason, 'MachineLost');
  world.objects.deleteRaw(ref('Instance', SHOP, 'db-1'));
  await world.ticks(30);
  oneMachineASlot(world.objects, world.cloud, SHOP, 1);
  assert.is(world.cloud.launched().length, 2);
});

test('a machine whose termination hangs holds up no other', async () => {
  const world = createWorld({ replicas: 4 });
  await world.ticks(8);
  const stuck = world.objects.get(ref('Instance', SHOP, 'app-4'))?.status.machine?.id ?? '';
  world.cloud.protect([stuck]);
  world.setReplicas(2);
  await world.ticks(20);
  assert.equal(world.cloud.alive().length, 3);
  world.cloud.protect([]);
  await world.ticks(40);
  oneMachineASlot(world.objects, world.cloud, SHOP, 2);
});

test('stopped from outside: started again; desired Stopped: shut down, stopped and kept', async () => {
  const world = createWorld({ replicas: 2 });
  await world.ticks(8);
  const [first] = world.cloud.alive();
  world.cloud.setState(first?.id ?? '', 'stopped');
  await world.ticks(30);
  assert.ok(world.cloud.alive().every(({ state }) => state === 'running'));
  const of = ref('Instance', SHOP, 'app-1');
  world.objects.putRaw(of, { spec: { role: 'app', desired: 'Stopped' } });
  await world.ticks(140);
  const machine = world.objects.get(of)?.status.machine;
  assert.is(machine?.state, 'stopped');
  world.objects.putRaw(of, { spec: { role: 'app', desired: 'Running' } });
  await world.ticks(30);
  assert.is(world.objects.get(of)?.status.machine?.id, machine?.id);
  assert.is(world.objects.get(of)?.status.machine?.state, 'running');
});

test('desired Stopped: stopped as soon as its host has shut down, by one call', async () => {
  const world = createWorld({ replicas: 1 });
  await world.ticks(8);
  const of = ref('Instance', SHOP, 'app-1');
  const status = (): InstanceStatus => world.objects.get(of)?.status ?? {};
  const id = status().machine?.id ?? '';
  world.objects.putRaw(of, { spec: { role: 'app', desired: 'Stopped' } });
  await world.ticks(5);
  const stop = status().stop;
  assert.is(stop?.machine, id);
  assert.is(stop?.calledAt, undefined);
  assert.is(world.cloud.alive()[0]?.state, 'running');
  const progress = { machine: id, event: 'shutdown-1', state: 'succeeded', at: stop?.askedAt };
  await world.objects.write(null, [{ write: 'status', ref: of, patch: { shutdown: { [id]: progress } } }])();
  await world.ticks(8);
  assert.is(status().machine?.state, 'stopped');
});

test('a frozen role: nothing is launched, stopped or removed', async () => {
  const world = createWorld({ replicas: 3 });
  await world.ticks(8);
  world.objects.putRaw(world.roleRef(), { spec: { type: 'nodejs-app', replicas: 'three' } });
  world.cloud.kill(world.cloud.alive()[0]?.id ?? '');
  const calls = world.cloud.launched().length;
  await world.ticks(40);
  assert.is(world.cloud.launched().length, calls);
  assert.is(world.cloud.alive().length, 2);
  world.objects.putRaw(world.roleRef(), { spec: { type: 'nodejs-app', replicas: 3 } });
  await world.ticks(40);
  oneMachineASlot(world.objects, world.cloud, SHOP, 3);
});

test('healing asks for a replacement: the old machine goes when the new one is Ready', async () => {
  const world = createWorld({ replicas: 2 });
  await world.ticks(8);
  const of = ref('Instance', SHOP, 'app-1');
  const old = world.objects.get(of)?.status.machine?.id ?? '';
  world.deaf.add(old);
  const remediation = {
    machine: old,
    action: 'replace',
    reason: 'Silent',
    message: 'silent',
    at: '2026-01-01T00:00:09.000Z',
  };
  await world.objects.write(null, [{ write: 'status', ref: of, patch: { remediation } }])();
  await world.ticks(2);
  assert.ok(world.cloud.alive().some(({ id }) => id === old));
  await world.ticks(30);
  oneMachineASlot(world.objects, world.cloud, SHOP, 2);
  assert.ok(world.cloud.alive().every(({ id }) => id !== old));
});

test('a reboot is carried out once', async () => {
  const world = createWorld({ replicas: 1 });
  await world.ticks(8);
  const of = ref('Instance', SHOP, 'app-1');
  const machine = world.objects.get(of)?.status.machine?.id ?? '';
  const remediation = {
    machine,
    action: 'reboot',
    reason: 'Silent',
    message: 'silent',
    at: '2026-01-01T00:00:09.000Z',
  };
  await world.objects.write(null, [{ write: 'status', ref: of, patch: { remediation } }])();
  await world.ticks(10);
  assert.is(world.cloud.history().filter(({ action }) => action === 'RebootInstances').length, 1);
});

test('a reboot that recipes want is called for once, also after a restart of ours, and ends', async () => {
  const world = createWorld({ replicas: 1 });
  await world.ticks(8);
  const of = ref('Instance', SHOP, 'app-1');
  const status = () => world.objects.get(of)!.status;
  const machine = status().machine?.id ?? '';
  const tell = async (patch: Readonly<Record<string, unknown>>): Promise<void> => {
    await world.objects.write(null, [{ write: 'status', ref: of, patch }])();
  };
  const at = '2026-01-01T00:00:09.000Z';
  await tell({
    agent: { startedAt: '2026-01-01T00:00:01.000Z' },
    rebootWish: { machine, event: 'setup-1', at, finishedAt: at },
  });
  await world.ticks(3);
  world.restart();
  await world.ticks(10);
  assert.is(status().wishRestart?.askedAt, 'setup-1');
  assert.is(status().wishRestart?.doneAt, undefined);
  await tell({ agent: { startedAt: '2026-01-01T00:00:20.000Z' } });
  await world.ticks(10);
  assert.type(status().wishRestart?.doneAt, 'string');
  assert.is(world.cloud.history().filter(({ action }) => action === 'RebootInstances').length, 1);
});

test('without its cloud nothing is launched, and the role says why', async () => {
  const world = createWorld({ replicas: 1, cluster: { cloud: 'elsewhere' } });
  await world.ticks(3);
  const ready = world.objects.get(world.roleRef())?.status.conditions?.['Ready'];
  assert.is(ready?.reason, 'ReferenceNotFound');
  assert.equal(world.objects.list('Instance', SHOP), []);
});
