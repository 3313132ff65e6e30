import type { Snapshot, SnapshotApplication } from '../../../api-types/snapshot.js';
import { recipeFor } from '../../../recipes/catalog.js';
import { inputOf } from '../../../recipes/inputs.js';
import { resourceId, type Resource, type ServiceResource } from '../../../recipes/resource.js';
import { assert, suite } from '../../suite.js';
import { partOf, released, shop, withReleases, type Config } from './releases.js';
import { fileOf, theFile } from './texts.js';
import { role, snapshotOf } from './world.js';

const test = suite('what a release makes of a host');

const servicesIn = (snapshot: Snapshot, instance = 'app-1'): readonly string[] =>
  recipeFor('configure', snapshot, instance)
    .filter((resource): resource is ServiceResource => resource.type === 'service')
    .map(({ name }) => name);

const WORKER = { command: 'node worker.js' };

test('setup and configure run what is in force, and restart it when the cluster has changed', () => {
  const snapshot = shop('custom', 'other', { port: 9000, processes: { web: { command: './serve' } } });
  assert.equal(servicesIn(snapshot), ['scalarium-app-shop']);
  const environment = recipeFor('configure', snapshot, 'app-1').find(
    (resource) => 'path' in resource && resource.path === '/etc/scalarium/environment',
  );
  assert.equal(environment?.notifies, [{ action: 'restart', resource: 'service[scalarium-app-shop]' }]);
});

test('an application of no type beside those of the role', () => {
  const snapshot = withReleases({
    shop: released(['app'], { type: 'nodejs' }),
    cron: released(['app'], { type: 'other', processes: { worker: WORKER } }),
  });
  assert.equal(servicesIn(snapshot), ['scalarium-app-shop', 'scalarium-app-cron.worker']);
  const [environment] = recipeFor('configure', snapshot, 'app-1').filter(
    (resource) => 'path' in resource && resource.path === '/etc/scalarium/environment',
  );
  assert.equal(
    environment?.notifies?.map(({ resource }) => resource),
    ['service[scalarium-app-shop]', 'service[scalarium-app-cron.worker]'],
  );
});

const withAttributes = (attributes: Readonly<Record<string, unknown>>, config: Config): Snapshot =>
  withReleases(
    { shop: released(['app'], { type: 'nodejs', ...config }) },
    { roles: { ...snapshotOf().roles, app: role('nodejs-app', attributes) } },
  );

test('a release wins over attributes of its name; those of other names stay', () => {
  const told = { shop: { port: 1 }, blog: { port: 2 } };
  const snapshot = withAttributes({ applications: told }, { port: 3000 });
  assert.equal(servicesIn(snapshot), ['scalarium-app-blog', 'scalarium-app-shop']);
  assert.is(partOf(snapshot).at, 3000);
});

test("the role's own application is there only as long as there is none", () => {
  assert.equal(servicesIn(snapshotOf()), ['scalarium-app-app']);
  assert.equal(servicesIn(withAttributes({}, {})), ['scalarium-app-shop']);
});

test('what was taken away from a host does not come back as the role’s own', () => {
  assert.equal(servicesIn(snapshotOf({ undeployed: ['app'] })), []);
  assert.equal(servicesIn(snapshotOf({ undeployed: ['blog'] })), ['scalarium-app-app']);
});

test('configure and shutdown know the workers of what something shared serves', () => {
  for (const [type, kind, user] of [
    ['php-app', 'php', 'deploy'],
    ['java-app', 'java', 'tomcat'],
  ] as const) {
    const snapshot = shop(type, kind, { processes: { worker: WORKER } });
    const service = (event: 'configure' | 'shutdown') =>
      recipeFor(event, snapshot, 'app-1').find(
        (one): one is ServiceResource => one.type === 'service' && one.name === 'scalarium-app-shop.worker',
      );
    assert.is(service('configure')?.state, 'running');
    assert.match(service('configure')?.unit ?? '', `\nUser=${user}\n`);
    assert.is(service('shutdown')?.state, 'stopped');
  }
});

