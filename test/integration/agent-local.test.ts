/** What root asks of a host: real processes of `scalarium-agent`, a real gateway. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { seconds } from '../../api-types/units.js';
import { until, untilTrue, World } from '../build/gateways.js';
import { assert, suite } from '../suite.js';

interface Context {
  root: string;
  world: World;
  children: ChildProcess[];
}

const test = suite<Context>('scalarium-agent on a host', {} as Context);

const MAIN = fileURLToPath(new URL('../../agent/main.ts', import.meta.url));

test.beforeEach(async (context) => {
  context.root = mkdtempSync(join(tmpdir(), 'local-'));
  context.children = [];
  // on a busy machine nobody is taken for silent
  context.world = await World.open(1, { heartbeat: seconds(5) });
  await context.world.hosts(1);
  mkdirSync(join(context.root, 'etc/scalarium'), { recursive: true });
  writeFileSync(join(context.root, 'etc/scalarium/agent.json'), JSON.stringify(context.world.config()));
});

test.afterEach(async ({ world, root, children }) => {
  for (const child of children) child.kill('SIGKILL');
  await world.close();
  rmSync(root, { recursive: true, force: true });
});

const run = ({ root, children }: Context, ...args: readonly string[]) => {
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN, ...args, '--root', root]);
  children.push(child);
  let [said, complained] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (complained += chunk.toString()));
  const code = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, child, said: () => said, complained: () => complained };
};

const asked = async (context: Context, ...args: readonly string[]) => {
  const { code, said, complained } = run(context, ...args);
  return { code: await code, said: said(), complained: complained() };
};

const startDaemon = async (context: Context): Promise<ChildProcess> => {
  const { child } = run(context, 'agent', '--machine', 'i-1');
  const { world } = context;
  await untilTrue('it is connected', () => world.at(0).observed.get('i-1')?.connected === true);
  await untilTrue('a heartbeat came', () => (world.at(0).observed.get('i-1')?.sequence ?? 0) > 0);
  return child;
};

test('report: who the host is, and how its agent is', async (context) => {
  await startDaemon(context);
  const { code, said, complained } = await asked(context, 'report');
  assert.is(code, 0, complained);
  assert.match(said, /^Machine +i-1$/m);
  assert.match(said, /^Instance +shop\/app-1$/m);
  assert.match(said, new RegExp(`^Gateway +${context.world.at(0).url}, connected \\d+ s ago$`, 'm'));
  assert.match(said, /^Heartbeat +\d+ s ago$/m);
  assert.match(said, /^Running +nothing$/m);
  const json = JSON.parse((await asked(context, 'report', '-o', 'json')).said) as {
    readonly instance: string;
    readonly daemon: { readonly gateway: string };
  };
  assert.equal([json.instance, json.daemon.gateway], ['app-1', context.world.at(0).url]);
  assert.is(statSync(join(context.root, 'run/scalarium/agent.sock')).mode & 0o777, 0o600);
});

test('report, events and log answer while the agent does not run; rerun says that it must', async (context) => {
  const daemon = await startDaemon(context);
  await context.world.tell('setup-1', 'setup', ['i-1'], await context.world.snapshot());
  await context.world.resultOf('setup-1', 'i-1');
  daemon.kill('SIGKILL');
  await new Promise((resolve) => daemon.once('close', resolve));
  const report = await asked(context, 'report');
  assert.is(report.code, 1);
  assert.match(report.said, 'DOES NOT RUN: see systemctl status scalarium-agent');
  assert.match(report.said, /^Instance +shop\/app-1$/m);
  assert.match((await asked(context, 'events')).said, /^setup-1 +succeeded +1 /m);
  assert.match(
    (await asked(context, 'log', '--event', 'setup-1')).said,
    'info event begins machine=i-1 event=setup-1',
  );
  const rerun = await asked(context, 'rerun', 'setup-1');
  assert.is(rerun.code, 1);
  assert.match(
    rerun.complained,
    /the agent does not run: nothing listens on .*agent\.sock; see: systemctl status/,
  );
});

test('rerun carries a finished event out again and tells how it went', async (context) => {
  await startDaemon(context);
  await context.world.tell('setup-1', 'setup', ['i-1'], await context.world.snapshot());
  await context.world.resultOf('setup-1', 'i-1');
  const { said } = await until('the agent knows that it is recorded', async () => {
    const answer = await asked(context, 'rerun', 'setup-1', '-o', 'json');
    if (answer.code === 0) return answer;
    assert.match(answer.complained, 'the result of setup-1 is not recorded yet');
    return null;
  });
  const row = JSON.parse(said) as { readonly state: string; readonly attempt: number };
  assert.equal([row.state, row.attempt], ['succeeded', 2]);
  const unknown = await asked(context, 'rerun', 'setup-9');
  assert.is(unknown.code, 3);
  assert.match(unknown.complained, 'the journal holds no event "setup-9"');
});

test('log --follow shows what is written from then on', async (context) => {
  await startDaemon(context);
  const follower = run(context, 'log', '--tail', '1', '--follow');
  await untilTrue('the last line is shown', () => follower.said() !== '');
  await context.world.tell('setup-1', 'setup', ['i-1'], await context.world.snapshot());
  await untilTrue('it follows', () => follower.said().includes('event ends'));
  assert.match(follower.said(), 'info event begins machine=i-1 event=setup-1');
});
