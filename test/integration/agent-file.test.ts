/** The agent as one file, against a real gateway over TLS. Runs alone: it measures time. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BuiltAgent, builtAgent } from '../build/built-agent.js';
import { until, World } from '../build/gateways.js';
import { residentBytes } from '../build/process-figures.js';
import { testAuthority, testIdentity } from '../build/tls.js';
import { assert, suite } from '../suite.js';

interface Context {
  built: BuiltAgent | null;
  root: string;
  world: World;
  children: ChildProcess[];
}

const test = suite<Context>('the agent as one file', {} as Context);

test.before((context) => {
  context.built = builtAgent();
});

test.beforeEach(async (context) => {
  context.root = mkdtempSync(join(tmpdir(), 'one-file-'));
  context.children = [];
  const signer = await testAuthority();
  const { world } = Object.assign(context, {
    world: await World.open([await testIdentity(['127.0.0.1'], signer)]),
  });
  await world.hosts(1);
  mkdirSync(join(context.root, 'etc/scalarium'), { recursive: true });
  const config = JSON.stringify({ ...world.config(), ca: signer.cert });
  writeFileSync(join(context.root, 'etc/scalarium/agent.json'), config);
});

test.afterEach(async ({ world, root, children }) => {
  for (const child of children) child.kill('SIGKILL');
  await world.close();
  rmSync(root, { recursive: true, force: true });
});

const start = (context: Context, { executable }: BuiltAgent) => {
  const args = ['agent', '--root', context.root, '--machine', 'i-1'];
  const child = spawn(executable, args, { stdio: 'ignore', env: {} });
  context.children.push(child);
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { child, ended };
};

const connected = async ({ world }: Context): Promise<void> => {
  await until('it is connected', () => (world.at(0).observed.get('i-1')?.connected === true ? true : null));
};

test('it enrols, connects within half a second, and is small', async (context) => {
  if (context.built === null) return;
  const begun = performance.now();
  const { child, ended } = start(context, context.built);
  await connected(context);
  const took = performance.now() - begun;
  // the goal is 0.5 s; docs/benchmarks.md has what it takes on a machine that has nothing else to do
  assert.ok(took < 3_000, `${took.toFixed(0)} ms`);
  await until('a heartbeat', () =>
    (context.world.at(0).observed.get('i-1')?.sequence ?? 0) > 2 ? true : null,
  );
  const megabytes = residentBytes(child.pid ?? 0) / 1e6;
  assert.ok(megabytes < 90, `${megabytes.toFixed(1)} MB`);
  process.stderr.write(`\nconnected after ${took.toFixed(0)} ms, ${megabytes.toFixed(1)} MB resident\n`);
  child.kill('SIGTERM');
  assert.is(await ended, 0);
});

test('it carries an event out', async (context) => {
  if (context.built === null) return;
  start(context, context.built);
  await connected(context);
  await context.world.tell('setup-1', 'setup', ['i-1'], await context.world.snapshot());
  assert.is((await context.world.resultOf('setup-1', 'i-1')).state, 'succeeded');
});

test('one whose machine was let go ends, and says so by its exit code', async (context) => {
  if (context.built === null) return;
  const { ended } = start(context, context.built);
  await connected(context);
  await context.world.release('app-1');
  assert.is(await ended, 100);
});

test('what travels is at most 40 MB, and is what the index says', ({ built }) => {
  if (built === null) return;
  const index = JSON.parse(readFileSync(join(built.folder, 'index.json'), 'utf8')) as {
    readonly files: Readonly<Record<string, { name: string; bytes: number; sha256: string }>>;
  };
  for (const { name, bytes, sha256 } of Object.values(index.files)) {
    const file = join(built.folder, name);
    assert.is(statSync(file).size, bytes);
    assert.ok(bytes <= 40_000_000, String(bytes));
    assert.is(execFileSync('sha256sum', [file], { encoding: 'utf8' }).slice(0, 64), sha256);
  }
});

test('it says what is wrong with its words, and where its configuration should be', ({ built, root }) => {
  if (built === null) return;
  const run = (...args: readonly string[]): { readonly code: number; readonly said: string } => {
    try {
      return { code: 0, said: execFileSync(built.executable, args, { encoding: 'utf8', stdio: 'pipe' }) };
    } catch (error) {
      const { status, stderr } = error as { readonly status: number; readonly stderr: string };
      return { code: status, said: stderr };
    }
  };
  assert.match(run('version').said, /^\d+\.\d+\.\d+\n$/);
  assert.match(run('nonsense').said, 'there is no command "nonsense"');
  assert.is(run('nonsense').code, 64);
  const nowhere = join(root, 'nowhere');
  const { code, said } = run('agent', '--root', nowhere, '--machine', 'i-1');
  assert.is(code, 1);
  assert.match(said, `${join(nowhere, 'etc/scalarium/agent.json')} cannot be read (ENOENT)`);
});
