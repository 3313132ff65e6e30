/** What user data makes a bare machine run: the real shell script in a folder, against a real gateway over TLS. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { parse } from 'yaml';
import type { AgentConfig } from '../../api-types/agent-protocol.js';
import { type AgentRelease, buildOf } from '../../api-types/agent-release.js';
import { userData } from '../../controllers/instances/user-data.js';
import { PLATFORM, writeAgentFiles } from '../build/agent-files.js';
import { until, World } from '../build/gateways.js';
import { testAuthority, testIdentity } from '../build/tls.js';
import { assert, suite } from '../suite.js';

interface Context {
  root: string;
  files: string;
  world: World;
  ca: string;
  children: ChildProcess[];
}

const test = suite<Context>('the start of a bare machine', {} as Context);

/** Tells that it runs, and how it was called. */
const AGENT = '#!/bin/sh\necho "$SCALARIUM_AGENT_HOME|$*" >"$SCALARIUM_AGENT_HOME/ran"\n';

test.beforeEach(async (context) => {
  context.root = mkdtempSync(join(tmpdir(), 'bare-'));
  context.files = join(context.root, 'served');
  context.children = [];
  const signer = await testAuthority();
  context.ca = signer.cert;
  context.world = await World.open([await testIdentity(['127.0.0.1'], signer)], {
    agentFiles: context.files,
  });
});

test.afterEach(async ({ world, root, children }) => {
  for (const child of children) if (child.exitCode === null) process.kill(-(child.pid ?? 0), 'SIGKILL');
  await world.close();
  rmSync(root, { recursive: true, force: true });
});

interface File {
  readonly path: string;
  readonly permissions?: string;
  readonly content: string;
}

/** What cloud-init does with the files of user data, below a folder. */
const writeFiles = (root: string, text: string): void => {
  for (const { path, permissions, content } of (parse(text) as { write_files: File[] }).write_files) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), content, { mode: parseInt(permissions ?? '0644', 8) });
  }
};

const agentFolder = (root: string): string => join(root, 'var/lib/scalarium/agent');

/** The script as the unit starts it; `said` grows with what it writes on standard error. */
const start = (context: Context, release: AgentRelease, env: Record<string, string> = {}) => {
  const { world, root, ca, children } = context;
  const config: AgentConfig = { ...world.config(), ca };
  writeFiles(root, userData(config, release));
  const child = spawn('/bin/sh', [join(root, 'etc/scalarium/start'), '--machine', 'i-1'], {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, SCALARIUM_ROOT: root, ...env },
  });
  children.push(child);
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { ended, said: () => said };
};

test('it fetches the agent with the authority it was told, and becomes it', async (context) => {
  const { root, files } = context;
  const release = writeAgentFiles(files, '1.0.0', AGENT);
  const { ended, said } = start(context, release);
  assert.is(await ended, 0, said());
  const home = agentFolder(root);
  assert.is(readFileSync(join(home, 'ran'), 'utf8'), `${home}|agent --root ${root} --machine i-1\n`);
  assert.is(readlinkSync(join(home, 'current')), buildOf(release, PLATFORM));
  assert.not.ok(existsSync(join(home, 'new.gz')));
});

test('what does not hash to what the user data says is refused, and said; what does is taken later', async (context) => {
  const { files, root } = context;
  const right = writeAgentFiles(files, '1.0.0', AGENT);
  const wrong = writeAgentFiles(files, '1.0.0', AGENT.replace('echo', 'echo evil'));
  const sent = wrong.sha256[PLATFORM] ?? '';
  // a gateway that sends something else under the name that was asked for
  const index = readFileSync(join(files, 'index.json'), 'utf8');
  writeFileSync(join(files, 'index.json'), index.replace(sent, right.sha256[PLATFORM] ?? ''));
  const { ended, said } = start(context, right);
  await until('it is refused', () => (said().includes('is refused') ? true : null));
  assert.match(said(), `its SHA-256 is ${sent}, expected ${right.sha256[PLATFORM] ?? ''}`);
  assert.not.ok(existsSync(join(agentFolder(root), 'current')));
  writeAgentFiles(files, '1.0.0', AGENT);
  assert.is(await ended, 0, said());
  assert.not.match(readFileSync(join(agentFolder(root), 'ran'), 'utf8'), 'evil');
});

test('a gateway that has none is said, and asked again', async (context) => {
  const release = writeAgentFiles(join(context.root, 'elsewhere'), '1.0.0', AGENT);
  const { ended, said } = start(context, release);
  await until('it cannot be had', () => (said().includes('cannot be had') ? true : null));
  writeAgentFiles(context.files, '1.0.0', AGENT);
  assert.is(await ended, 0, said());
});

test('another authority is not believed', async (context) => {
  const release = writeAgentFiles(context.files, '1.0.0', AGENT);
  context.ca = (await testAuthority()).cert;
  const { said } = start(context, release);
  await until('it cannot be had', () => (said().includes('cannot be had') ? true : null));
  assert.match(said(), /certificate/i);
  assert.not.ok(existsSync(join(agentFolder(context.root), 'current')));
});

test('without curl it fetches with Python', async (context) => {
  const release = writeAgentFiles(context.files, '1.0.0', AGENT);
  const tools = join(context.root, 'bin');
  mkdirSync(tools);
  const needed =
    'sh cat mkdir ln mv rm readlink uname sed grep gzip sha256sum chmod sync sleep python3'.split(' ');
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  // not one of the scripts that choose among several
  const python = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], {
    encoding: 'utf8',
  }).trim();
  for (const name of needed) {
    const found = name === 'python3' ? python : folders.map((folder) => join(folder, name)).find(existsSync);
    assert.ok(found, `${name} is needed`);
    writeFileSync(join(tools, name), `#!/bin/sh\nexec ${found} "$@"\n`);
    chmodSync(join(tools, name), 0o755);
  }
  const { ended, said } = start(context, release, { PATH: tools });
  assert.is(await ended, 0, said());
  assert.ok(existsSync(join(agentFolder(context.root), 'ran')));
});

test('an agent that is there already is started as it is', async (context) => {
  const { root } = context;
  const release = writeAgentFiles(join(root, 'elsewhere'), '1.0.0', AGENT);
  const home = agentFolder(root);
  mkdirSync(join(home, 'current'), { recursive: true });
  writeFileSync(join(home, 'current/scalarium-agent'), AGENT, { mode: 0o755 });
  const { ended, said } = start(context, release);
  assert.is(await ended, 0, said());
  assert.ok(existsSync(join(home, 'ran')));
});
