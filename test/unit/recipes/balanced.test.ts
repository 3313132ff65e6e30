/** Whom a load balancer gives requests of what was released, while Deployments go on; and by which certificates. */
import type { ReleaseConfig } from '../../../api-types/release.js';
import type { Snapshot, SnapshotHost } from '../../../api-types/snapshot.js';
import { recipeFor } from '../../../recipes/catalog.js';
import { secretsFor } from '../../../recipes/needs.js';
import { assert, suite } from '../../suite.js';
import { released, withReleases } from './releases.js';
import { theFile } from './texts.js';
import { host, role, snapshotOf } from './world.js';

const test = suite('load balancers before what was released');

const CONFIG = '/etc/haproxy/haproxy.cfg';

type Hosts = Readonly<Record<string, Partial<SnapshotHost>>>;

/** `shop` is released to the role `app`, whose hosts are these. */
const shop = (config: Partial<ReleaseConfig>, hosts: Hosts, haproxy = {}): Snapshot => {
  const all: readonly (readonly [string, SnapshotHost])[] = Object.entries(hosts).map(
    ([name, more], index) => [name, host('app', `10.0.0.${String(index + 1)}`, more)],
  );
  return withReleases(
    { shop: released(['app'], { type: 'nodejs', ...config }) },
    {
      roles: { lb: role('load-balancer', { haproxy }), app: role('nodejs-app'), misc: role('custom') },
      hosts: { 'lb-1': host('lb', '10.0.1.1'), ...Object.fromEntries(all) },
    },
  );
};

const serversOf = async (snapshot: Snapshot, application = 'shop'): Promise<readonly string[]> => {
  const config = await theFile(snapshot, 'lb-1', CONFIG);
  const section = config.split('\n\n').find((one) => one.startsWith(`backend app-${application}\n`)) ?? '';
  return [...section.matchAll(/ server (\S+) (\S+)/g)].map((match) => `${match[1] ?? ''} ${match[2] ?? ''}`);
};

const OUT = { out: ['shop'] };

const ROWS: readonly {
  readonly name: string;
  readonly config?: Partial<ReleaseConfig>;
  readonly hosts: Hosts;
  readonly servers: readonly string[];
}[] = [
  {
    name: 'all that are Ready, at its port',
    config: { port: 3000 },
    hosts: { 'app-1': {}, 'app-2': { ready: false } },
    servers: ['app-1 10.0.0.1:3000'],
  },
  {
    name: 'not those that a Deployment is at',
    hosts: { 'app-1': OUT, 'app-2': {} },
    servers: ['app-2 10.0.0.2:8080'],
  },
  {
    name: 'a Deployment of another application is no matter',
    hosts: { 'app-1': { out: ['blog'] }, 'app-2': {} },
    servers: ['app-1 10.0.0.1:8080', 'app-2 10.0.0.2:8080'],
  },
  {
    name: 'never nobody: all of them, where a Deployment is at all',
    hosts: { 'app-1': OUT, 'app-2': OUT },
    servers: ['app-1 10.0.0.1:8080', 'app-2 10.0.0.2:8080'],
  },
  {
    name: 'one that it is at rather than one that is not heard of',
    hosts: { 'app-1': OUT, 'app-2': { ready: false, unheard: true } },
    servers: ['app-1 10.0.0.1:8080'],
  },
  {
    name: 'those that are not heard of, where none is Ready, out or not',
    hosts: { 'app-1': { ready: false, unheard: true, ...OUT }, 'app-2': { ready: false } },
    servers: ['app-1 10.0.0.1:8080'],
  },
  {
    name: 'at the port that a host has switched to',
    hosts: { 'app-1': { ports: { shop: 8081 } }, 'app-2': { ports: { blog: 9 } } },
    servers: ['app-1 10.0.0.1:8081', 'app-2 10.0.0.2:8080'],
  },
];

for (const { name, config = {}, hosts, servers } of ROWS)
  test(name, async () => {
    assert.equal(await serversOf(shop(config, hosts)), servers);
  });

test('applications of no type are served where they have a port, whatever the role is', async () => {
  const base = shop({}, { 'app-1': {} });
  const command = { web: { command: './serve' } };
  const snapshot = {
    ...base,
    hosts: { ...base.hosts, 'misc-1': host('misc', '10.0.2.1') },
    applications: {
      ...base.applications,
      api: released(['misc', 'app'], { type: 'other', port: 9000, processes: command }),
      cron: released(['misc'], { type: 'other', processes: { worker: { command: './work' } } }),
    },
  };
  assert.equal(await serversOf(snapshot, 'api'), ['app-1 10.0.0.1:9000', 'misc-1 10.0.2.1:9000']);
  assert.equal(await serversOf(snapshot, 'cron'), []);
  assert.match(await theFile(snapshot, 'lb-1', CONFIG), 'default_backend app-shop\n');
});

test('servers are asked what the health check of the release asks', async () => {
  const text = await theFile(shop({ health: { path: '/up' } }, { 'app-1': {} }), 'lb-1', CONFIG);
  assert.match(text, 'http-check send meth GET uri /up ver HTTP/1.1 hdr Host localhost\n');
  const silent = await theFile(shop({ health: { command: 'true' } }, { 'app-1': {} }), 'lb-1', CONFIG);
  assert.match(silent, 'http-check send meth OPTIONS uri / ');
});

