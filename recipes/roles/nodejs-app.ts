/** Node.js application server: where its databases and caches are, as a file to read and as an environment. */
import type { RoleType } from '../../api-types/kinds/role.js';
import type { Snapshot } from '../../api-types/snapshot.js';
import { attributesOf } from '../attributes.js';
import { readyOfType } from '../members.js';
import type { Resource } from '../resource.js';

interface Service {
  readonly name: string;
  readonly address: string;
  readonly port: unknown;
}

const services = (snapshot: Snapshot, type: RoleType, program: string): readonly Service[] =>
  readyOfType(snapshot, type).map(({ name, role, host }) => ({
    name,
    address: host.address,
    port: (attributesOf(snapshot, role)[program] as { readonly port?: unknown } | undefined)?.port ?? null,
  }));

const addressList = (found: readonly Service[]): string =>
  found.map(({ address, port }) => `${address}:${String(port)}`).join(',');

const environment = (values: Readonly<Record<string, string>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');

/** Resources of a host whose role `role` is of type nodejs-app. */
export const nodejsApp = (snapshot: Snapshot, role: string): readonly Resource[] => {
  const database = {
    masters: services(snapshot, 'db-master', 'mysql'),
    replicas: services(snapshot, 'db-replica', 'mysql'),
  };
  const caches = services(snapshot, 'memcached', 'memcached');
  const attributes = attributesOf(snapshot, role);
  const cluster = { cluster: snapshot.cluster, role, database, caches, attributes };
  return [
    { type: 'directory', path: '/srv/www' },
    { type: 'file', path: '/etc/scalarium/cluster.json', content: `${JSON.stringify(cluster, null, 2)}\n` },
    {
      type: 'file',
      path: '/etc/scalarium/environment',
      content: environment({
        DATABASE_MASTER: addressList(database.masters),
        DATABASE_REPLICAS: addressList(database.replicas),
        MEMCACHED_SERVERS: addressList(caches),
      }),
    },
  ];
};