test('deploy and undeploy of life cycles leave what was released alone', () => {
  const snapshot = withAttributes({ applications: { blog: { port: 2 } } }, {});
  for (const event of ['deploy', 'undeploy'] as const) {
    const ids = recipeFor(event, snapshot, 'app-1').map(resourceId);
    assert.ok(ids.some((id) => id.includes('undeployed/scalarium-app-blog')));
    assert.not.ok(ids.some((id) => id.includes('undeployed/scalarium-app-shop')));
    assert.not.ok(ids.includes('execute[start shop with the code that is there]'));
  }
});

test('both slots are let be, start files included, and nothing else of the application', () => {
  const keep = recipeFor('configure', shop('nodejs-app', 'nodejs', {}, { slot: 'b' }), 'app-1').flatMap(
    (resource) => (resource.type === 'leftovers' ? resource.keep : []),
  );
  assert.equal(keep.filter((path) => path.includes('shop')).sort(), [
    '/etc/scalarium/applications/shop.env',
    '/etc/scalarium/applications/shop.start',
    '/etc/scalarium/applications/shop.web.b.env',
    '/etc/scalarium/applications/shop.web.b.start',
    '/etc/systemd/system/scalarium-app-shop.service',
    '/etc/systemd/system/scalarium-app-shop.web.b.service',
  ]);
});

test('limits of a process are its unit’s; how many of web it is told', async () => {
  const snapshot = shop('nodejs-app', 'nodejs', {
    processes: {
      web: { command: 'npm start', count: 4, memoryMib: 512, cpuPercent: 150, stopSeconds: 7 },
    },
  });
  const [web] = partOf(snapshot).services;
  for (const line of ['MemoryMax=512M', 'CPUQuota=150%', 'TimeoutStopSec=7'])
    assert.match(web?.unit ?? '', `\n${line}\n`);
  assert.match(
    await theFile(snapshot, 'app-1', '/etc/scalarium/applications/shop.env'),
    'WEB_CONCURRENCY=4\n',
  );
  assert.match(
    await theFile(snapshot, 'app-1', '/etc/scalarium/applications/shop.start'),
    'export PORT=8080\nexec npm start\n',
  );
});

test('each process knows its host, its application and its release', async () => {
  const snapshot = shop('nodejs-app', 'nodejs', { processes: { worker: WORKER } });
  for (const unit of ['shop', 'shop.worker']) {
    const folder = '/etc/scalarium/applications';
    const environment = await theFile(snapshot, 'app-1', `${folder}/${unit}.env`);
    assert.match(environment, 'SCALARIUM_APPLICATION=shop\n');
    assert.match(environment, 'SCALARIUM_RELEASE=3\n');
    assert.match(environment, `SCALARIUM_REVISION=${'a'.repeat(40)}\n`);
    assert.match(
      await theFile(snapshot, 'app-1', `${folder}/${unit}.start`),
      'export SCALARIUM_INSTANCE="$(cat "${SCALARIUM_ROOT:-}/etc/hostname")"\n',
    );
  }
  const own = shop('nodejs-app', 'nodejs', {
    environment: { SCALARIUM_INSTANCE: 'mine', SCALARIUM_RELEASE: 9 },
  });
  assert.match(await theFile(own, 'app-1', '/etc/scalarium/applications/shop.env'), 'SCALARIUM_RELEASE=9\n');
  assert.not.match(
    await theFile(own, 'app-1', '/etc/scalarium/applications/shop.start'),
    'SCALARIUM_INSTANCE',
  );
});

test('a pool of PHP is told which release it has', async () => {
  const pool = await theFile(shop('php-app', 'php'), 'app-1', '/etc/php/8.2/fpm/pool.d/scalarium-app.conf');
  assert.match(pool, "env[SCALARIUM_APPLICATION] = 'shop'\n");
  assert.match(pool, "env[SCALARIUM_RELEASE] = '3'\n");
});

