/**
 * One-click deployment on process hosts, which need no root: every kind of source, what goes wrong, and what ends and begins
 * anew in the middle of it. Hosts are asked themselves, as nothing balances load there.
 */
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../build/archives.js';
import { archiveOf, startArchiveServer, type ArchiveServer } from '../build/archive-server.js';
import { appFiles } from '../build/deployed-app.js';
import { PATIENCE_SECONDS } from '../build/patience.js';
import { S3_KEYS, startS3Server, type S3Server } from '../build/s3-server.js';
import { startSvnServer, type SvnServer } from '../build/svn-server.js';
import { processesBelow } from '../../local-cloud/hosts/folder-processes.js';
import { identify } from '../../runtime/process-identity.js';
import { assert, suite } from '../suite.js';
import {
  allRun,
  applicationOf,
  openShop,
  PORTS,
  pidsOf,
  roleOf,
  secretOf,
  type Json,
  type Shop,
} from './deployments.js';
import { eventually } from './world.js';

const APPS = 3;
const ONLINE = 4;
const LOGIN = { user: 'ci', password: 'hunter22' };
const PASSWORD = 'swordfish-of-the-shop';
const nodejs = { nodejs: { program: process.execPath, package: '' } };

interface Context {
  shop: Shop;
  svn: SvnServer;
  archives: ArchiveServer;
  s3: S3Server;
}

const test = suite<Context>('deployments on process hosts', {} as Context);

test.before(async (context) => {
  context.svn = await startSvnServer(appFiles({ revision: 'svn-1' }), LOGIN);
  context.archives = await startArchiveServer(LOGIN);
  context.s3 = await startS3Server();
  context.shop = await openShop({
    hosts: 'process',
    online: ONLINE,
    first: { revision: 'one' },
    objects: (git) => [
      roleOf('app', { type: 'nodejs-app', replicas: APPS, attributes: nodejs }),
      roleOf('side', { type: 'nodejs-app', replicas: 1, attributes: nodejs }),
      secretOf('login', LOGIN),
      secretOf('bucket', { ...S3_KEYS }),
      secretOf('word', { password: PASSWORD }),
      applicationOf(
        'shop',
        { type: 'git', url: git.url, revision: 'main' },
        { environment: { PASSWORD: { secret: 'word', key: 'password' } } },
      ),
    ],
  });
});

test.after(async ({ shop, svn, archives, s3 }) => {
  const { data } = shop.world;
  await shop.end();
  assert.equal(processesBelow(data), [], 'applications outlived their hosts');
  await svn.end();
  archives.end();
  s3.end();
});

const currentOf = async (shop: Shop, host: string): Promise<string> => {
  const { root } = await shop.host(host);
  return readlinkSync(join(root, 'srv/www/shop/current'));
};

test('a deploy brings the revision that the branch had to all hosts', async ({ shop }) => {
  const commit = shop.git.git('rev-parse', 'main');
  const { stdout } = await shop.deploy('-q');
  assert.match(stdout, /succeeded after .* shop has release 1 \([0-9a-f]{7,}\) on 3 hosts/);
  const live = await shop.live();
  allRun(live, 'one', APPS);
  assert.is(new Set(Object.values(live).map((one) => one?.instance)).size, APPS);
  const { current } = await shop.application();
  assert.equal([current?.number, current?.revision, current?.wanted], [1, commit, 'main']);
  assert.match(await currentOf(shop, 'app-1'), /releases\/1$/);
});

test('another one replaces it; what is shared stays; the source is read once', async ({ shop }) => {
  const { address } = await shop.host('app-1');
  await fetch(`http://${address}:8080/write?name=cart&value=42`);
  await shop.version({ revision: 'two' });
  await shop.deploy('-q');
  allRun(await shop.live(), 'two', APPS);
  const cart = await fetch(`http://${address}:8080/read?name=cart`).then((answer) => answer.json());
  assert.equal(cart, { value: '42' });
});

test('a roll-back goes to the release before, with what its hosts have on their disks', async ({ shop }) => {
  const asked = shop.git.asked();
  const { code, stderr } = await shop.say('rollback', 'shop', '-q');
  assert.is(code, 0, stderr);
  allRun(await shop.live(), 'one', APPS);
  assert.is(shop.git.asked(), asked);
  assert.match(await currentOf(shop, 'app-2'), /releases\/1$/);
  await shop.deploy('-q');
  allRun(await shop.live(), 'two', APPS);
});

/** What fails is said; all run what they ran, in the same processes. */
const touchesNothing = async (shop: Shop, words: readonly string[], says: RegExp): Promise<void> => {
  const before = await shop.live();
  const { code, stdout, stderr } = await shop.say('deploy', 'shop', ...words);
  assert.is(code, 1, stdout + stderr);
  assert.match(stderr, says);
  assert.not.match(stdout + stderr, PASSWORD);
  const after = await shop.live();
  assert.equal(pidsOf(after), pidsOf(before));
};

