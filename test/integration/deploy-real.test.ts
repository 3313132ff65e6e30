/** Releases on a machine: with its users, its supervisor and its disk, all of which are thrown away. */
import { existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DeployOrder } from '../../api-types/deploy-order.js';
import type { Release, ReleaseConfig } from '../../api-types/release.js';
import { applicationPart, recipeFor } from '../../recipes/catalog.js';
import { carryOutOrder, type Deployed, type HostStep } from '../../recipes/deploy/deploy.js';
import { detectPlatform } from '../../recipes/platform.js';
import { NOTHING } from '../../recipes/runners/work.js';
import { listenForRequests, supervisorClient } from '../../recipes/services/supervisor/control.js';
import { openSupervisor, type Supervisor } from '../../recipes/services/supervisor/supervisor.js';
import { systemClock } from '../../runtime/clock.js';
import { onRealHost, sh } from '../build/real-host.js';
import { assert } from '../suite.js';
import { host, role, snapshotOf } from '../unit/recipes/world.js';

const PLACE = '/run/deploy-test';
const TOP = '/srv/www/shop';

const PROGRAM = `
const { readFileSync } = require('node:fs');
const { createServer } = require('node:http');
const { uid } = require('node:os').userInfo();
const revision = readFileSync('revision', 'utf8');
createServer((_request, response) => response.end(revision + ' ' + (uid === 0 ? 'root' : 'user')))
  .listen(Number(process.env.PORT));
`;

let supervisor: Supervisor;
let server: Server;