test('what its environment says wins over where it is told to listen', async () => {
  const snapshot = shop('nodejs-app', 'nodejs', { environment: { PORT: 9 } });
  const start = await theFile(snapshot, 'app-1', '/etc/scalarium/applications/shop.start');
  assert.not.match(start, 'export PORT');
  assert.is(partOf(snapshot).environment['PORT'], '9');
});

test('builds and migrations see the cluster and the secrets of the application', () => {
  const snapshot = shop('nodejs-app', 'nodejs', { environment: { KEY: { secret: 'pay', key: 'api' } } });
  const { environment, user } = partOf(snapshot);
  assert.is(user, 'deploy');
  assert.equal(environment['KEY'], { secret: 'pay', key: 'api' });
  assert.is(environment['DATABASE_HOST'], '127.0.3.1');
  assert.is(environment['NODE_ENV'], 'production');
});

test('cluster.json tells of releases and their attributes', async () => {
  const snapshot = shop('nodejs-app', 'nodejs', { attributes: { colour: 'red' } });
  const file = JSON.parse(await theFile(snapshot, 'app-1', '/etc/scalarium/cluster.json')) as Readonly<
    Record<string, unknown>
  >;
  assert.equal(file['applications'], {
    shop: { release: 3, revision: 'a'.repeat(40), attributes: { colour: 'red' } },
  });
});

test('nginx hands requests on to the slot that is in force', async () => {
  const site = (slot: 'a' | 'b') =>
    theFile(shop('rails-app', 'rails', {}, { slot }), 'app-1', '/etc/nginx/conf.d/scalarium-app.conf');
  assert.match(await site('a'), 'proxy_pass http://unix:/srv/www/shop/shared/sockets/web.sock;');
  assert.match(await site('b'), 'proxy_pass http://unix:/srv/www/shop/shared/sockets/web-b.sock;');
});

const inputs = (config: Config, instance: string, more: Partial<SnapshotApplication> = {}): string =>
  inputOf(shop('nodejs-app', 'nodejs', config, more), instance).input;

test('a release is no reason for configure, but for load balancers', () => {
  const other = { environment: { A: 'b' }, domains: ['shop.example.com'] };
  assert.is(inputs({}, 'app-1'), inputs(other, 'app-1'));
  assert.is.not(inputs({}, 'lb-1'), inputs(other, 'lb-1'));
});

test('nor is the number or the revision of one, whatever serves it', () => {
  for (const [type, kind] of [
    ['nodejs-app', 'nodejs'],
    ['php-app', 'php'],
    ['java-app', 'java'],
    ['custom', 'other'],
  ] as const) {
    const of = (number: number, revision: string): string => {
      const { release } = released(['app'], { type: kind, processes: { worker: WORKER } });
      const snapshot = shop(type, kind);
      const applications = { shop: { release: { ...release, number, revision } } };
      return inputOf({ ...snapshot, applications }, 'app-1').input;
    };
    assert.is(of(3, 'a'), of(4, 'b'), type);
  }
});

test('a change of the cluster is one for hosts of a role that only others’ releases are for', () => {
  const of = (address: string): string => {
    const snapshot = shop('custom', 'other', { processes: { worker: WORKER } });
    const db = snapshot.hosts['db-1'];
    if (db === undefined) throw new Error('no db-1');
    return inputOf({ ...snapshot, hosts: { ...snapshot.hosts, 'db-1': { ...db, address } } }, 'app-1').input;
  };
  assert.is.not(of('127.0.3.1'), of('127.0.3.9'));
});

test('without what was released everything of it goes', async () => {
  const keep = (resource: Resource): readonly string[] =>
    resource.type === 'leftovers' ? resource.keep : [];
  const plain = recipeFor('configure', snapshotOf(), 'app-1').flatMap(keep);
  assert.not.ok(plain.some((path) => path.includes('shop')));
  assert.is(await fileOf(snapshotOf(), 'app-1', '/etc/scalarium/applications/shop.env'), null);
});
