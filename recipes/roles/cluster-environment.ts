/** What applications are told of their cluster: as an environment, and as a file to read. */
import type { Snapshot } from '../../api-types/snapshot.js';
import { applicationsOf } from '../applications.js';
import { attributesOf, settingsOf, isRecord, AttributeProblem } from '../attributes.js';
import { rolesOfType, servingOfRole, servingOfType } from '../members.js';
import type { Filled, Notification, Resource, SecretText } from '../resource.js';
import { applicationPassword, databaseRole, masterRole } from '../secret-names.js';

interface Service {
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

interface Database {
  readonly masters: readonly Service[];
  readonly replicas: readonly Service[];
  /** None where the cluster has no database. */
  readonly name?: string;
  readonly user?: string;
  readonly password?: SecretText;
}

const servicesOf = (snapshot: Snapshot, role: string, port: number): readonly Service[] =>
  servingOfRole(snapshot, role).map(({ name, host }) => ({ name, address: host.address, port }));

const replicasOf = (snapshot: Snapshot, master: string): readonly Service[] =>
  rolesOfType(snapshot, 'db-replica')
    .filter((role) => masterRole(snapshot, role) === master)
    .flatMap((role) => servicesOf(snapshot, role, settingsOf(snapshot, role, 'db-replica').mysql.port));

const databaseName = (snapshot: Snapshot, role: string, master: string): string => {
  const { database } = attributesOf(snapshot, role);
  const told = isRecord(database) && typeof database['name'] === 'string' ? database['name'] : '';
  const { databases } = settingsOf(snapshot, master, 'db-master').mysql;
  if (told === '') return databases[0] ?? '';
  if (databases.includes(told)) return told;
  throw new AttributeProblem(
    `attributes of the role ${role}: database.name: expected one of the mysql.databases of the role ${master}: ${databases.join(', ')}, got "${told}"`,
  );
};

export const databaseOf = (snapshot: Snapshot, role: string): Database => {
  const master = databaseRole(snapshot, role);
  if (master === null) return { masters: [], replicas: [] };
  const { port, user } = settingsOf(snapshot, master, 'db-master').mysql;
  return {
    masters: servicesOf(snapshot, master, port),
    replicas: replicasOf(snapshot, master),
    name: databaseName(snapshot, role, master),
    user,
    password: applicationPassword(master),
  };
};

export const cachesOf = (snapshot: Snapshot): readonly Service[] =>
  servingOfType(snapshot, 'memcached').map(({ name, role, host }) => ({
    name,
    address: host.address,
    port: settingsOf(snapshot, role, 'memcached').memcached.port,
  }));

const addressList = (found: readonly Service[]): string =>
  found.map(({ address, port }) => `${address}:${String(port)}`).join(',');

/** A file for `EnvironmentFile=`: one variable a line, quoted where its value needs it. */
export const environmentText = (values: Readonly<Record<string, SecretText>>): Filled => ({
  template: Object.keys(values)
    .map((name) => `${name}={{ values.${name} | env }}\n`)
    .join(''),
  attributes: { values },
});

/** What the environment of every application of the role says. */
export const clusterVariables = (snapshot: Snapshot, role: string): Readonly<Record<string, SecretText>> => {
  const { masters, replicas, name, user, password } = databaseOf(snapshot, role);
  const [first] = masters;
  return {
    SCALARIUM_CLUSTER: snapshot.cluster,
    SCALARIUM_ROLE: role,
    DATABASE_MASTER: addressList(masters),
    DATABASE_REPLICAS: addressList(replicas),
    ...(first === undefined ? {} : { DATABASE_HOST: first.address, DATABASE_PORT: String(first.port) }),
    ...(name === undefined ? {} : { DATABASE_NAME: name }),
    ...(user === undefined ? {} : { DATABASE_USER: user }),
    ...(password === undefined ? {} : { DATABASE_PASSWORD: password }),
    MEMCACHED_SERVERS: addressList(cachesOf(snapshot)),
  };
};

/** What was released to the role, with its own attributes; nothing where nothing was. */
const releasesOf = (snapshot: Snapshot, role: string): Readonly<Record<string, unknown>> | undefined => {
  const released = applicationsOf(snapshot, role).flatMap(({ name, release }) =>
    release === undefined
      ? []
      : [
          [
            name,
            {
              release: release.number,
              revision: release.revision,
              attributes: release.config.attributes ?? {},
            },
          ],
        ],
  );
  return released.length === 0 ? undefined : (Object.fromEntries(released) as Record<string, unknown>);
};

// no attribute can be mistaken for it: the password comes first in the text
const MARK = '(the password)';

/** JSON in which the password is filled in on the host; whatever stands in attributes is no template. */
const clusterJson = (snapshot: Snapshot, role: string): Filled => {
  const database = databaseOf(snapshot, role);
  const { password } = database;
  const told = password === undefined ? {} : { password: MARK };
  const cluster = {
    cluster: snapshot.cluster,
    role,
    database: { ...told, ...database, ...told },
    caches: cachesOf(snapshot),
    applications: releasesOf(snapshot, role),
    attributes: attributesOf(snapshot, role),
  };
  const text = `${JSON.stringify(cluster, null, 2)}\n`;
  const at = text.indexOf(JSON.stringify(MARK));
  if (password === undefined || at < 0) return { template: '{{ text }}', attributes: { text } };
  return {
    template: '{{ before }}{{ password | json }}{{ after }}',
    attributes: {
      before: text.slice(0, at),
      password,
      after: text.slice(at + JSON.stringify(MARK).length),
    },
  };
};

/** Who may read what applications are told. */
export interface Readers {
  /** The group of the user as which they run. */
  readonly group: string;
  /** What must be started anew when the cluster around it has changed. */
  readonly notifies: readonly Notification[];
}

const OWNER_AND_GROUP = 0o640;

/** /etc/scalarium/environment and /etc/scalarium/cluster.json. */
export const clusterEnvironment = (
  snapshot: Snapshot,
  role: string,
  { group, notifies }: Readers,
): readonly Resource[] => {
  const rights = { mode: OWNER_AND_GROUP, owner: 'root', group };
  return [
    {
      type: 'template',
      path: '/etc/scalarium/cluster.json',
      ...clusterJson(snapshot, role),
      ...rights,
    },
    {
      type: 'template',
      path: '/etc/scalarium/environment',
      ...environmentText(clusterVariables(snapshot, role)),
      ...rights,
      notifies,
    },
  ];
};
