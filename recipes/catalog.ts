/** Which resources a host gets for a life-cycle event: pure functions of the cluster's snapshot. */
import { accountsOn } from '../api-types/accounts.js';
import type { Lifecycle } from '../api-types/lifecycle.js';
import type { RoleType } from '../api-types/kinds/role.js';
import type { Snapshot } from '../api-types/snapshot.js';
import { hostsFile } from './hosts-file.js';
import { remembered, rolesOf } from './members.js';
import { resourceId, type Resource } from './resource.js';
import { dbMaster, dbReplica } from './roles/database.js';
import { loadBalancer } from './roles/load-balancer.js';
import { memcached } from './roles/memcached.js';
import { nodejsApp } from './roles/nodejs-app.js';

type RoleRecipe = (snapshot: Snapshot, role: string) => readonly Resource[];

const RECIPES: Readonly<Record<RoleType, RoleRecipe>> = {
  'load-balancer': loadBalancer,
  'nodejs-app': nodejsApp,
  'rails-app': () => [],
  'php-app': () => [],
  'java-app': () => [],
  'static-web': () => [],
  'db-master': dbMaster,
  'db-replica': dbReplica,
  memcached,
  monitoring: () => [],
  custom: () => [],
};

/** What every host of these roles (comma-separated) gets alike; computed once a snapshot. */
export const roleResources = remembered((snapshot, key): readonly Resource[] => {
  const roles = key.split(',');
  // first: nothing that fails after it keeps somebody whose grant is gone on the host
  const accounts: Resource = { type: 'accounts', accounts: accountsOn(snapshot, roles) };
  const recipes = roles.flatMap((role) => {
    const type = snapshot.roles[role]?.type;
    return type === undefined ? [] : RECIPES[type](snapshot, role);
  });
  return [accounts, ...recipes];
});

/** What differs from host to host, without the hosts file. */
export const ownResources = (snapshot: Snapshot, instance: string): readonly Resource[] => [
  { type: 'file', path: '/etc/hostname', content: `${instance}\n` },
  { type: 'file', path: '/etc/timezone', content: `${snapshot.timeZone}\n` },
];

/** A host's roles as `roleResources` wants them. */
export const roleKey = (snapshot: Snapshot, instance: string): string => {
  const host = snapshot.hosts[instance];
  return host === undefined ? '' : rolesOf(host).join(',');
};

/** Roles may name one file twice (two of a type on one host): the first role's wins, as it is the host's main one. */
const eachOnce = (resources: readonly Resource[]): readonly Resource[] => {
  const seen = new Set<string>();
  return resources.filter((resource) => {
    const place = 'path' in resource ? resource.path : resourceId(resource);
    return !seen.has(place) && seen.add(place);
  });
};

const everything = (snapshot: Snapshot, instance: string): readonly Resource[] =>
  eachOnce([
    ...roleResources(snapshot, roleKey(snapshot, instance)),
    ...ownResources(snapshot, instance),
    { type: 'file', path: '/etc/hosts', content: hostsFile(snapshot, instance) },
  ]);

/**
 * The resources of one event on one host, in order. Setup and configure want the same files; at shutdown a host is left
 * as it is: it has been taken out of everything before.
 */
export const recipeFor = (event: Lifecycle, snapshot: Snapshot, instance: string): readonly Resource[] =>
  event === 'shutdown' ? [] : everything(snapshot, instance);