test('they are asked in the name of the first domain, which for a wildcard is one below it', async () => {
  for (const [domains, name] of [
    [['shop.example.com', '*.shop.org'], 'shop.example.com'],
    [['*.shop.org', 'shop.example.com'], 'www.shop.org'],
  ] as const) {
    const text = await theFile(shop({ domains, health: { path: '/up' } }, { 'app-1': {} }), 'lb-1', CONFIG);
    assert.match(text, `GET uri /up ver HTTP/1.1 hdr Host ${name}\n`);
  }
});

const SECURE = { domains: ['shop.example.com', '*.shop.org'], tls: { secret: 'shop-tls' } };

const linesOf = async (snapshot: Snapshot): Promise<readonly string[]> =>
  (await theFile(snapshot, 'lb-1', CONFIG))
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /^bind :443|redirect|X-Forwarded/.test(line));

const CERTIFICATES: readonly {
  readonly name: string;
  readonly config: Partial<ReleaseConfig>;
  readonly haproxy: Readonly<Record<string, unknown>>;
  readonly lines: readonly string[];
}[] = [
  {
    name: 'nobody has a certificate',
    config: {},
    haproxy: { tls: { redirect: true } },
    lines: ['http-request set-header X-Forwarded-Proto http'],
  },
  {
    name: 'an application has one: its domains are redirected, and no others',
    config: SECURE,
    haproxy: { tls: { redirect: true } },
    lines: [
      'bind :443 ssl crt-list /etc/haproxy/scalarium.d/served alpn h2,http/1.1',
      'http-request redirect scheme https code 301 if !{ ssl_fc } { hdr(host),field(1,:),lower -m str shop.example.com }',
      'http-request redirect scheme https code 301 if !{ ssl_fc } { hdr(host),field(1,:),lower -m end .shop.org }',
      'http-request set-header X-Forwarded-Proto https if { ssl_fc }',
      'http-request set-header X-Forwarded-Proto http unless { ssl_fc }',
    ],
  },
  {
    name: 'an application has one, and nobody is to be redirected',
    config: SECURE,
    haproxy: {},
    lines: [
      'bind :443 ssl crt-list /etc/haproxy/scalarium.d/served alpn h2,http/1.1',
      'http-request set-header X-Forwarded-Proto https if { ssl_fc }',
      'http-request set-header X-Forwarded-Proto http unless { ssl_fc }',
    ],
  },
  {
    name: 'the role has one, too: that comes first, and all are redirected',
    config: SECURE,
    haproxy: { tls: { secret: 'own', redirect: true } },
    lines: [
      'bind :443 ssl crt /etc/haproxy/scalarium.pem crt-list /etc/haproxy/scalarium.d/served alpn h2,http/1.1',
      'http-request redirect scheme https code 301 unless { ssl_fc }',
      'http-request set-header X-Forwarded-Proto https if { ssl_fc }',
      'http-request set-header X-Forwarded-Proto http unless { ssl_fc }',
    ],
  },
];

for (const { name, config, haproxy, lines } of CERTIFICATES)
  test(name, async () => {
    assert.equal(await linesOf(shop(config, { 'app-1': {} }, haproxy)), lines);
  });

test('an application’s certificate is a file of its own, which goes when nobody names it', async () => {
  const snapshot = shop(SECURE, { 'app-1': {} });
  const folder = '/etc/haproxy/scalarium.d';
  assert.is(await theFile(snapshot, 'lb-1', `${folder}/served`), `${folder}/shop-tls.pem\n`);
  assert.is(
    await theFile(snapshot, 'lb-1', `${folder}/shop-tls.pem`),
    'shop-tls/certificate\nshop-tls/key\n',
  );
  const kept = (of: Snapshot): readonly string[] =>
    recipeFor('configure', of, 'lb-1').flatMap((one) =>
      one.type === 'leftovers' && one.folder === folder ? one.keep : [],
    );
  assert.equal(kept(snapshot).slice(1), [`${folder}/shop-tls.pem`, `${folder}/served`]);
  assert.equal(kept(snapshotOf()), []);
});

const KEY = { KEY: { secret: 'pay', key: 'api' } };
const PAY = { name: 'pay', keys: ['api'], byPeople: true } as const;
const DATABASE = { name: 'db-mysql', keys: ['password'] };

const NEEDS: readonly {
  readonly name: string;
  readonly config: ReleaseConfig;
  readonly of: string;
  readonly needs: ReturnType<typeof secretsFor>;
}[] = [
  {
    name: 'the environment of a release',
    config: { type: 'nodejs', environment: KEY },
    of: 'app',
    needs: [DATABASE, PAY],
  },
  {
    name: 'the environment of one of no type, whatever the role is, and the database that it may use',
    config: { type: 'other', environment: KEY },
    of: 'misc',
    needs: [DATABASE, PAY],
  },
  {
    name: 'nothing of it for hosts that it is not for',
    config: { type: 'nodejs', environment: KEY },
    of: 'cache',
    needs: [],
  },
  {
    name: 'the certificate of a release, for load balancers',
    config: { type: 'nodejs', environment: KEY, ...SECURE },
    of: 'lb',
    needs: [
      { name: 'lb-statistics', keys: ['password'] },
      { name: 'shop-tls', keys: ['certificate', 'key'], byPeople: true },
    ],
  },
];

for (const { name, config, of, needs } of NEEDS)
  test(`needed: ${name}`, () => {
    assert.equal(secretsFor(withReleases({ shop: released(['app', 'misc'], config) }), of), needs);
  });

test('needed: what only the build of a static site sees, and no database', () => {
  const roles = { ...snapshotOf().roles, app: role('static-web') };
  const snapshot = withReleases({ shop: released(['app'], { type: 'static', environment: KEY }) }, { roles });
  assert.equal(secretsFor(snapshot, 'app'), [PAY]);
});
