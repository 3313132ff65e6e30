/** A deploy key opens a repository behind a real sshd, and another key does not. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../build/free-port.js';
import { PATIENCE_MS } from '../build/patience.js';
import { assert } from '../suite.js';
import { fetched, gitServer, inScene, kept, refusal, type Scene } from '../unit/sources/scene.js';

const test = inScene('repositories behind ssh');

const keyIn = async (folder: string, name: string): Promise<string> => {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name)]);
  return readFile(join(folder, name), 'utf8');
};

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    child.once('exit', () => {
      resolve();
    });
    child.kill('SIGKILL');
  });

/** Takes the key `known` of whoever runs the test. */
const startSshd = async (scene: Scene): Promise<number> => {
  const { folder } = scene;
  const port = await freePort();
  const config = join(folder, 'sshd_config');
  await keyIn(folder, 'host');
  await writeFile(
    config,
    `Port ${String(port)}
ListenAddress 127.0.0.1
HostKey ${join(folder, 'host')}
PidFile none
AuthorizedKeysFile ${join(folder, 'known.pub')}
StrictModes no
UsePAM ${userInfo().uid === 0 ? 'yes' : 'no'}
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
`,
  );
  await chmod(config, 0o600);
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true });
  const sshd = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', config], { stdio: 'ignore' });
  kept(scene, { end: () => ended(sshd) });
  return port;
};

const patiently = async <A>(work: () => Promise<A>): Promise<A> => {
  const began = Date.now();
  for (;;)
    try {
      return await work();
    } catch (error) {
      if (!/Connection refused/.test(String(error)) || Date.now() - began > PATIENCE_MS) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
};

test('git: a deploy key', async (scene) => {
  const server = await gitServer(scene, { revision: 'one' });
  const sshKey = await keyIn(scene.folder, 'known');
  const port = await startSshd(scene);
  const url = `ssh://${userInfo().username}@127.0.0.1:${String(port)}${server.folder}/.git`;
  const source = { type: 'git', url, secret: 'key' } as const;
  const { revision } = await patiently(() => fetched(scene, source, { texts: { sshKey } }));
  assert.is(revision, server.git('rev-parse', 'HEAD'));
  assert.ok(existsSync(join(scene.shelf.folder, 'known_hosts')), 'its host is known from now on');
  const strange = await keyIn(scene.folder, 'strange');
  const said = await refusal(scene, source, { texts: { sshKey: strange } });
  assert.match(said, /Permission denied.*it wants to know who asks: name a Secret/s);
  assert.not.match(said, /PRIVATE KEY/);
});

test('a host that has another key than it had is not spoken to', async (scene) => {
  const server = await gitServer(scene, { revision: 'one' });
  const sshKey = await keyIn(scene.folder, 'known');
  const port = await startSshd(scene);
  const known = await keyIn(scene.folder, 'another').then(() =>
    readFile(join(scene.folder, 'another.pub'), 'utf8'),
  );
  mkdirSync(scene.shelf.folder, { recursive: true });
  await writeFile(join(scene.shelf.folder, 'known_hosts'), `[127.0.0.1]:${String(port)} ${known}`);
  const url = `ssh://${userInfo().username}@127.0.0.1:${String(port)}${server.folder}/.git`;
  const source = { type: 'git', url, secret: 'key' } as const;
  const said = await patiently(async () => {
    const text = await refusal(scene, source, { texts: { sshKey } });
    if (/Connection refused/.test(text)) throw new Error(text);
    return text;
  });
  assert.match(said, /remove its line from artifacts\/known_hosts in the data directory/);
});
