/** A small cluster as its hosts see it, for tests of recipes. */
import type { RoleType } from '../../../api-types/kinds/role.js';
import type { Snapshot, SnapshotHost } from '../../../api-types/snapshot.js';

export const role = (
  type: RoleType,
  attributes: Readonly<Record<string, unknown>> = {},
  watches: readonly string[] = [],
): Snapshot['roles'][string] => ({ type, attributes, watches });

export const host = (name: string, address: string, more: Partial<SnapshotHost> = {}): SnapshotHost => ({
  machine: `i-${address}`,
  role: name,
  roles: [],
  address,
  zone: 'a',
  ready: true,
  ...more,
});

export const snapshotOf = (more: Partial<Snapshot> = {}): Snapshot => ({
  cluster: 'shop',
  timeZone: 'Europe/Berlin',
  attributes: {},
  roles: {
    lb: role('load-balancer'),
    app: role('nodejs-app'),
    db: role('db-master'),
    'db-replica': role('db-replica'),
    cache: role('memcached'),
    misc: role('custom'),
  },
  hosts: {
    'lb-1': host('lb', '127.0.1.1'),
    'app-1': host('app', '127.0.2.1'),
    'app-2': host('app', '127.0.2.2', { ready: false }),
    'app-10': host('app', '127.0.2.10'),
    'db-1': host('db', '127.0.3.1'),
    'db-replica-1': host('db-replica', '127.0.4.1'),
    'cache-1': host('cache', '127.0.5.1'),
    'misc-1': host('misc', '127.0.6.1'),
  },
  ...more,
});