/** Root's alone, as packs of an agent are. */
const pack = (number: number, kib = 0): void => {
  const folder = join(PLACE, 'packs', `pack-${String(number)}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, 'server.js'), PROGRAM);
  writeFileSync(join(folder, 'revision'), `r${String(number)}`);
  writeFileSync(join(folder, 'ballast'), Buffer.alloc(kib * 1024, 1));
};

const release = (number: number, config: Partial<ReleaseConfig> = {}): Release => ({
  number,
  deployment: `shop-${String(number)}`,
  revision: `r${String(number)}`,
  digest: `pack-${String(number)}`,
  roles: ['app'],
  config: { type: 'nodejs', health: { path: '/', timeoutSeconds: 20 }, ...config },
  createdAt: '2026-01-01T00:00:00Z',
});

const program = process.execPath;
const snapshot = snapshotOf({
  roles: { app: role('nodejs-app', { nodejs: { program, package: '' } }) },
  hosts: { 'app-1': host('app', '127.0.0.1') },
});

const order = (step: HostStep, what: Partial<DeployOrder>): Promise<Deployed> => {
  const services = supervisorClient(join(PLACE, 'supervisor.sock'));
  return carryOutOrder(
    { uid: 'u', deployment: 'd', application: 'shop', ...what, step },
    {
      root: '/',
      log: { info: () => undefined, warn: () => undefined },
      platform: { ...detectPlatform('/', services), services, init: 'supervisor' },
      secrets: (name) => Promise.reject(new Error(`there is no secret ${name}`)),
      artifacts: (digest) => Promise.resolve(join(PLACE, 'packs', digest)),
      part: applicationPart,
      converge: (seen, instance) => recipeFor('undeploy', seen, instance),
      recipes: () => Promise.resolve(NOTHING),
      snapshot,
      instance: 'app-1',
      signal: new AbortController().signal,
      stopping: new AbortController().signal,
      monotonic: () => performance.now(),
      interrupted: false,
    },
  );
};

const activated = (number: number, config: Partial<ReleaseConfig> = {}): Promise<Deployed> =>
  order('activate', { release: release(number, config) });

const answer = (port = 8080): Promise<string> =>
  fetch(`http://127.0.0.1:${String(port)}/`)
    .then((heard) => heard.text())
    .catch(() => 'nobody');

/** What starts anew needs a moment. */
const untilAnswered = async (wanted: string): Promise<void> => {
  const late = AbortSignal.timeout(20_000);
  let said = await answer();
  for (; said === 'nobody' && !late.aborted; said = await answer()) await sleep(50);
  assert.is(said, wanted);
};

await onRealHost(
  import.meta.url,
  { title: 'releases on a machine', needs: ['useradd', 'cp', 'chown', 'ip'] },
  (test) => {
    test.before(async () => {
      sh('ip link set lo up');
      mkdirSync(PLACE, { recursive: true, mode: 0o700 });
      supervisor = openSupervisor({
        clock: systemClock,
        log: { warn: () => undefined },
        logFolder: join(PLACE, 'logs'),
        notifyFolder: join(PLACE, 'notify'),
      });
      server = await listenForRequests(join(PLACE, 'supervisor.sock'), supervisor);
    });
    test.after(async () => {
      await supervisor.shutdown();
      server.close();
    });

    test("a release is its user's, and so are its builds, hooks and processes", async () => {
      pack(1);
      const { failure } = await activated(1, {
        build: ['id -un > builder', 'echo "$HOME" > home'],
        hooks: { beforeRestart: 'id -un > hook' },
        shared: ['log', 'public/uploads'],
      });
      assert.is(failure, null);
      const folder = join(TOP, 'releases/1');
      const said = ['builder', 'hook', 'home'].map((name) => readFileSync(join(folder, name), 'utf8').trim());
      assert.equal(said, ['deploy', 'deploy', '/home/deploy']);
      assert.is(
        sh(`stat -c %U ${folder}/server.js ${TOP} ${TOP}/releases ${TOP}/shared/public/uploads`),
        'deploy\nroot\ndeploy\ndeploy',
      );
      assert.is(sh(`stat -c %a ${folder}`), '755');
      assert.is(sh(`stat -c '%a %U %G' ${TOP}/attributes.json`), '640 root deploy');
      assert.is(await answer(), 'r1 user');
    });

    test('links that the user has put in the way of a release lead root nowhere', async () => {
      mkdirSync('/victim', { recursive: true, mode: 0o777 });
      writeFileSync('/victim/kept', 'kept');
      sh(`ln -s /victim ${TOP}/releases/2 && chown -h deploy ${TOP}/releases/2`);
      sh(`rmdir ${TOP}/shared/public/uploads && ln -s /victim ${TOP}/shared/public/uploads`);
      pack(2);
      const linked = await order('prepare', { release: release(2, { shared: ['public/uploads'] }) });
      assert.is(linked.failure, null);
      const plain = await activated(3).then(() => order('prepare', { release: release(2) }));
      assert.is(plain.failure, null);
      assert.ok(lstatSync(join(TOP, 'releases/2')).isDirectory());
      assert.equal(readdirSync('/victim'), ['kept']);
      assert.is(sh('stat -c %U /victim /victim/kept'), 'root\nroot');
    });

    test('old and new run side by side, and the old one ends', async () => {
      pack(4);
      const { failure, releases } = await order('activate', { release: release(4), overlap: true });
      assert.is(failure, null);
      const port = releases['shop']?.port ?? 0;
      assert.equal([await answer(), await answer(port)], ['r1 user', 'r4 user']);
      await supervisorClient(join(PLACE, 'supervisor.sock')).restart('scalarium-app-shop');
      await untilAnswered('r1 user');
      assert.is((await order('finish', {})).failure, null);
      assert.equal([await answer(), await answer(port)], ['nobody', 'r4 user']);
    });

    test('a disk that is full keeps the old release, and with room all goes on', async () => {
      const before = await order('restart', {});
      const port = before.releases['shop']?.port ?? 0;
      sh('mount -t tmpfs -o size=8m,mode=755 tmpfs /mnt');
      sh(`cp -a ${TOP}/. /mnt/ && mount --bind /mnt ${TOP}`);
      pack(5, 16 * 1024);
      const full = await activated(5);
      assert.is(full.stage, 'unpack');
      assert.match(full.failure ?? '', /No space left on device/);
      assert.equal(full.releases['shop']?.release, 4);
      assert.is(await answer(port), 'r4 user');
      assert.not.ok(existsSync(join(TOP, '.unpacking')));
      rmSync(join(PLACE, 'packs/pack-5'), { recursive: true });
      pack(5);
      assert.is((await activated(5)).failure, null);
      assert.is(await answer(port), 'r5 user');
    });

    test('undeployed, only what its releases shared is there', async () => {
      assert.is((await order('undeploy', {})).failure, null);
      assert.equal(readdirSync(TOP), ['shared']);
      assert.is(await answer(), 'nobody');
    });
  },
);
