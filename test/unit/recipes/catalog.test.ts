import type { Snapshot } from '../../../api-types/snapshot.js';
import { recipeFor } from '../../../recipes/catalog.js';
import { inputOf } from '../../../recipes/inputs.js';
import { assert, suite } from '../../suite.js';
import { fileOf, idsOf, theFile } from './texts.js';
import { host, role, snapshotOf } from './world.js';

const SILENT = { ready: false, unheard: true };

const test = suite('recipes are functions of the snapshot');

const serversIn = (config: string | null): readonly string[] =>
  [...(config ?? '').matchAll(/^ +server (\S+) (\S+)/gm)].map(
    (match) => `${match[1] ?? ''} ${match[2] ?? ''}`,
  );

const HAPROXY = '/etc/haproxy/haproxy.cfg';

test('haproxy lists the Ready app servers and no others, in the order people count', async () => {
  const config = await theFile(snapshotOf(), 'lb-1', HAPROXY);
  assert.equal(serversIn(config), ['app-1 127.0.2.1:8080', 'app-10 127.0.2.10:8080']);
});

test('a host with the app role as a further one is a member too', async () => {
  const base = snapshotOf();
  const hosts = { ...base.hosts, 'misc-1': host('misc', '127.0.6.1', { roles: ['app'] }) };
  const config = await theFile(snapshotOf({ hosts }), 'lb-1', HAPROXY);
  assert.ok(serversIn(config).includes('misc-1 127.0.6.1:8080'));
});

test('with no app server Ready those that are only silent are listed: health checks choose', async () => {
  const hosts = { 'lb-1': host('lb', '127.0.1.1'), 'app-2': host('app', '127.0.2.2', SILENT) };
  const config = await theFile(snapshotOf({ hosts }), 'lb-1', HAPROXY);
  assert.equal(serversIn(config), ['app-2 127.0.2.2:8080']);
});

test('without an app server there is a backend without servers', async () => {
  const hosts = { 'lb-1': host('lb', '127.0.1.1') };
  const config = await theFile(snapshotOf({ hosts }), 'lb-1', HAPROXY);
  assert.equal(serversIn(config), []);
  assert.match(config, '503');
});

test('attributes: the role wins over the cluster, the cluster over the default', async () => {
  const base = snapshotOf();
  const snapshot = snapshotOf({
    attributes: { haproxy: { port: 81, retries: 9 }, nodejs: { port: 3000 } },
    roles: { ...base.roles, lb: role('load-balancer', { haproxy: { port: 82 } }) },
  });
  const config = await theFile(snapshot, 'lb-1', HAPROXY);
  assert.match(config, 'bind :82');
  assert.match(config, 'retries 9');
  assert.match(config, 'timeout queue 120s');
  assert.match(config, '127.0.2.1:3000');
});

test('every host has its name, time zone and all hosts', async () => {
  for (const instance of ['lb-1', 'app-2', 'misc-1']) {
    assert.is(await fileOf(snapshotOf(), instance, '/etc/hostname'), `${instance}\n`);
    assert.is(await fileOf(snapshotOf(), instance, '/etc/timezone'), 'Europe/Berlin\n');
    const hosts = await theFile(snapshotOf(), instance, '/etc/hosts');
    assert.match(hosts, '127.0.0.1 localhost');
    assert.match(hosts, '127.0.2.2 app-2.shop app-2');
    assert.is(hosts.split('\n').filter((line) => line.includes('.shop ')).length, 8);
  }
});

test('shutdown of a host that the snapshot does not know, of no role that it knows, leaves it as it is', () => {
  assert.equal(recipeFor('shutdown', snapshotOf(), 'gone-1'), []);
});

test('a host that ends is in no snapshot any more: its slot says what it was', () => {
  const hosts = Object.fromEntries(Object.entries(snapshotOf().hosts).filter(([name]) => name !== 'db-1'));
  assert.equal(idsOf('shutdown', snapshotOf({ hosts }), 'db-1'), ['service[mariadb]']);
});

test("packages that the role names come before the role's own recipe", () => {
  const base = snapshotOf();
  const cache = { ...role('memcached'), packages: ['htop', 'strace'] };
  const ids = idsOf('setup', snapshotOf({ roles: { ...base.roles, cache } }), 'cache-1');
  assert.ok(ids.indexOf('package[htop, strace]') < ids.indexOf('package[memcached]'), ids.join());
  assert.ok(ids.includes('package[htop, strace]'));
});

for (const [name, event, instance, ids] of [
  [
    'deploy: an application is started anew',
    'deploy',
    'app-1',
    ['execute[start app with the code that is there]'],
  ],
  ['deploy: others have none', 'deploy', 'db-1', []],
  [
    'undeploy: it is stopped, and marked',
    'undeploy',
    'app-1',
    ['file[/var/lib/scalarium/undeployed/scalarium-app-app]', 'service[scalarium-app-app]'],
  ],
  [
    'shutdown: it is stopped when the load balancer gives it nothing new',
    'shutdown',
    'app-1',
    ['execute[wait until the load balancer gives it nothing new]', 'service[scalarium-app-app]'],
  ],
  [
    'shutdown: a load balancer finishes what it has',
    'shutdown',
    'lb-1',
    ['execute[finish what is being answered]', 'service[haproxy]'],
  ],
  ['shutdown: a cache is stopped', 'shutdown', 'cache-1', ['service[memcached]']],
] as const)
  test(name, () => {
    const found = idsOf(event, snapshotOf(), instance);
    assert.equal(
      found.filter((id) => (event === 'deploy' ? id.startsWith('execute') : !id.startsWith('accounts'))),
      ids,
    );
  });

