/** Database master and replicas: MariaDB, replicated by global transaction ids. */
import { rolesOf } from '../../api-types/kinds/instance.js';
import type { Snapshot } from '../../api-types/snapshot.js';
import { AttributeProblem, settingsOf } from '../attributes.js';
import { allHosts, readyOfRole, rolesOfType } from '../members.js';
import type { Resource } from '../resource.js';
import { applicationPassword, masterRole, replicationPassword, rootPassword } from '../secret-names.js';
import { MYSQL_ACCOUNTS, MYSQL_REPLICA } from './mysql-scripts.js';
import { MYSQL, mysqlServer, serverConfig, serverId } from './mysql-server.js';
import { HEAD, SCRIPTS, type RoleRecipe } from './role-recipe.js';

const REPLICATION_USER = 'scalarium_replica';

const NAME = /^[A-Za-z0-9_$-]{1,64}$/;
const PRIVILEGES = /^[A-Za-z]+( [A-Za-z]+)*$/;

const refuse = (role: string, attribute: string, expected: string, got: string): never => {
  throw new AttributeProblem(
    `attributes of the role ${role}: mysql.${attribute}: expected ${expected}, got "${got}"`,
  );
};

const nameFrom = (role: string, attribute: string, name: string): string =>
  NAME.test(name) ? name : refuse(role, attribute, 'a name of letters, digits, _, $ and -', name);

/** As the server lists them. */
const privilegesFrom = (role: string, text: string): string => {
  const all = text.split(',').map((one) => one.trim().toUpperCase());
  if (!all.every((one) => PRIVILEGES.test(one)))
    refuse(role, 'privileges', 'privileges with commas between them, as SELECT, INSERT', text);
  return [...all].sort().join(', ');
};

/** Of the hosts that replicate this master, Ready or not: they must be let in to become it. */
const replicaAddresses = (snapshot: Snapshot, master: string): readonly string[] => {
  const roles = rolesOfType(snapshot, 'db-replica').filter((role) => masterRole(snapshot, role) === master);
  const found = allHosts(snapshot).filter(({ host }) => rolesOf(host).some((role) => roles.includes(role)));
  return found.map(({ host }) => host.address).filter((address) => address !== '');
};

const script = (name: string, content: string): Resource => ({
  type: 'file',
  path: `${SCRIPTS}/${name}`,
  content,
  mode: 0o755,
});

const accounts = (snapshot: Snapshot, role: string): Resource => {
  const { mysql } = settingsOf(snapshot, role, 'db-master');
  return {
    type: 'execute',
    name: 'users and databases of MariaDB',
    command: ['sh', './mysql-accounts', 'apply'],
    unless: ['sh', './mysql-accounts', 'check'],
    cwd: SCRIPTS,
    environment: {
      MYSQL_SOCKET: mysql.socket,
      ROOT_PASSWORD: rootPassword(role),
      APPLICATION_USER: nameFrom(role, 'user', mysql.user),
      APPLICATION_PASSWORD: applicationPassword(role),
      DATABASES: mysql.databases.map((name) => nameFrom(role, 'databases', name)).join(' '),
      PRIVILEGES: privilegesFrom(role, mysql.privileges),
      REPLICATION_USER,
      REPLICATION_PASSWORD: replicationPassword(role),
      REPLICAS: replicaAddresses(snapshot, role).join(' '),
    },
    on: 'machine',
  };
};

const stop = (): readonly Resource[] => [{ ...MYSQL, state: 'stopped' }];

export const dbMaster: RoleRecipe = {
  converge: () => [],
  own: (snapshot, role, instance) => {
    const { mysql } = settingsOf(snapshot, role, 'db-master');
    return [
      ...mysqlServer(mysql, serverConfig(mysql, serverId(snapshot, instance), {})),
      script('mysql-accounts', MYSQL_ACCOUNTS),
      accounts(snapshot, role),
    ];
  },
  shutdown: stop,
};

interface Master {
  readonly name: string;
  readonly role: string;
  readonly address: string;
  readonly port: number;
}

/** Null: none is Ready. */
const masterOf = (snapshot: Snapshot, role: string): Master | null => {
  const of = masterRole(snapshot, role);
  const member = of === null ? undefined : readyOfRole(snapshot, of)[0];
  if (of === null || member === undefined) return null;
  const { port } = settingsOf(snapshot, of, 'db-master').mysql;
  return { name: member.name, role: of, address: member.host.address, port };
};

const FOLLOWS = '/etc/scalarium/mysql-master';
const NOBODY: Resource = {
  type: 'file',
  path: FOLLOWS,
  content: `${HEAD}# No master is Ready: this replica is configured, and follows none until one is.\n`,
};

const LOGIN_SECONDS = 180;
/** Of one provisioning: reading, writing and catching up. */
const PROVISION_SECONDS = 3_600;

const following = (snapshot: Snapshot, role: string, master: Master): readonly Resource[] => {
  const { mysql } = settingsOf(snapshot, role, 'db-replica');
  const { name, address, port } = master;
  return [
    {
      type: 'file',
      path: FOLLOWS,
      content: `${HEAD}MASTER_NAME=${name}\nMASTER_HOST=${address}\nMASTER_PORT=${String(port)}\n`,
    },
    { type: 'waitForPort', host: address, port, on: 'machine' },
    {
      type: 'execute',
      name: `follow the master ${name}`,
      command: ['sh', './mysql-replica', 'apply'],
      unless: ['sh', './mysql-replica', 'check'],
      cwd: SCRIPTS,
      timeoutSeconds: PROVISION_SECONDS,
      environment: {
        MYSQL_SOCKET: mysql.socket,
        MASTER_HOST: address,
        MASTER_PORT: String(port),
        REPLICATION_USER,
        REPLICATION_PASSWORD: replicationPassword(master.role),
        LOGIN_SECONDS: String(LOGIN_SECONDS),
        CATCH_UP_SECONDS: String(mysql.catchUpSeconds),
      },
      on: 'machine',
    },
  ];
};

export const dbReplica: RoleRecipe = {
  converge: () => [],
  own: (snapshot, role, instance) => {
    const { mysql } = settingsOf(snapshot, role, 'db-replica');
    const master = masterOf(snapshot, role);
    return [
      ...mysqlServer(mysql, serverConfig(mysql, serverId(snapshot, instance), { read_only: 1 })),
      script('mysql-replica', MYSQL_REPLICA),
      ...(master === null ? [NOBODY] : following(snapshot, role, master)),
    ];
  },
  shutdown: stop,
};
