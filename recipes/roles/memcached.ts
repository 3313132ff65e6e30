/** Memcached: package, settings, service. */
import { settingsOf } from '../attributes.js';
import type { Notification, Resource, ServiceResource } from '../resource.js';
import { HEAD, type RoleRecipe } from './role-recipe.js';

const SERVICE: ServiceResource = {
  type: 'service',
  name: 'memcached',
  state: 'running',
  enabled: true,
  on: 'machine',
};

const restart: readonly Notification[] = [{ action: 'restart', resource: 'service[memcached]' }];

const DEBIAN = `${HEAD}-m {{ memcached.memoryMib }}
-p {{ memcached.port }}
-c {{ memcached.maxConnections }}
-l {{ memcached.bindAddress }}
-u memcache
-U 0
-P /var/run/memcached/memcached.pid
`;

const RED_HAT = `${HEAD}PORT="{{ memcached.port }}"
USER="memcached"
MAXCONN="{{ memcached.maxConnections }}"
CACHESIZE="{{ memcached.memoryMib }}"
OPTIONS="-l {{ memcached.bindAddress }} -U 0"
`;

const settings = (attributes: Readonly<Record<string, unknown>>): readonly Resource[] => [
  {
    type: 'template',
    path: '/etc/memcached.conf',
    template: DEBIAN,
    attributes,
    family: 'debian',
    notifies: restart,
  },
  {
    type: 'template',
    path: '/etc/sysconfig/memcached',
    template: RED_HAT,
    attributes,
    family: 'redhat',
    notifies: restart,
  },
];

export const memcached: RoleRecipe = {
  converge: (snapshot, role) => [
    { type: 'package', names: ['memcached'] },
    ...settings({ memcached: settingsOf(snapshot, role, 'memcached').memcached }),
    SERVICE,
  ],
  shutdown: () => [{ ...SERVICE, state: 'stopped' }],
};
