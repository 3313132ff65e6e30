/** Applications of hosts that are folders, with real processes: the agent's way to them, and the end of their host. */
import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { folderServices, type FolderServices } from '../../agent/folder-services.js';

import { programPath } from '../../cli/up/program.js';
import type { RunningAgent } from '../../local-cloud/hosts/driver.js';
import { killAll, processesBelow, processesOf } from '../../local-cloud/hosts/folder-processes.js';
import { endHosts } from '../../local-cloud/hosts/leftovers.js';
import { processDriver } from '../../local-cloud/hosts/process-driver.js';
import { systemClock } from '../../runtime/clock.js';
import { silentLog } from '../../runtime/log.js';
import { identify } from '../../runtime/process-identity.js';
import { eventually } from '../e2e/world.js';
import { assert, suite } from '../suite.js';

const APP = 'scalarium-app-shop';
const ADDRESS = '127.77.0.1';

interface Scene {
  /** Agents are no reason for this process to live on. */
  alive: NodeJS.Timeout;
  directory: string;
  root: string;
  services: FolderServices;
}

const put = (root: string, path: string, text: string): void => {
  const place = join(root, path);
  mkdirSync(join(place, '..'), { recursive: true });
  writeFileSync(place, text);
};

const note = (root: string, name: string): string => {
  const path = join(root, 'srv/www/shop', name);
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
};

/** As the recipes of applications write it, with a program that tells of itself and has a child. */
const application = (root: string): void => {
  put(root, 'etc/scalarium/environment', 'COLOUR=green\n');
  put(
    root,
    'etc/scalarium/applications/shop.start',
    `cd "\${SCALARIUM_ROOT}/srv/www/shop" || exit 1
echo "$SCALARIUM_ROOT $HOST $COLOUR $(pwd)" >said
node -e 'console.log(process.pid)' >by-node
env -i sleep 1000 &
echo $! >child
echo $$ >pid
exec sleep 1000
`,
  );
  put(
    root,
    `etc/systemd/system/${APP}.service`,
    `[Service]
User=deploy
WorkingDirectory=/srv/www/shop
EnvironmentFile=/etc/scalarium/environment
ExecStart=/bin/sh /etc/scalarium/applications/shop.start
Restart=always
RestartSec=50ms
KillMode=mixed
TimeoutStopSec=3
AmbientCapabilities=CAP_NET_BIND_SERVICE

[Install]
WantedBy=multi-user.target
`,
  );
  mkdirSync(join(root, 'srv/www/shop'), { recursive: true });
};

const serviceOf = (root: string): FolderServices =>
  folderServices({
    root,
    command: [process.execPath, programPath(), 'supervisor', '--root', root, '--address', ADDRESS],
    clock: systemClock,
    log: silentLog,
  });

const pidOf = (root: string): number => Number(note(root, 'pid'));
const isAlive = (pid: number): boolean => identify(pid) !== null;

/** The application runs, as another process than `before`. */
const isUp = (root: string, before = 0): Promise<number> =>
  eventually('the application runs', () => {
    const pid = pidOf(root);
    return pid > 0 && pid !== before && isAlive(pid) && pid;
  });

const test = suite<Scene>('applications of hosts that are folders', {} as Scene);

test.beforeEach((scene) => {
  scene.alive = setInterval(() => undefined, 60_000);
  scene.directory = realpathSync(mkdtempSync(join(tmpdir(), 'scalarium-folder-')));
  scene.root = join(scene.directory, 'i-1/root');
  mkdirSync(scene.root, { recursive: true });
  application(scene.root);
  scene.services = serviceOf(scene.root);
});

test.afterEach(async ({ directory, alive }) => {
  clearInterval(alive);
  await endHosts(directory, systemClock);
  assert.equal(processesBelow(directory), []);
  rmSync(directory, { recursive: true });
});

test('a unit is carried out below the root, without its user, and told its root and address', async ({
  root,
  services,
}) => {
  assert.equal(await services.state(APP), { loaded: true, running: false, enabled: false });
  await services.enable(APP);
  await services.start(APP);
  assert.equal(await services.state(APP), { loaded: true, running: true, enabled: true });
  assert.is(note(root, 'said'), `${root} ${ADDRESS} green ${join(root, 'srv/www/shop')}`);
  assert.match(note(root, 'by-node'), /^\d+$/);
  const [pid, child] = [pidOf(root), Number(note(root, 'child'))];
  await services.restart(APP);
  assert.equal([isAlive(pid), isAlive(child)], [false, false]);
  await services.stop(APP);
  assert.is((await services.state(APP)).running, false);
});