test('a revision that is not there, and a repository that does not answer well', async ({ shop }) => {
  await touchesNothing(shop, ['--revision', 'no-such-branch'], /no-such-branch/);
});

test('a build that fails, and prints a secret and much else', async ({ shop }) => {
  const build = 'yes "$PASSWORD" | head -c 20000000; echo the end; exit 3';
  await shop.version({ revision: 'three', build });
  await touchesNothing(shop, ['-q'], /app-\d failed: [^]*build[^]*build\.sh[^]*3[^]*the end/i);
  const { root } = await shop.host('app-1');
  const bytes = readdirSync(join(root, 'var/log/scalarium'), { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile())
    .map((file) => readFileSync(join(file.parentPath, file.name)));
  assert.ok(bytes.reduce((sum, text) => sum + text.length, 0) < 20_000_000, 'logs are bounded');
  assert.not.ok(bytes.some((text) => text.includes(PASSWORD)));
});

test('a migration that fails is run once, on one host', async ({ shop }) => {
  const migrate = 'echo tried >>"$SCALARIUM_ROOT/srv/www/shop/shared/data/tries"; echo no table; exit 7';
  await shop.version({ revision: 'four', migrate });
  await touchesNothing(shop, ['--migrate', '-q'], /app-\d failed: [^]*migrat[^]*7[^]*no table/i);
  const tries = await Promise.all(
    ['app-1', 'app-2', 'app-3'].map(async (name) => {
      const { root } = await shop.host(name);
      try {
        return readFileSync(join(root, 'srv/www/shop/shared/data/tries'), 'utf8');
      } catch {
        return '';
      }
    }),
  );
  assert.is(tries.join(''), 'tried\n');
});

test('a release that never gets well is taken back where it was tried', async ({ shop }) => {
  await shop.version({ revision: 'five', unwell: true });
  const before = pidsOf(await shop.live());
  const { code, stderr } = await shop.say('deploy', 'shop', '-q');
  assert.is(code, 1);
  assert.match(stderr, /app-\d failed: [^]*503/);
  const live = await shop.live();
  allRun(live, 'two', APPS);
  const after = pidsOf(live);
  assert.is(Object.keys(before).filter((name) => before[name] !== after[name]).length, 1);
});

/** Made and not waited for. */
const begun = async (shop: Shop, ...words: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await shop.say('deploy', 'shop', '--detach', '-o', 'json', ...words);
  assert.is(code, 0, stderr);
  return (JSON.parse(stdout) as { readonly metadata: { readonly name: string } }).metadata.name;
};

const inTheMiddle = (shop: Shop, name: string): Promise<unknown> =>
  eventually('it is in the middle', async () => {
    const found = (await shop.deployments()).find(({ metadata }) => metadata.name === name);
    const stages = Object.values(found?.status?.hosts ?? {}).map(({ stage }) => stage);
    return stages.includes('done') && stages.some((stage) => stage !== 'done');
  });

test('a control plane that is killed in the middle goes on when it is started again', async ({ shop }) => {
  await shop.version({ revision: 'six' });
  const name = await begun(shop, '--pause', '1s');
  await inTheMiddle(shop, name);
  shop.world.process().kill('SIGKILL');
  await shop.world.ended();
  // applications do not need it
  shop.world.start();
  await shop.comesTo(name, 'Succeeded');
  allRun(await shop.live(), 'six', APPS);
});

test('a host that dies takes its application with it, and the one in its place gets what is in force', async ({
  shop,
}) => {
  await shop.version({ revision: 'seven' });
  const victim = await shop.host('app-1');
  const { pid } = (await shop.live())['app-1']!;
  process.kill(victim.pid, 'SIGKILL');
  await eventually('its application has ended', () => identify(pid) === null);
  await eventually(
    'another machine runs it',
    async () => {
      const found = (await shop.world.hosts()).find(({ instance }) => instance === 'app-1');
      if (found === undefined || found.machine === victim.machine) return false;
      return (await shop.live())['app-1']?.revision === 'six';
    },
    3 * PATIENCE_SECONDS,
  );
});

test('applications end with `up` and are there again when it is', async ({ shop }) => {
  const before = pidsOf(await shop.live());
  shop.world.process().kill('SIGINT');
  assert.is(await shop.world.ended(), 0, shop.world.output());
  assert.equal(
    Object.values(before).filter((pid) => identify(pid) !== null),
    [],
  );
  shop.world.start();
  await eventually('all run again', async () => {
    const live = Object.values(await shop.live().catch(() => ({})));
    return live.length === APPS && live.every((one) => one?.revision === 'six');
  });
});

test('two people at once: one after the other; locked: nobody', async ({ shop }) => {
  const both = await Promise.all([shop.say('deploy', 'shop', '-q'), shop.say('deploy', 'shop', '-q')]);
  const said = both.map(({ stderr }) => stderr).join('\n');
  assert.equal(
    both.map(({ code }) => code),
    [0, 0],
    said,
  );
  assert.is((await shop.say('lock', 'shop', '--reason', 'it is Friday')).code, 0);
  const refused = await shop.say('deploy', 'shop');
  assert.is.not(refused.code, 0);
  assert.match(refused.stderr, /it is Friday/);
  assert.is((await shop.say('unlock', 'shop')).code, 0);
  allRun(await shop.live(), 'seven', APPS);
});

test('one whose build hangs is ended by another one that supersedes it', async ({ shop }) => {
  await shop.version({ revision: 'eight', build: 'sleep 1000' });
  // a host is at one thing at a time: what hangs there has its time
  const hanging = await begun(shop, '--timeout', '8s');
  await eventually('it prepares', async () => {
    const found = (await shop.deployments()).find(({ metadata }) => metadata.name === hanging);
    return found?.status?.phase === 'Preparing';
  });
  await shop.version({ revision: 'nine' });
  await shop.deploy('--supersede', '-q');
  allRun(await shop.live(), 'nine', APPS);
  await shop.comesTo(hanging, 'Aborted');
});

/** Deployed on the host beside, which runs one of them at a time. */
const onTheSide = async (shop: Shop, name: string, source: Json): Promise<void> => {
  const applied = await shop.apply(applicationOf(name, source, { roles: ['side'], port: PORTS[name] }));
  assert.is(applied.code, 0, applied.stderr);
  const { code, stdout, stderr } = await shop.say('deploy', name, '-q');
  assert.is(code, 0, stdout + stderr);
};

const revisionOf = async (shop: Shop, application: string): Promise<string | undefined> =>
  (await shop.live('side', application))['side-1']?.revision;

test('from Subversion', async ({ shop, svn }) => {
  await onTheSide(shop, 'by-svn', { type: 'svn', url: svn.url, secret: 'login' });
  assert.is(await revisionOf(shop, 'by-svn'), 'svn-1');
  const number = await svn.commit(appFiles({ revision: 'svn-2' }));
  assert.is((await shop.say('deploy', 'by-svn', '-q')).code, 0);
  assert.is(await revisionOf(shop, 'by-svn'), 'svn-2');
  assert.is((await shop.application('by-svn')).current?.revision, number);
});

test('from an archive, whose checksum is checked', async ({ shop, archives }) => {
  const archive = archiveOf(appFiles({ revision: 'archived' }));
  archives.archives.set('app.tar.gz', archive);
  const source = { type: 'archive', url: archives.urlOf('app.tar.gz'), secret: 'login' };
  await onTheSide(shop, 'by-archive', { ...source, checksum: sha256(archive) });
  assert.is(await revisionOf(shop, 'by-archive'), 'archived');
  archives.archives.set('app.tar.gz', archiveOf(appFiles({ revision: 'meddled' })));
  const { code, stderr } = await shop.say('deploy', 'by-archive', '-q');
  assert.is(code, 1);
  assert.match(stderr, /SHA-256/);
  assert.is(await revisionOf(shop, 'by-archive'), 'archived');
});

test('from a bucket', async ({ shop, s3 }) => {
  s3.objects.set('shop/app.tar.gz', archiveOf(appFiles({ revision: 'from-bucket' })));
  const source = { type: 's3', url: 's3://shop/app.tar.gz', endpoint: s3.url, secret: 'bucket' };
  await onTheSide(shop, 'by-bucket', source);
  assert.is(await revisionOf(shop, 'by-bucket'), 'from-bucket');
  assert.is(s3.asked.filter(({ method }) => method === 'GET').length, 1);
});

test('restart, stop, start and undeploy act on the processes', async ({ shop }) => {
  const before = pidsOf(await shop.live());
  const done = async (...words: readonly string[]): Promise<void> => {
    const { code, stdout, stderr } = await shop.say(...words);
    assert.is(code, 0, stdout + stderr);
  };
  await done('restart', 'app/shop');
  const after = await shop.live();
  allRun(after, 'nine', APPS);
  assert.not.equal(pidsOf(after), before);
  await done('stop', 'app/shop');
  assert.equal(
    Object.values(await shop.live()),
    Array.from({ length: APPS }, () => null),
  );
  await done('start', 'app/shop');
  allRun(await shop.live(), 'nine', APPS);
  await done('undeploy', 'shop', '--yes', '-q');
  assert.equal(
    Object.values(await shop.live()),
    Array.from({ length: APPS }, () => null),
  );
});
