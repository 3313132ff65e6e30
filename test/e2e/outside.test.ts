/** What people and accidents do from outside: the aws command, consent, parts of `up` that are killed, `down`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identify, isAlive, type ProcessIdentity } from '../../runtime/process-identity.js';
import { assert, suite } from '../suite.js';
import { liveMachines, terminate } from './endpoint.js';
import { EXAMPLE, eventually, makeWorld, type HostEntry, type World } from './world.js';

const HOSTS = 13;
const CLUSTER = 'monster-world';
const test = suite<{ world: World }>('Monster World from outside', { world: null as unknown as World });

test.before(async (context) => {
  context.world = await makeWorld();
  context.world.start();
  await context.world.allOnline(HOSTS);
});

test.after(async ({ world }) => {
  await world.end();
});

const machinesOf = async (world: World): Promise<Readonly<Record<string, string>>> =>
  Object.fromEntries(
    (await world.instances()).map(({ metadata, status }) => [metadata.name, status.machine?.id ?? '']),
  );

const byName = async (world: World): Promise<ReadonlyMap<string, HostEntry>> =>
  new Map((await world.hosts()).map((host) => [host.instance, host]));

test('describe-instances lists the 13 with their tags', async ({ world }) => {
  const machines = await machinesOf(world);
  const live = await liveMachines(world);
  assert.is(live.length, HOSTS);
  for (const [name, id] of Object.entries(machines)) {
    const tags = live.find(({ InstanceId }) => InstanceId === id)?.Tags ?? [];
    const tag = (key: string): string | undefined => tags.find(({ Key }) => Key === key)?.Value;
    assert.is(tag('scalarium:cluster'), CLUSTER, name);
    assert.is(tag('scalarium:slot'), name);
    assert.match(tag('Name') ?? '', name);
  }
});

test('terminate-instances of one from outside is healed, the others are left alone', async ({ world }) => {
  const before = await machinesOf(world);
  const pids = await byName(world);
  const victim = before['app-5'] ?? '';
  await terminate(world, victim);
  await eventually('app-5 is online on a new machine', async () => {
    const app5 = (await world.instances()).find(({ metadata }) => metadata.name === 'app-5');
    const machine = app5?.status.machine?.id ?? victim;
    return app5?.status.phase === 'online' && machine !== victim;
  });
  const [after, now] = [await machinesOf(world), await byName(world)];
  for (const [name, machine] of Object.entries(before)) {
    if (name === 'app-5') continue;
    assert.is(after[name], machine, name);
    assert.is(now.get(name)?.pid, pids.get(name)?.pid, name);
  }
});

const pidOf = (world: World, part: string): number => {
  try {
    return (JSON.parse(readFileSync(join(world.data, 'run', `${part}.json`), 'utf8')) as { pid: number }).pid;
  } catch {
    return 0;
  }
};

for (const [part, title] of [
  ['local-cloud', 'the local cloud'],
  ['hosts', 'the driver of the hosts'],
] as const)
  test(`${title} is killed: it is started again, nothing is lost, and the system works`, async ({
    world,
  }) => {
    const before = await machinesOf(world);
    const pids = await byName(world);
    const killed = pidOf(world, part);
    process.kill(killed, 'SIGKILL');
    await eventually(
      'it runs again',
      () => ![0, killed].includes(pidOf(world, part)) && identify(pidOf(world, part)) !== null,
    );
    assert.match(world.output(), `warning: ${title} ended by SIGKILL and is started again`);
    // a driver that has adopted its hosts watches them; one that died before is booted again, as after a power cut
    await pause(3000);
    // a host that dies after it is noticed by the new one, and its slot gets a machine from the cloud
    const victim = (await byName(world)).get('cache-1');
    assert.ok(victim !== undefined);
    process.kill(victim.pid, 'SIGKILL');
    await eventually('cache-1 is online on a new machine', async () => {
      const machine = (await machinesOf(world))['cache-1'] ?? '';
      return machine !== '' && machine !== victim.machine;
    });
    await world.allOnline(HOSTS);
    const [after, now] = [await machinesOf(world), await byName(world)];
    for (const [name, machine] of Object.entries(before)) {
      if (name === 'cache-1') continue;
      assert.is(after[name], machine, name);
      assert.is(now.get(name)?.pid, pids.get(name)?.pid, name);
    }
  });

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

interface RoleView {
  readonly status: {
    readonly conditions: readonly {
      readonly type: string;
      readonly status: string;
      readonly message: string;
    }[];
  };
}

test('replicas: 0 of app is parked until somebody consents, then the hosts go', async ({ world }) => {
  const before = await machinesOf(world);
  const file = join(world.data, 'no-app.yaml');
  writeFileSync(file, readFileSync(EXAMPLE, 'utf8').replace('replicas: 8', 'replicas: 0'));
  const plan = await world.scalarium('plan', '-f', file);
  assert.is(plan.code, 2, plan.stderr);
  assert.match(plan.stdout, /waits for consent/);
  assert.is((await world.scalarium('apply', '-f', file)).code, 0);
  const parked = await eventually('ConsentRequired', async () => {
    const view = await world.json<RoleView>('get', 'role', 'app', '-n', CLUSTER, '-o', 'json');
    return (
      view.status.conditions.find(({ type, status }) => type === 'ConsentRequired' && status === 'True') ??
      null
    );
  });
  assert.match(parked.message, /8/);
  assert.is((await world.scalarium('consent', CLUSTER)).code, 1, 'there is no terminal to ask on');
  assert.equal(await machinesOf(world), before);
  assert.is((await world.scalarium('consent', CLUSTER, '--yes')).code, 0);
  await world.allOnline(HOSTS - 8);
  await eventually('their machines are gone', async () => (await liveMachines(world)).length === HOSTS - 8);
  const after = await machinesOf(world);
  for (const [name, machine] of Object.entries(after)) assert.is(machine, before[name], name);
});

test('kill -9 of up, then down: nothing runs any more', async ({ world }) => {
  const pids = [
    ...(await world.hosts()).map(({ pid }) => pid),
    pidOf(world, 'hosts'),
    pidOf(world, 'local-cloud'),
  ];
  const identities = pids.map(identify).filter((one): one is ProcessIdentity => one !== null);
  assert.is(identities.length, HOSTS - 8 + 2);
  world.process().kill('SIGKILL');
  await world.ended();
  assert.is(identities.filter(isAlive).length, identities.length, 'up took nothing with it');
  const down = await world.scalarium('down');
  assert.is(down.code, 0, down.stderr);
  assert.is(down.stdout, 'ended: hosts, local-cloud\n');
  assert.equal(identities.filter(isAlive), []);
});
