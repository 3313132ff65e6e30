/** Attributes: what recipes can be told. A role's win over the cluster's, those over the defaults here. */
import type { RoleType } from '../api-types/kinds/role.js';
import type { Snapshot } from '../api-types/snapshot.js';

export type Attributes = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is Attributes =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Objects are merged key by key, anything else is replaced. */
export const mergeAttributes = (under: Attributes, over: Attributes): Attributes => {
  const merged: Record<string, unknown> = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key];
    merged[key] = isRecord(below) && isRecord(value) ? mergeAttributes(below, value) : value;
  }
  return merged;
};

/** Numbers of the load balancer are those that Scalarium's HAProxy role has always had. */
const DEFAULTS: Readonly<Record<RoleType, Attributes>> = {
  'load-balancer': {
    haproxy: {
      port: 80,
      maxConnections: 80_000,
      retries: 3,
      checkSeconds: 10,
      healthMethod: 'OPTIONS',
      healthUrl: '/',
      clientSeconds: 60,
      serverSeconds: 60,
      queueSeconds: 120,
      connectSeconds: 10,
      requestSeconds: 30,
      balance: 'roundrobin',
    },
  },
  'nodejs-app': { nodejs: { port: 8080, backends: 10 } },
  'rails-app': {},
  'php-app': {},
  'java-app': {},
  'static-web': {},
  'db-master': { mysql: { port: 3306 } },
  'db-replica': { mysql: { port: 3306 } },
  memcached: { memcached: { port: 11_211, memoryMib: 64, maxConnections: 1024 } },
  monitoring: {},
  custom: {},
};

/** Of one role of the cluster; of a role that is not there, the cluster's own. */
export const attributesOf = (snapshot: Snapshot, role: string): Attributes => {
  const found = snapshot.roles[role];
  if (found === undefined) return snapshot.attributes;
  const base = mergeAttributes(DEFAULTS[found.type], snapshot.attributes);
  return mergeAttributes(base, found.attributes);
};
