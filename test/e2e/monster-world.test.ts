/** The README's promise: Monster World comes up, stays up, comes back, heals, and leaves nothing behind. Runs alone: it measures. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { identify, isAlive } from '../../runtime/process-identity.js';
import { assert, suite } from '../suite.js';
import { eventually, makeWorld, type HostEntry, type World } from './world.js';

const HOSTS = 13;
const test = suite<{ world: World }>('Monster World', { world: null as unknown as World });

test.beforeEach(async (context) => {
  context.world = await makeWorld();
});

test.afterEach(async ({ world }) => {
  await world.end();
});

const machinesOf = async (world: World): Promise<Readonly<Record<string, string>>> =>
  Object.fromEntries(
    (await world.instances()).map((instance) => [instance.metadata.name, instance.status.machine?.id ?? '']),
  );

const byInstance = async (world: World): Promise<ReadonlyMap<string, HostEntry>> =>
  new Map((await world.hosts()).map((host) => [host.instance, host]));

const haproxyConfig = (host: HostEntry): string =>
  readFileSync(join(host.root, 'etc/haproxy/haproxy.cfg'), 'utf8');

test('up --once brings 13 hosts online, prints them, and stops everything', async ({ world }) => {
  world.start('--once');
  assert.is(await world.ended(), 0, world.output());
  assert.is(
    world
      .output()
      .split('\n')
      .filter((line) => /\bonline\b/.test(line) && line.startsWith('monster-world')).length,
    HOSTS,
    world.output(),
  );
});

test('Ctrl-C stops everything; a second start finds the same machines again', async ({ world }) => {
  world.start();
  await world.allOnline(HOSTS);
  const before = await machinesOf(world);
  const pids = (await world.hosts())
    .map((host) => identify(host.pid))
    .filter((identity) => identity !== null);
  assert.is(pids.length, HOSTS);
  world.process().kill('SIGINT');
  assert.is(await world.ended(), 0, world.output());
  assert.equal(pids.filter(isAlive), [], 'host processes are gone');
  world.start();
  await world.allOnline(HOSTS);
  await eventually('host processes run again', async () => (await world.hosts()).length === HOSTS);
  assert.equal(await machinesOf(world), before);
});

test('a killed app host is dropped from haproxy.cfg within 10 s and online again within 40 s', async ({
  world,
}) => {
  world.start();
  await world.allOnline(HOSTS);
  const before = await byInstance(world);
  const balancer = before.get('lb-1')!;
  const victim = before.get('app-3')!;
  await eventually('haproxy.cfg lists all eight', () =>
    [...before.values()]
      .filter((host) => host.instance.startsWith('app-'))
      .every((host) => haproxyConfig(balancer).includes(`${host.address}:`)),
  );
  process.kill(victim.pid, 'SIGKILL');
  await eventually('haproxy.cfg drops it', () => !haproxyConfig(balancer).includes(`${victim.address}:`), 10);
  const replaced = await eventually(
    'app-3 is online on a new machine',
    async () => {
      const app3 = (await world.instances()).find((instance) => instance.metadata.name === 'app-3');
      const machine = app3?.status.machine?.id;
      return app3?.status.phase === 'online' && machine !== undefined && machine !== victim.machine
        ? machine
        : null;
    },
    40,
  );
  assert.is.not(replaced, victim.machine);
  const after = await byInstance(world);
  for (const [name, host] of before) {
    if (name === 'app-3') continue;
    assert.is(after.get(name)?.machine, host.machine, name);
    assert.is(after.get(name)?.pid, host.pid, name);
  }
});