test('only applications are services of such a host', async ({ root, services }) => {
  put(root, 'etc/systemd/system/nginx.service', '[Service]\nExecStart=/bin/sleep 1000\n');
  const why = await services.start('nginx').catch((error: unknown) => (error as Error).message);
  assert.match(String(why), /the host is a folder, of which only applications are services/);
  assert.equal(processesOf(root), []);
  assert.equal(await services.state('scalarium-app-other'), {
    loaded: false,
    running: false,
    enabled: false,
  });
});

test('whoever asks later finds the application running, also after the supervisor was killed', async ({
  root,
  services,
}) => {
  await services.enable(APP);
  await services.start(APP);
  const pid = pidOf(root);
  // as by an agent that was killed and started anew
  const anew = serviceOf(root);
  anew.begin();
  assert.is((await anew.state(APP)).running, true);
  assert.is(pidOf(root), pid);
  const own = processesOf(root).filter((each) => ![pid, Number(note(root, 'child'))].includes(each.pid));
  assert.is(own.length, 1);
  process.kill(own[0]!.pid, 'SIGKILL');
  await eventually('it has ended', () => !isAlive(own[0]!.pid));
  await anew.restart(APP);
  assert.is((await anew.state(APP)).running, true);
});

test('one that dies is started anew; those that are enabled start with the host', async ({
  root,
  services,
}) => {
  await services.enable(APP);
  await killAll(() => processesOf(root), systemClock);
  serviceOf(root).begin();
  const pid = await isUp(root);
  process.kill(pid, 'SIGKILL');
  await isUp(root, pid);
});

test('a path that is too long for a socket is none for the supervisor', async ({ directory }) => {
  const root = join(directory, 'i-2', 'r'.repeat(120));
  application(root);
  const services = serviceOf(root);
  await services.start(APP);
  assert.is((await services.state(APP)).running, true);
  await services.stop(APP);
});

test('a root that is removed ends its supervisor and all that runs there', async ({ root, services }) => {
  await services.start(APP);
  rmSync(root, { recursive: true });
  await eventually('nothing is left', () => processesOf(root).length === 0);
});

/** In the agent's place: a program that lives until it is told to end. */
const AGENT = `process.on('SIGTERM', () => process.exit(0)); setInterval(() => undefined, 60_000);`;

const CONFIG = { installation: 'i', cluster: 'c', role: 'app', batch: 'b', token: 't', gateways: [] };

const boot = async ({ directory, root }: Scene): Promise<RunningAgent> => {
  const script = join(directory, 'agent.mjs');
  writeFileSync(script, AGENT);
  const driver = processDriver(directory, { command: process.execPath, args: [script] }, systemClock);
  const machine = { machine: 'i-1', address: ADDRESS, root, directory: join(directory, 'i-1') };
  return driver.boot({ ...machine, config: CONFIG });
};

test('a host that is killed takes its applications with it at once', async (scene) => {
  const agent = await boot(scene);
  await scene.services.start(APP);
  const pids = [pidOf(scene.root), Number(note(scene.root, 'child'))];
  process.kill(agent.identity!.pid, 'SIGKILL');
  await agent.done;
  assert.equal(pids.map(isAlive), [false, false]);
  assert.equal(processesOf(scene.root), []);
});

test('a host that is stopped has its applications end by themselves first', async (scene) => {
  const { root } = scene;
  put(
    root,
    'etc/scalarium/applications/shop.start',
    `trap 'echo well >"$SCALARIUM_ROOT/srv/www/shop/ended"; exit 0' TERM
echo $$ >"$SCALARIUM_ROOT/srv/www/shop/pid"
while :; do sleep 0.05; done
`,
  );
  const agent = await boot(scene);
  await scene.services.start(APP);
  await agent.stop();
  assert.is(note(root, 'ended'), 'well');
  assert.is(isAlive(pidOf(root)), false);
});

test('what outlived a killed agent goes when the host boots again', async (scene) => {
  const { services, root } = scene;
  await services.start(APP);
  const pid = pidOf(root);
  const agent = await boot(scene);
  assert.is(isAlive(pid), false);
  await agent.stop();
});

test('processes of other roots and of nobody are left alone', async ({ root, directory, services }) => {
  const other = spawn('sleep', ['1000'], { env: { SCALARIUM_ROOT: `${root}-other` }, stdio: 'ignore' });
  await services.start(APP);
  assert.is(
    processesOf(root).some(({ pid }) => pid === other.pid),
    false,
  );
  assert.is(
    processesBelow(directory).some(({ pid }) => pid === other.pid),
    true,
  );
  other.kill('SIGKILL');
  await eventually('it has ended', () => other.signalCode !== null);
});
