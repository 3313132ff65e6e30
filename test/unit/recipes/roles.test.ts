import type { RoleType } from '../../../api-types/kinds/role.js';
import type { Snapshot } from '../../../api-types/snapshot.js';
import { recipeFor } from '../../../recipes/catalog.js';
import { assert, suite } from '../../suite.js';
import { idsOf, theFile, theResource } from './texts.js';
import { host, role, snapshotOf } from './world.js';

const test = suite('what roles make of a snapshot');

const INSTANCE = 'export SCALARIUM_INSTANCE="$(cat "${SCALARIUM_ROOT:-}/etc/hostname")"\n';

const HEAD = '# Written by Scalarium; changes are overwritten.\n';

/** The small cluster with other attributes for one of its roles. */
const withRole = (name: string, type: RoleType, attributes: Readonly<Record<string, unknown>>): Snapshot =>
  snapshotOf({ roles: { ...snapshotOf().roles, [name]: role(type, attributes) } });

const app = (attributes: Readonly<Record<string, unknown>>): Snapshot =>
  withRole('app', 'nodejs-app', attributes);

const texts: readonly {
  readonly name: string;
  readonly snapshot?: Snapshot;
  readonly instance: string;
  readonly path: string;
  readonly text: string;
}[] = [
  {
    name: 'the environment of applications',
    instance: 'app-1',
    path: '/etc/scalarium/environment',
    text: `SCALARIUM_CLUSTER=shop
SCALARIUM_ROLE=app
DATABASE_MASTER=127.0.3.1:3306
DATABASE_REPLICAS=127.0.4.1:3306
DATABASE_HOST=127.0.3.1
DATABASE_PORT=3306
DATABASE_NAME=app
DATABASE_USER=app
DATABASE_PASSWORD=db-mysql/password
MEMCACHED_SERVERS=127.0.5.1:11211
`,
  },
  {
    name: 'the environment of applications where there is nothing else',
    snapshot: snapshotOf({
      roles: { app: role('nodejs-app') },
      hosts: { 'app-1': host('app', '127.0.2.1') },
    }),
    instance: 'app-1',
    path: '/etc/scalarium/environment',
    text: `SCALARIUM_CLUSTER=shop
SCALARIUM_ROLE=app
DATABASE_MASTER=
DATABASE_REPLICAS=
MEMCACHED_SERVERS=
`,
  },
  {
    name: "an application's own environment, with what needs quotes and what is secret",
    snapshot: app({
      applications: {
        shop: {
          port: 3000,
          environment: { NAME: 'Monster "World"', KEY: { secret: 'payment', key: 'api' }, N: 1 },
        },
      },
    }),
    instance: 'app-1',
    path: '/etc/scalarium/applications/shop.env',
    text: 'SCALARIUM_APPLICATION=shop\nNODE_ENV=production\nNAME="Monster \\"World\\""\nKEY=payment/api\nN=1\n',
  },
  {
    name: 'an application waits for its code',
    instance: 'app-1',
    path: '/etc/scalarium/applications/app.start',
    text: `#!/bin/sh
${HEAD}# Starts the application once its code is there.
code="\${SCALARIUM_ROOT:-}/srv/www/app/current"
until [ -e "$code"/'server.js' ]; do sleep 1; done
cd -P "$code" || exit 1
${INSTANCE}export PORT=8080
program='/usr/bin/node'
[ -x "$program" ] || program=node
exec "$program" 'server.js'
`,
  },
  {
    name: 'an application with a command of its own',
    snapshot: app({ applications: { shop: { command: 'npm run start:production', port: 80 } } }),
    instance: 'app-1',
    path: '/etc/scalarium/applications/shop.start',
    text: `#!/bin/sh
${HEAD}# Starts the application once its code is there.
code="\${SCALARIUM_ROOT:-}/srv/www/shop/current"
until [ -e "$code"/'.' ]; do sleep 1; done
cd -P "$code" || exit 1
${INSTANCE}export PORT=80
exec npm run start:production
`,
  },
  {
    name: 'a master',
    snapshot: withRole('db', 'db-master', {
      mysql: { device: '/dev/xvdf', bufferPoolMib: 1024, domainId: 7 },
    }),
    instance: 'db-1',
    path: '/etc/mysql/mariadb.conf.d/99-scalarium.cnf',
    text: `${HEAD}[mariadbd]
port = 3306
bind_address = 0.0.0.0
datadir = /vol/mysql/data
skip_name_resolve = 1
ignore_db_dirs = lost+found
max_connections = 151
innodb_buffer_pool_size = 1024M
server_id = 3573775435
log_bin = mysql-bin
relay_log = mysql-relay
binlog_format = ROW
sync_binlog = 1
binlog_expire_logs_seconds = 604800
log_slave_updates = 1
gtid_domain_id = 7
gtid_strict_mode = 1
`,
  },
  {
    name: 'whom a replica follows',
    instance: 'db-replica-1',
    path: '/etc/scalarium/mysql-master',
    text: `${HEAD}MASTER_NAME=db-1\nMASTER_HOST=127.0.3.1\nMASTER_PORT=3306\n`,
  },
  {
    name: 'a replica that is alone says so',
    snapshot: snapshotOf({ hosts: { 'db-replica-1': host('db-replica', '127.0.4.1') } }),
    instance: 'db-replica-1',
    path: '/etc/scalarium/mysql-master',
    text: `${HEAD}# No master is Ready: this replica is configured, and follows none until one is.\n`,
  },
  {
    name: 'a cache on Debian',
    instance: 'cache-1',
    path: '/etc/memcached.conf',
    text: `${HEAD}-m 64
-p 11211
-c 1024
-l 0.0.0.0
-u memcache
-U 0
-P /var/run/memcached/memcached.pid
`,
  },
  {
    name: 'a cache on Red Hat',
    instance: 'cache-1',
    path: '/etc/sysconfig/memcached',
    text: `${HEAD}PORT="11211"
USER="memcached"
MAXCONN="1024"
CACHESIZE="64"
OPTIONS="-l 0.0.0.0 -U 0"
`,
  },
];

