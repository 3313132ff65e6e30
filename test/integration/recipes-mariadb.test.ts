/** MariaDB as the roles configure it: a master and a replica by the real programs, in a machine that is thrown away. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync, statSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { RoleType } from '../../api-types/kinds/role.js';
import type { Snapshot } from '../../api-types/snapshot.js';
import { applyResources, type Applied } from '../../recipes/apply.js';
import { recipeFor } from '../../recipes/catalog.js';
import type { Platform } from '../../recipes/platform.js';
import type { SecretSource } from '../../recipes/secrets.js';
import { silentLog } from '../../runtime/log.js';
import { daemons, type Daemons } from '../build/daemons.js';
import { freePort } from '../build/free-port.js';
import { inOwnMachine, isOwnMachine, noOwnMachine } from '../build/own-machine.js';
import { assert, suite } from '../suite.js';
import { SCRIPTS } from '../../recipes/roles/role-recipe.js';
import { host, role } from '../unit/recipes/world.js';

const CONFIG = '/etc/mysql/mariadb.conf.d/99-scalarium.cnf';

const PASSWORDS: Readonly<Record<string, string>> = {
  'db-mysql-root': 'r00t',
  'db-mysql': `it's "a" \\pass$word`,
  'db-mysql-replication': '0123456789abcdef',
  'next-mysql-root': 'r00t too',
  'next-mysql': 'other',
  'next-mysql-replication': 'fedcba9876543210',
};

const secrets: SecretSource = (name) => {
  const password = PASSWORDS[name];
  return password === undefined ? Promise.reject(new Error('no such')) : Promise.resolve({ password });
};

const id = (flag: string): number => Number(spawnSync('id', [flag, 'mysql'], { encoding: 'utf8' }).stdout);

/** One host's server: it keeps the configuration that it was started with, as all hosts here share one file system. */
class Server {
  readonly services: Daemons;
  readonly data: string;
  readonly socket: string;

  constructor(readonly instance: string) {
    this.data = `/vol/${instance}`;
    this.socket = `/vol/${instance}/mysql.sock`;
    const config = `/etc/${instance}.cnf`;
    this.services = daemons({
      mariadb: {
        command: () => {
          cpSync(CONFIG, config);
          return ['/usr/sbin/mariadbd', `--defaults-file=${config}`, `--pid-file=${this.data}/mysql.pid`];
        },
        uid: id('-u'),
        gid: id('-g'),
      },
    });
  }

  settings(port: number): Readonly<Record<string, unknown>> {
    return {
      port,
      bindAddress: '127.0.0.1',
      dataDirectory: this.data,
      socket: this.socket,
      bufferPoolMib: 16,
    };
  }

  configure(snapshot: Snapshot): Promise<Applied> {
    // the configuration of another server here is not one that this replaces
    if (!existsSync(`${this.data}/mysql`)) rmSync(CONFIG, { force: true });
    const platform: Platform = {
      packages: 'apt',
      family: 'debian',
      root: '/',
      services: this.services,
      init: 'supervisor',
    };
    return applyResources(recipeFor('configure', snapshot, this.instance), {
      root: '/',
      platform,
      secrets,
      signal: new AbortController().signal,
      log: silentLog,
    });
  }

  async configured(snapshot: Snapshot): Promise<readonly string[]> {
    const { failure, changed } = await this.configure(snapshot);
    assert.is(failure, null);
    return changed;
  }

  /** As root, through the socket. */
  sql(statement: string): string {
    const ran = spawnSync('mariadb', [`--socket=${this.socket}`, '-BN', '-e', statement], {
      encoding: 'utf8',
    });
    if (ran.status !== 0) throw new Error(`${this.instance}: ${statement}: ${ran.stderr}`);
    return ran.stdout.trim();
  }

  /** Its machine is gone, with all that was on it. */
  async lose(): Promise<void> {
    await this.services.kill('mariadb');
    rmSync(this.data, { recursive: true, force: true });
  }
}

const ACCOUNTS = 'execute[users and databases of MariaDB]';
const FOLLOW = 'execute[follow the master db-1]';
const FOLLOW_NEXT = 'execute[follow the master next-1]';