test('shutdown: without a load balancer, or a time, nobody is waited for', () => {
  const { lb, ...others } = snapshotOf().roles;
  const app = role('nodejs-app', { shutdown: { drainSeconds: 0 } });
  for (const roles of [others, { ...others, ...(lb === undefined ? {} : { lb }), app }])
    assert.equal(idsOf('shutdown', snapshotOf({ roles }), 'app-1'), ['service[scalarium-app-app]']);
});

const withHost = (name: string, more: Parameters<typeof host>[2]): Snapshot => {
  const base = snapshotOf();
  const old = base.hosts[name] ?? host('app', '127.0.2.77');
  return snapshotOf({ hosts: { ...base.hosts, [name]: { ...old, ...more } } });
};

const withoutHost = (name: string): Snapshot =>
  snapshotOf({
    hosts: Object.fromEntries(Object.entries(snapshotOf().hosts).filter(([one]) => one !== name)),
  });

const touched = (after: Snapshot): { readonly input: readonly string[]; readonly hostsFile: boolean } => {
  const before = snapshotOf();
  const names = Object.keys(after.hosts).filter((name) => before.hosts[name] !== undefined);
  const differs = (name: string): boolean => inputOf(before, name).input !== inputOf(after, name).input;
  const hostsFile = names.some((name) => inputOf(before, name).hostsFile !== inputOf(after, name).hostsFile);
  return { input: names.filter(differs), hostsFile };
};

const cases: readonly {
  readonly name: string;
  readonly after: Snapshot;
  readonly input: readonly string[];
  readonly hostsFile: boolean;
}[] = [
  { name: 'nothing changed', after: snapshotOf(), input: [], hostsFile: false },
  {
    name: 'an app server becomes Ready: the load balancer only',
    after: withHost('app-2', { ready: true }),
    input: ['lb-1'],
    hostsFile: false,
  },
  {
    name: 'a host is there, not Ready yet: hosts files only',
    after: withHost('app-3', { ready: false }),
    input: [],
    hostsFile: true,
  },
  {
    name: 'a replica is there, not Ready yet: its master, which must let it in',
    after: withHost('db-replica-2', { role: 'db-replica', ready: false }),
    input: ['db-1'],
    hostsFile: true,
  },
  {
    name: 'the cache is silent: nobody',
    after: withHost('cache-1', SILENT),
    input: [],
    hostsFile: false,
  },
  {
    name: 'the cache is lost: app servers',
    after: withoutHost('cache-1'),
    input: ['app-1', 'app-2', 'app-10'],
    hostsFile: true,
  },
  {
    name: 'the master is silent: the replica only',
    after: withHost('db-1', SILENT),
    input: ['db-replica-1'],
    hostsFile: false,
  },
  {
    name: 'the master is lost: app servers and the replica',
    after: withoutHost('db-1'),
    input: ['app-1', 'app-2', 'app-10', 'db-replica-1'],
    hostsFile: true,
  },
  { name: 'a zone is no input', after: withHost('db-1', { zone: 'b' }), input: [], hostsFile: false },
  {
    name: 'the time zone: everybody',
    after: snapshotOf({ timeZone: 'UTC' }),
    input: Object.keys(snapshotOf().hosts),
    hostsFile: false,
  },
];

for (const row of cases) {
  test(`input: ${row.name}`, () => {
    assert.equal(touched(row.after), { input: row.input, hostsFile: row.hostsFile });
  });
}

test('5,000 hosts: digests of all in less than three seconds, and hosts files list watched roles only', async () => {
  const hosts = Object.fromEntries(
    Array.from({ length: 5000 }, (_value, index) => {
      const name = index < 4000 ? `app-${String(index)}` : `misc-${String(index)}`;
      return [name, host(index < 4000 ? 'app' : 'misc', `10.0.${String(index >> 8)}.${String(index & 255)}`)];
    }),
  );
  const snapshot = snapshotOf({ hosts: { ...snapshotOf().hosts, ...hosts } });
  const started = performance.now();
  const digests = new Set(Object.keys(snapshot.hosts).map((name) => inputOf(snapshot, name).input));
  assert.ok(performance.now() - started < 3000, `took ${String(performance.now() - started)} ms`);
  assert.is(digests.size, Object.keys(snapshot.hosts).length);
  const file = await theFile(snapshot, 'misc-4500', '/etc/hosts');
  assert.match(file, ' misc-4500');
  assert.not.match(file, ' misc-4999');
  assert.match(await theFile(snapshot, 'lb-1', '/etc/hosts'), ' app-17');
});
