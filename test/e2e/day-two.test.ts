/** What a person does to hosts that run: recipes now, logs, restarts; with real processes. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assert, suite } from '../suite.js';
import { type InstanceView, type World, eventually, makeWorld } from './world.js';

const HOSTS = 13;
const IN = ['-n', 'monster-world'];
const test = suite<{ world: World }>('run, logs and restart on real hosts', {
  world: null as unknown as World,
});

test.before(async (context) => {
  context.world = await makeWorld();
  context.world.start();
  await context.world.allOnline(HOSTS);
});
test.after(async ({ world }) => {
  await world.end();
});

interface RunView {
  readonly metadata: { readonly name: string };
  readonly status: { readonly phase: string; readonly total: number; readonly succeeded: number };
}

test('configure on all hosts although nothing has changed, then setup on one', async ({ world }) => {
  const all = await world.json<RunView>('run', 'configure', ...IN, '-o', 'json');
  assert.equal([all.status.phase, all.status.total, all.status.succeeded], ['Succeeded', HOSTS, HOSTS]);
  const one = await world.scalarium('run', 'setup', '--host', 'app-1', ...IN);
  assert.is(one.code, 0, one.stderr);
  assert.match(one.stdout, /^HOST {4}STATE {7}CHANGED {3}MESSAGE\napp-1 {3}succeeded {3}\d {9}-\n$/);
  const none = await world.scalarium('run', 'setup', '--host', 'app-99', ...IN);
  assert.is(none.code, 1);
  assert.match(none.stderr, /there is no host app-99/);
});

test('what hosts write is shown while they run, line by line', async ({ world }) => {
  const { code, stderr } = await world.scalarium('run', 'deploy', '--role', 'app', ...IN);
  assert.is(code, 0, stderr);
  assert.match(stderr, /^app-1 +\| .*event begins event=run-deploy-/m);
  assert.match(stderr, /^app-2 +\| .*event ends event=run-deploy-.* state=succeeded/m);
  const quiet = await world.scalarium('run', 'configure', '--host', 'app-1', '-q', ...IN);
  assert.not.match(quiet.stderr, /\|/);
});

test('what other hands change on a host is found, shown, and mended by a run', async ({ world }) => {
  const drift = (...words: readonly string[]) => world.scalarium('drift', ...words, ...IN);
  assert.is((await world.scalarium('run', 'configure', '-q', ...IN)).code, 0);
  const clean = await drift('-o', 'json');
  assert.is(clean.code, 0, clean.stdout + clean.stderr);
  const app = (await world.hosts()).find(({ instance }) => instance === 'app-1')!;
  writeFileSync(join(app.root, 'etc/timezone'), 'Mars/Olympus\n');
  const found = await drift('--role', 'app');
  assert.is(found.code, 1, found.stderr);
  assert.match(found.stdout, /^app-1 +drifted +1/m);
  assert.match(found.stdout, /^app-2 +clean +0/m);
  assert.match(
    found.stdout,
    /file\[\/etc\/timezone\] on app-1\n(.*\n)*? {2}-Mars\/Olympus\n {2}\+Europe\/Berlin/,
  );
  assert.is((await world.scalarium('run', 'configure', '--host', 'app-1', ...IN)).code, 0);
  assert.is((await drift('--host', 'app-1')).code, 0);
});

test('a Run goes on while the control plane is killed and comes back', async ({ world }) => {
  const made = await world.scalarium('run', 'configure', '--detach', ...IN);
  assert.is(made.code, 0, made.stderr);
  world.process().kill('SIGKILL');
  await world.ended();
  world.start();
  await eventually('it has ended well', async () => {
    const { code, stdout } = await world.scalarium('get', 'runs', ...IN, '-o', 'json');
    if (code !== 0) return false;
    const { items } = JSON.parse(stdout) as { readonly items: readonly RunView[] };
    const run = items.find(({ metadata }) => made.stdout.includes(metadata.name));
    return run?.status.phase === 'Succeeded' && run.status.total === HOSTS;
  });
  await world.allOnline(HOSTS);
});

test('the log of a host tells of its events', async ({ world }) => {
  const { code, stdout, stderr } = await world.scalarium('logs', 'app-1', '--tail', '500', ...IN);
  assert.is(code, 0, stderr);
  assert.match(stdout, /INFO {2}event begins event=setup-/);
  assert.match(stdout, /INFO {2}event ends event=run-setup-[-0-9a-f]+ state=succeeded/);
  const secure = ['--kubeconfig', join(world.data, 'kubeconfig')];
  const overTls = await world.scalarium('logs', 'app-1', '--tail', '1', '-o', 'json', ...IN, ...secure);
  assert.is(overTls.code, 0, overTls.stderr);
  assert.type((JSON.parse(overTls.stdout) as { readonly message: unknown }).message, 'string');
  const role = await world.scalarium('logs', '--role', 'app', '--tail', '1', ...IN);
  assert.is(role.code, 0, role.stderr);
  assert.match(role.stdout, /^app-1 +\| /);
});

const found = async (world: World, name: string): Promise<InstanceView> => {
  const all = await world.instances();
  return all.find(({ metadata }) => metadata.name === name)!;
};

test('a restart ends the host and brings it back on the same machine', async ({ world }) => {
  const before = (await world.hosts()).filter(({ instance }) => /^app-[12]$/.test(instance));
  const machine = (await found(world, 'app-1')).status.machine?.id;
  const { code, stdout, stderr } = await world.scalarium(
    'restart',
    'app-1',
    'app-2',
    ...IN,
    '--timeout',
    '60s',
  );
  assert.equal([code, stdout], [0, 'host/app-1 restarted\nhost/app-2 restarted\n'], stderr);
  const after = (await world.hosts()).filter(({ instance }) => /^app-[12]$/.test(instance));
  for (const { instance, pid } of before)
    assert.is.not(after.find((host) => host.instance === instance)?.pid, pid);
  const { status } = await found(world, 'app-1');
  assert.equal([status.machine?.id, status.phase], [machine, 'online']);
  const events = await world.scalarium('events', ...IN);
  assert.match(events.stdout, /Restarting.*app-1/);
  assert.not.match(events.stdout, /Replacing/);
  await world.allOnline(HOSTS);
});
