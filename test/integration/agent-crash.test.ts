import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until, untilTrue, World } from '../build/gateways.js';
import { assert, suite } from '../suite.js';

const SLOW = fileURLToPath(new URL('../build/slow-agent.ts', import.meta.url));
const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const ADDRESS = '127.44.0.1';

interface Context {
  world: World;
  root: string;
  children: ChildProcess[];
}

const crash = suite<Context>('a real agent in its own process', {} as Context);

crash.beforeEach(async (context) => {
  context.world = await World.open(1);
  context.root = join(context.world.folder, 'root');
  context.children = [];
  await mkdir(context.root);
  await context.world.hosts(1);
});
crash.afterEach(async ({ world, children }) => {
  for (const child of children) child.kill('SIGKILL');
  await world.close();
});

const run = (context: Context, args: readonly string[]): ChildProcess => {
  const child = spawn(process.execPath, ['--import', 'tsx', ...args], {
    stdio: ['ignore', 'pipe', process.env['SHOW_AGENT'] === undefined ? 'ignore' : 'inherit'],
  });
  context.children.push(child);
  return child;
};

const boot = (context: Context, ms: number): ChildProcess =>
  run(context, [SLOW, context.root, 'i-1', ADDRESS, String(ms), JSON.stringify(context.world.config())]);

const journalHas = (root: string, record: string): Promise<true> =>
  until(`${record} in the journal`, async () => {
    const text = await readFile(join(root, 'var/lib/scalarium/journal'), 'utf8').catch(() => '');
    return text.includes(`"record":"${record}"`) ? true : null;
  });

crash(
  'killed in the middle of an event, it runs it again as attempt 2, interrupted, and only once',
  async (context) => {
    const { world, root } = context;
    const first = boot(context, 60_000);
    await untilTrue('connected', () => world.agentOf('app-1')?.machine === 'i-1');
    await world.tell('setup-1', 'setup', ['i-1'], await world.snapshot());
    await journalHas(root, 'started');
    first.kill('SIGKILL');
    await once(first, 'exit');
    boot(context, 10);
    const result = await world.resultOf('setup-1', 'i-1');
    assert.is(result.attempt, 2);
    assert.is(result.interrupted, true);
    assert.is(result.state, 'succeeded');
    await journalHas(root, 'recorded');
  },
);

crash(
  'what was written while it was down is run after its start; what was finished is not',
  async (context) => {
    const { world, root } = context;
    const first = boot(context, 10);
    await untilTrue('connected', () => world.agentOf('app-1')?.machine === 'i-1');
    await world.tell('setup-1', 'setup', ['i-1'], await world.snapshot());
    const before = await world.resultOf('setup-1', 'i-1');
    await journalHas(root, 'recorded');
    first.kill('SIGKILL');
    await once(first, 'exit');
    await world.tell('setup-2', 'setup', ['i-1'], await world.snapshot());
    boot(context, 10);
    const after = await world.resultOf('setup-2', 'i-1');
    assert.is(after.state, 'succeeded');
    assert.equal(await world.resultOf('setup-1', 'i-1'), before);
  },
);

crash('it connects from its own address, and its credential is for its eyes only', async (context) => {
  const { world, root } = context;
  boot(context, 10);
  await untilTrue('connected', () => world.agentOf('app-1')?.machine === 'i-1');
  assert.is(world.agentOf('app-1')?.address, ADDRESS);
  const { mode } = await stat(join(root, 'var/lib/scalarium/agent.json'));
  assert.is(mode & 0o777, 0o600);
  await untilTrue('measured', () => (world.at(0).observed.get('i-1')?.diskTotalBytes ?? 0) > 0);
});

crash('the agent command runs recipes and ends when the machine is released', async (context) => {
  const { world, root } = context;
  await mkdir(join(root, 'etc/scalarium'), { recursive: true });
  await writeFile(join(root, 'etc/scalarium/agent.json'), JSON.stringify(world.config()));
  const child = run(context, [MAIN, 'agent', '--root', root, '--machine', 'i-1', '--address', ADDRESS]);
  const host = { machine: 'i-1', role: 'app', roles: [], address: ADDRESS, zone: 'a', ready: true };
  await untilTrue('connected', () => world.agentOf('app-1')?.machine === 'i-1');
  await world.tell('setup-1', 'setup', ['i-1'], await world.snapshot({ hosts: { 'app-1': host } }));
  const result = await world.resultOf('setup-1', 'i-1');
  assert.is(result.message, undefined);
  assert.is(result.state, 'succeeded');
  assert.match(await readFile(join(root, 'etc/hosts'), 'utf8'), ADDRESS);
  const ended = once(child, 'exit');
  await world.release('app-1');
  assert.equal((await ended)[0], 0);
});