for (const { name, snapshot = snapshotOf(), instance, path, text } of texts)
  test(name, async () => {
    assert.is(await theFile(snapshot, instance, path), text);
  });

test('cluster.json: the password is JSON whatever is in it, and nothing in attributes is a template', async () => {
  const snapshot = app({
    greeting: '{{ nobody }}',
    applications: { app: { environment: { A: '(the password)' } } },
  });
  const file = JSON.parse(await theFile(snapshot, 'app-1', '/etc/scalarium/cluster.json')) as Readonly<
    Record<string, Readonly<Record<string, unknown>>>
  >;
  assert.equal(file['database'], {
    password: 'db-mysql/password',
    masters: [{ name: 'db-1', address: '127.0.3.1', port: 3306 }],
    replicas: [{ name: 'db-replica-1', address: '127.0.4.1', port: 3306 }],
    name: 'app',
    user: 'app',
  });
  assert.equal(file['caches'], [{ name: 'cache-1', address: '127.0.5.1', port: 11211 }]);
  assert.is(file['attributes']?.['greeting'], '{{ nobody }}');
});

const servedBy = (config: string): Readonly<Record<string, readonly string[]>> => {
  const sections = config.split('\n\n').filter((one) => one.startsWith('backend '));
  return Object.fromEntries(
    sections.map((one) => [
      one.split('\n')[0]!.replace('backend ', ''),
      [...one.matchAll(/ server (\S+) (\S+)/g)].map((match) => `${match[1]!} ${match[2]!}`),
    ]),
  );
};

const HAPROXY = '/etc/haproxy/haproxy.cfg';

