/** Updates of installed agents: the start script under a supervisor as systemd is one, real gateways, real agents. */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { type AgentRelease, buildOf } from '../../api-types/agent-release.js';
import { launchScript } from '../../agent/update/launch-script.js';
import { userData } from '../../controllers/instances/user-data.js';
import { ROLLOUT } from '../../store/keys.js';
import { PLATFORM, writeAgentFiles } from '../build/agent-files.js';
import { type BuiltAgent, builtAgent } from '../build/built-agent.js';
import { until, untilTrue, World } from '../build/gateways.js';
import { assert, suite } from '../suite.js';

interface Context {
  built: BuiltAgent | null;
  folder: string;
  files: string;
  world: World;
  children: ChildProcess[];
}

const test = suite<Context>('updates of installed agents', {} as Context);

test.before((context) => {
  context.built = builtAgent();
});

test.beforeEach((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'update-'));
  context.files = join(context.folder, 'served');
  context.children = [];
});

test.afterEach(async ({ world, folder, children }) => {
  for (const child of children)
    try {
      process.kill(-(child.pid ?? 0), 'SIGKILL');
    } catch {
      // it has ended by itself
    }
  await (world as World | undefined)?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Restarts it whatever it ends with, but for 100. */
const SUPERVISOR = 'while :; do /bin/sh "$0" "$@"; [ $? = 100 ] && exit; sleep 0.1; done';

const rootOf = ({ folder }: Context, machine: string): string => join(folder, machine);
const homeOf = (context: Context, machine: string): string =>
  join(rootOf(context, machine), 'var/lib/scalarium/agent');
const currentOf = (context: Context, machine: string): string =>
  readlinkSync(join(homeOf(context, machine), 'current'));

const supervise = (context: Context, script: string, root: string, args: readonly string[]): void => {
  const child = spawn('/bin/sh', ['-c', SUPERVISOR, script, ...args], {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, SCALARIUM_ROOT: root },
  });
  child.stderr.on('data', (chunk: Buffer) => {
    appendFileSync(join(root, 'said'), chunk);
  });
  context.children.push(child);
};

interface File {
  readonly path: string;
  readonly content: string;
}

/** A bare machine with its user data, begun. */
const boot = (context: Context, machine: string, release: AgentRelease): void => {
  const root = rootOf(context, machine);
  const text = userData(context.world.config(), release);
  for (const { path, content } of (parse(text) as { write_files: File[] }).write_files) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  supervise(context, join(root, 'etc/scalarium/start'), root, ['--machine', machine]);
};

const eventsOf = ({ world }: Context): readonly string[] =>
  world.objects.list('Event').map(({ status }) => status.reason);

test('all hosts come to a new build, one after the other, and nothing that runs is cut off', async (context) => {
  const { built, files } = context;
  if (built === null) return;
  cpSync(built.folder, files, { recursive: true });
  context.world = await World.open(1, { agentFiles: files });
  const { world } = context;
  const executable = readFileSync(built.executable);
  const first = writeAgentFiles(files, '1.0.0', executable);
  await world.hosts(2);
  for (const machine of ['i-1', 'i-2']) boot(context, machine, first);
  const build = buildOf(first, PLATFORM) ?? '';
  await untilTrue('both run', () => ['app-1', 'app-2'].every((name) => world.agentOf(name)?.build === build));
  // the same agent with a byte behind it is another build
  const second = writeAgentFiles(files, '1.0.1', Buffer.concat([executable, Buffer.from('\n')]));
  const next = buildOf(second, PLATFORM) ?? '';
  await untilTrue('one is the next', () =>
    ['app-1', 'app-2'].some((name) => world.agentOf(name)?.build === next),
  );
  await untilTrue('both are', () => ['app-1', 'app-2'].every((name) => world.agentOf(name)?.build === next));
  const [one, other] = ['app-1', 'app-2'].map((name) => Date.parse(world.agentOf(name)?.buildSince ?? ''));
  assert.ok(Math.abs((one ?? 0) - (other ?? 0)) >= 500, 'the second waits until the first is well');
  for (const machine of ['i-1', 'i-2']) {
    assert.is(currentOf(context, machine), next);
    await untilTrue('it is proven', () => !existsSync(join(homeOf(context, machine), 'trial')));
  }
  await untilTrue(
    'it is told',
    () => eventsOf(context).filter((reason) => reason === 'AgentUpdated').length === 2,
  );
});

test('a build that does not start is gone back from, told, and given to nobody else', async (context) => {
  const { built, files } = context;
  if (built === null) return;
  context.world = await World.open(1, { agentFiles: files });
  const { world } = context;
  const first = writeAgentFiles(files, '1.0.0', readFileSync(built.executable));
  await world.hosts(2);
  for (const machine of ['i-1', 'i-2']) boot(context, machine, first);
  const build = buildOf(first, PLATFORM) ?? '';
  await untilTrue('both run', () => ['app-1', 'app-2'].every((name) => world.agentOf(name)?.build === build));
  const broken = writeAgentFiles(files, '1.0.1', '#!/bin/sh\nexit 1\n');
  const bad = buildOf(broken, PLATFORM) ?? '';
  await untilTrue('one went back', () =>
    ['app-1', 'app-2'].some((name) => world.agentOf(name)?.gaveUp === bad),
  );
  await untilTrue('it is told', () => eventsOf(context).includes('AgentWentBack'));
  await until('the rollout is halted', async () => {
    const text = await rolloutOf(world);
    return text.includes('"halted"') ? true : null;
  });
  const back = ['app-1', 'app-2'].filter((name) => world.agentOf(name)?.gaveUp === bad);
  assert.is(back.length, 1);
  for (const machine of ['i-1', 'i-2']) assert.is(currentOf(context, machine), build);
  const root = rootOf(context, (back[0] ?? '').replace('app-', 'i-'));
  assert.match(readFileSync(join(root, 'said'), 'utf8'), `${bad} did not come up: back to ${build}`);
});

const rolloutOf = async (world: World): Promise<string> => {
  const got = await world.store.get(ROLLOUT)();
  return got._tag === 'Right' ? (got.right?.value ?? '') : '';
};

/** A host whose `current` is on trial and whose agents are scripts. */
const onTrial = (context: Context, agents: Readonly<Record<string, string>>, starts: number): string => {
  const home = homeOf(context, 'i-1');
  for (const [build, script] of Object.entries(agents)) {
    mkdirSync(join(home, build), { recursive: true });
    writeFileSync(join(home, build, 'scalarium-agent'), script, { mode: 0o755 });
  }
  writeFileSync(join(home, 'launch'), launchScript({ starts: 2, seconds: 1 }));
  writeFileSync(join(home, 'trial'), `new ${String(starts)}\n`);
  const start = join(home, 'start');
  writeFileSync(start, `cd ${home}\n[ -f launch ] && . ./launch\nexec current/scalarium-agent\n`);
  return start;
};

const link = (home: string, name: string, target: string): void => {
  symlinkSync(target, join(home, name));
};

const STAYS = '#!/bin/sh\necho "$0" >>ran\nexec sleep 600\n';
const CRASHES = '#!/bin/sh\necho "$0" >>ran\nexit 1\n';
const WELCOMED = '#!/bin/sh\nrm trial\necho "$0" >>ran\nexec sleep 600\n';

for (const [name, script, ends, runs] of [
  ['one that crashes', CRASHES, 'old', 2],
  ['one that hangs', STAYS, 'old', 1],
  ['one that is welcomed', WELCOMED, 'new', 1],
] as const)
  test(`the launch script with an update: ${name}`, async (context) => {
    context.world = await World.open(1);
    const start = onTrial(context, { old: STAYS, new: script }, 0);
    const home = homeOf(context, 'i-1');
    link(home, 'current', 'new');
    link(home, 'previous', 'old');
    supervise(context, start, rootOf(context, 'i-1'), []);
    if (ends === 'old') await untilTrue('it goes back', () => readlinkSync(join(home, 'current')) === 'old');
    else await untilTrue('it stays', () => existsSync(join(home, 'ran')));
    if (ends === 'old')
      await untilTrue(
        'the old one runs',
        () => readFileSync(join(home, 'ran'), 'utf8').split('\n').length > runs + 1,
      );
    assert.is(readlinkSync(join(home, 'current')), ends);
    assert.is(existsSync(join(home, 'bad')), ends === 'old');
    assert.not.ok(existsSync(join(home, 'trial')));
  });

test('a trial that is not of the present build is none: the crash was before the switch', async (context) => {
  context.world = await World.open(1);
  const start = onTrial(context, { old: STAYS }, 9);
  const home = homeOf(context, 'i-1');
  link(home, 'current', 'old');
  link(home, 'previous', 'old');
  supervise(context, start, rootOf(context, 'i-1'), []);
  await untilTrue('it runs', () => existsSync(join(home, 'ran')));
  assert.not.ok(existsSync(join(home, 'bad')));
});