const realMariadb = (): void => {
  const test = suite('MariaDB on a real machine');
  const master = new Server('db-1');
  const replica = new Server('db-replica-1');
  const next = new Server('next-1');
  const all = [master, replica, next];
  let ports: readonly number[] = [];

  /** `more`: attributes of the master; `follows`: the role that the replica does; `nextIs`: what next-1 is for. */
  const world = (
    ready: readonly string[],
    more: Readonly<Record<string, unknown>> = {},
    { follows = 'db', nextIs = 'db-master' }: { readonly follows?: string; readonly nextIs?: RoleType } = {},
  ): Snapshot => {
    const hosts = Object.fromEntries(
      all.map(({ instance }) => [
        instance,
        host(instance.replace(/-\d$/, ''), '127.0.0.1', {
          machine: instance,
          ready: ready.includes(instance),
        }),
      ]),
    );
    const settings = (at: number): Readonly<Record<string, unknown>> => all[at]!.settings(ports[at]!);
    return {
      cluster: 'shop',
      timeZone: 'Europe/Berlin',
      attributes: {},
      roles: {
        db: role('db-master', {
          mysql: { ...settings(0), databases: ['shop_data', 'stats'], user: 'shop', ...more },
        }),
        'db-replica': role('db-replica', { mysql: { ...settings(1), catchUpSeconds: 60, master: follows } }),
        next: role(nextIs, { mysql: settings(2) }),
      },
      hosts,
    };
  };

  const asApplication = (statement: string): string => {
    const ran = spawnSync(
      'mariadb',
      [
        '--host=127.0.0.1',
        '--protocol=tcp',
        `--port=${String(ports[0])}`,
        '--user=shop',
        '-BN',
        '-e',
        statement,
      ],
      { encoding: 'utf8', env: { ...process.env, MYSQL_PWD: PASSWORDS['db-mysql'] } },
    );
    return ran.status === 0 ? ran.stdout.trim() : ran.stderr.trim();
  };

  test.before(async () => {
    mkdirSync('/vol', { recursive: true });
    ports = [await freePort(), await freePort(), await freePort()];
  });
  test.after(async () => {
    await Promise.all(all.map(({ services }) => services.end()));
  });

  test('a master is set up from nothing, and a second run changes nothing', async () => {
    const changed = await master.configured(world([]));
    assert.ok(changed.includes('execute[make the system tables]'));
    assert.ok(changed.includes(ACCOUNTS));
    assert.equal(master.services.calls, ['restart mariadb']);
    assert.equal(await master.configured(world([])), []);
    assert.is(statSync('/vol/db-1').uid, id('-u'));
  });

  test('a set-up that was cut short begins anew; data elsewhere is never left behind', () => {
    const cut = new Server('cut-1');
    mkdirSync(`${cut.data}/mysql`, { recursive: true });
    spawnSync('touch', [`${cut.data}/scalarium-installing`, `${cut.data}/ibdata1`]);
    const install = (verb: string, directory: string) =>
      spawnSync('sh', ['./mysql-install', verb, directory], { cwd: SCRIPTS, encoding: 'utf8' });
    assert.is(install('check', cut.data).status, 1);
    const refused = install('apply', cut.data);
    assert.is(refused.status, 1);
    assert.match(refused.stderr, `the data is in ${master.data} (databases: shop_data stats )`);
    rmSync(CONFIG);
    assert.is(install('apply', cut.data).status, 0);
    assert.is(install('check', cut.data).status, 0);
    cpSync('/etc/db-1.cnf', CONFIG);
  });

  test('the application has its databases and no others; its password may be anything', () => {
    asApplication(
      'CREATE TABLE shop_data.orders (id INT PRIMARY KEY); INSERT INTO shop_data.orders VALUES (1)',
    );
    assert.is(asApplication('SELECT COUNT(*) FROM shop_data.orders'), '1');
    assert.match(asApplication('CREATE DATABASE more'), 'denied');
    assert.match(asApplication('SELECT 1 FROM shopXdata.orders'), 'denied');
    assert.match(asApplication('SELECT User FROM mysql.user'), 'denied');
  });

  test('root gets in by the socket, and with its password only from the host', () => {
    assert.match(master.sql('SHOW GRANTS'), 'unix_socket');
    const ran = spawnSync(
      'mariadb',
      ['--host=127.0.0.1', '--protocol=tcp', `--port=${String(ports[0])}`, '--user=root', '-e', 'SELECT 1'],
      { env: { ...process.env, MYSQL_PWD: 'wrong' } },
    );
    assert.is.not(ran.status, 0);
  });

  test('what somebody took away, and what the attributes say now, is put right', async () => {
    master.sql("DROP USER 'shop'@'%'; DROP DATABASE stats");
    assert.equal(await master.configured(world([])), [ACCOUNTS]);
    assert.is(asApplication('SELECT COUNT(*) FROM shop_data.orders'), '1');
    const narrow = world([], { privileges: 'select, insert' });
    assert.equal(await master.configured(narrow), [ACCOUNTS]);
    assert.match(asApplication('DELETE FROM shop_data.orders'), 'denied');
    assert.equal(await master.configured(narrow), []);
    assert.equal(await master.configured(world([])), [ACCOUNTS]);
  });

  test('without a Ready master a replica is configured alone', async () => {
    await replica.configured(world([]));
    assert.is(replica.sql('SELECT @@read_only'), '1');
    assert.match(readFileSync('/etc/scalarium/mysql-master', 'utf8'), 'No master is Ready');
  });

  test('with one it takes over its data, follows it, and a second run changes nothing', async () => {
    const changed = await replica.configured(world(['db-1']));
    assert.ok(changed.includes(FOLLOW), changed.join());
    assert.is(replica.sql('SELECT id FROM shop_data.orders'), '1');
    assert.equal(await replica.configured(world(['db-1'])), []);
    master.sql('INSERT INTO shop_data.orders VALUES (2)');
    const position = master.sql('SELECT @@gtid_binlog_pos');
    assert.is(
      replica.sql(`SELECT MASTER_GTID_WAIT('${position}', 60)`),
      '0',
      replica.sql('SHOW SLAVE STATUS'),
    );
    assert.is(replica.sql('SELECT MAX(id) FROM shop_data.orders'), '2');
  });

  test('its user comes from the addresses of replicas and no others', () => {
    assert.is(master.sql("SELECT Host FROM mysql.user WHERE User = 'scalarium_replica'"), '127.0.0.1');
  });

  test('a replica whose host was lost is built anew from empty and catches up', async () => {
    await replica.lose();
    master.sql('INSERT INTO shop_data.orders VALUES (3)');
    const changed = await replica.configured(world(['db-1']));
    assert.ok(changed.includes(FOLLOW), changed.join());
    assert.is(replica.sql('SELECT MAX(id) FROM shop_data.orders'), '3');
  });

  test('one that was cut short while it took the data over begins anew', async () => {
    await replica.services.stop('mariadb');
    await replica.services.start('mariadb');
    for (let tries = 0; ; tries += 1) {
      try {
        replica.sql('STOP SLAVE; RESET SLAVE ALL');
        break;
      } catch (error) {
        if (tries > 300) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
    replica.sql(
      'SET SESSION sql_log_bin = 0; DROP TABLE shop_data.orders; CREATE TABLE shop_data.half (id INT)',
    );
    spawnSync('touch', [`${replica.data}/scalarium-provisioning`]);
    assert.equal(await replica.configured(world(['db-1'])), [FOLLOW]);
    assert.is(replica.sql('SELECT MAX(id) FROM shop_data.orders'), '3');
    assert.is(replica.sql("SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_NAME = 'half'"), '0');
  });

  test('it follows another master, from where it stands', async () => {
    await next.configured(world(['db-1'], {}, { nextIs: 'db-replica' }));
    assert.is(next.sql('SELECT MAX(id) FROM shop_data.orders'), '3');
    next.sql('STOP SLAVE; RESET SLAVE ALL');
    const turned = world(['next-1'], {}, { follows: 'next' });
    assert.ok((await next.configured(turned)).includes(ACCOUNTS));
    next.sql('INSERT INTO shop_data.orders VALUES (4)');
    assert.ok((await replica.configured(turned)).includes(FOLLOW_NEXT));
    assert.is(replica.sql('SELECT MAX(id) FROM shop_data.orders'), '4');
    assert.equal(await replica.configured(turned), []);
  });

  test('told to follow one that knows nothing of its past it stands, says so, and keeps its data', async () => {
    await next.lose();
    const turned = world(['next-1'], {}, { follows: 'next' });
    await next.configured(turned);
    const { failure } = await replica.configure(turned);
    assert.match(failure ?? '', /replication from 127\.0\.0\.1 stands: .*Its data was left as it is/s);
    assert.is(replica.sql('SELECT MAX(id) FROM shop_data.orders'), '4');
  });

  test('data that came from no master is never overwritten', async () => {
    await replica.lose();
    await replica.configured(world([]));
    replica.sql('CREATE DATABASE mine; CREATE TABLE mine.own (id INT)');
    const { failure } = await replica.configure(world(['db-1']));
    assert.match(
      failure ?? '',
      /holds data that came from no master and is never overwritten; databases: mine/,
    );
    assert.not.match(failure ?? '', PASSWORDS['db-mysql-replication']!);
    assert.is(replica.sql('SELECT COUNT(*) FROM mine.own'), '0');
  });
};

if (isOwnMachine()) realMariadb();
else if (noOwnMachine() === null) process.exitCode = await inOwnMachine(fileURLToPath(import.meta.url));
else {
  const why = noOwnMachine() ?? '';
  const test = suite('MariaDB on a real machine');
  test(`NOT RUN: ${why}`, () => {
    process.stderr.write(`\n*** MARIADB ON A REAL MACHINE: NOT TESTED HERE: ${why} ***\n`);
    assert.is.not(why, '');
  });
}