test('a backend for each application, of all roles that serve it', async () => {
  const snapshot = snapshotOf({
    attributes: {
      applications: {
        shop: { roles: ['web', 'app'] },
        blog: { roles: ['web'], domains: ['Blog.example.com', '*.blogs.org'], path: '/b/' },
      },
    },
    roles: {
      lb: role('load-balancer'),
      app: role('nodejs-app'),
      web: role('static-web'),
      other: role('php-app'),
    },
    hosts: {
      'lb-1': host('lb', '10.0.0.1'),
      'app-1': host('app', '10.0.0.2'),
      'web-1': host('web', '10.0.0.3'),
      'other-1': host('other', '10.0.0.4'),
    },
  });
  const config = await theFile(snapshot, 'lb-1', HAPROXY);
  assert.equal(servedBy(config), {
    'app-shop': ['app-1 10.0.0.2:8080', 'web-1 10.0.0.3:80'],
    'app-blog': ['web-1 10.0.0.3:80'],
  });
  assert.match(
    config,
    `    use_backend app-blog if { hdr(host),field(1,:),lower -m str blog.example.com } { path,concat(/) -m beg /b/ }
    use_backend app-blog if { hdr(host),field(1,:),lower -m end .blogs.org } { path,concat(/) -m beg /b/ }
    default_backend app-shop
`,
  );
});

test("weights are the role's number of backends, connections that times its type's factor", async () => {
  const weights = async (type: RoleType, attributes = {}): Promise<string> => {
    const config = await theFile(withRole('app', type, attributes), 'lb-1', HAPROXY);
    return /weight \d+ maxconn \d+/.exec(config)?.[0] ?? '';
  };
  assert.is(await weights('nodejs-app'), 'weight 10 maxconn 100');
  assert.is(await weights('rails-app', { balancing: { backends: 4 } }), 'weight 4 maxconn 28');
  assert.is(await weights('static-web', { balancing: { backends: 1000 } }), 'weight 256 maxconn 15000');
});

test('what Red Hat places elsewhere is there for both families', () => {
  const ids = recipeFor('setup', snapshotOf(), 'db-1')
    .filter(({ family }) => family === 'redhat')
    .map((resource) => ('path' in resource ? resource.path : ''));
  assert.equal(ids, ['/etc/my.cnf.d/99-scalarium.cnf']);
});

test('a volume is formatted and mounted before the data is put on it', () => {
  const snapshot = withRole('db', 'db-master', { mysql: { device: '/dev/xvdf', format: 'ext4' } });
  const ids = idsOf('setup', snapshot, 'db-1');
  const order = [
    'filesystem[/dev/xvdf]',
    'mount[/vol/mysql]',
    'package[mariadb-server]',
    'directory[/vol/mysql/data]',
  ];
  assert.equal(
    ids.filter((id) => order.includes(id)),
    order,
  );
});

test('the master lets in the replicas that there are, Ready or not', () => {
  const base = snapshotOf();
  const hosts = { ...base.hosts, 'db-replica-2': host('db-replica', '127.0.4.2', { ready: false }) };
  const resource = theResource(snapshotOf({ hosts }), 'db-1', 'execute[users and databases of MariaDB]');
  assert.ok(resource.type === 'execute' && resource.environment?.['REPLICAS'] === '127.0.4.1 127.0.4.2');
});

test('servers have a number each, which stays as long as the machine does', async () => {
  const id = async (machine: string): Promise<string> => {
    const hosts = { 'db-1': host('db', '10.0.0.1', { machine }) };
    const file = await theFile(snapshotOf({ hosts }), 'db-1', '/etc/mysql/mariadb.conf.d/99-scalarium.cnf');
    return /server_id = (\d+)/.exec(file)?.[1] ?? '';
  };
  assert.is(await id('i-1'), await id('i-1'));
  assert.is.not(await id('i-1'), await id('i-2'));
});

test('no input holds a secret, only its name', () => {
  for (const instance of Object.keys(snapshotOf().hosts)) {
    const text = JSON.stringify(recipeFor('setup', snapshotOf(), instance));
    assert.not.match(text, 'db-mysql/password');
  }
});
