/** Which resources a host gets for a life-cycle event: pure functions of the cluster's snapshot. */
import { accountsOn } from '../api-types/accounts.js';
import { rolesOf } from '../api-types/kinds/instance.js';
import type { Lifecycle } from '../api-types/lifecycle.js';
import type { RoleType } from '../api-types/kinds/role.js';
import type { Snapshot } from '../api-types/snapshot.js';
import { canRun } from './applications.js';
import { AttributeProblem } from './attributes.js';
import { hostsFile } from './hosts-file.js';
import { remembered } from './members.js';
import { resourceId, type Resource } from './resource.js';
import { dbMaster, dbReplica } from './roles/database.js';
import { javaApp } from './roles/java-app.js';
import { withLeftovers } from './roles/leftovers.js';
import { loadBalancer } from './roles/load-balancer.js';
import { memcached } from './roles/memcached.js';
import { exporterFor, monitoring } from './roles/monitoring.js';
import { nodejsApp } from './roles/nodejs-app.js';
import { otherApps } from './roles/other-app.js';
import { phpApp } from './roles/php-app.js';
import { refuseSamePort } from './roles/ports.js';
import { railsApp } from './roles/rails-app.js';
import type { ApplicationPart } from './roles/application-part.js';
import type { RoleRecipe } from './roles/role-recipe.js';
import { staticWeb } from './roles/static-web.js';

const NOTHING: RoleRecipe = { converge: () => [] };

const RECIPES: Readonly<Record<RoleType, RoleRecipe>> = {
  'load-balancer': loadBalancer,
  'nodejs-app': nodejsApp,
  'rails-app': railsApp,
  'php-app': phpApp,
  'java-app': javaApp,
  'static-web': staticWeb,
  'db-master': dbMaster,
  'db-replica': dbReplica,
  memcached,
  monitoring,
  custom: NOTHING,
};

/** Attributes that make no sense are the host's to report: who only compares digests must not fail by them. */
const orRefusal = (role: string, resources: () => readonly Resource[]): readonly Resource[] => {
  try {
    return resources();
  } catch (error) {
    if (!(error instanceof AttributeProblem)) throw error;
    return [{ type: 'refusal', name: role, why: error.message }];
  }
};

type Part = (recipe: RoleRecipe, role: string) => readonly Resource[];

/** Its type's, then that of applications which run whatever the type is. */
const recipesOf = (snapshot: Snapshot, role: string): readonly RoleRecipe[] => {
  const type = snapshot.roles[role]?.type;
  return type === undefined ? [] : [RECIPES[type], otherApps];
};

/** What each of the roles has of this part, in their order. */
const partOf = (snapshot: Snapshot, roles: readonly string[], part: Part): readonly Resource[] =>
  roles.flatMap((role) =>
    orRefusal(role, () => recipesOf(snapshot, role).flatMap((recipe) => part(recipe, role))),
  );

/** Packages that people want on the hosts of a role. */
const packagesOf = (snapshot: Snapshot, role: string): readonly Resource[] => {
  const names = snapshot.roles[role]?.packages ?? [];
  return names.length === 0 ? [] : [{ type: 'package', names }];
};

/** First: nothing that fails after it keeps somebody whose grant is gone on the host. */
const accounts = (snapshot: Snapshot, roles: readonly string[]): Resource => ({
  type: 'accounts',
  accounts: accountsOn(snapshot, roles),
});

/** Services of these roles that are let be; of one that is refused, nothing goes anyway. */
const spareOn = (snapshot: Snapshot, roles: readonly string[]): readonly string[] => {
  try {
    return roles.flatMap((role) =>
      recipesOf(snapshot, role).flatMap(({ spare }) => spare?.(snapshot, role) ?? []),
    );
  } catch (error) {
    if (!(error instanceof AttributeProblem)) throw error;
    return [];
  }
};

/** What every host of these roles (comma-separated) gets alike; computed once a snapshot. */
export const roleResources = remembered((snapshot, key): readonly Resource[] => {
  const roles = key.split(',');
  const all = partOf(snapshot, roles, ({ converge }, role) => {
    // a port is that of the role before, which goes on
    refuseSamePort(snapshot, roles.slice(0, roles.indexOf(role) + 1));
    return converge(snapshot, role);
  });
  return [
    accounts(snapshot, roles),
    ...roles.flatMap((role) => packagesOf(snapshot, role)),
    ...orRefusal('monitoring', () => exporterFor(snapshot)),
    ...withLeftovers(all, spareOn(snapshot, roles)),
  ];
});

const rolesOn = (snapshot: Snapshot, instance: string): readonly string[] => {
  const host = snapshot.hosts[instance];
  return host === undefined ? [] : rolesOf(host);
};

const KERNELS_NAME = '/proc/sys/kernel/hostname';

/** Name and zone as they hold from now on, not from the next start on. In a container the name may be nobody's to set. */
const inForce = ({ timeZone }: Snapshot, instance: string): readonly Resource[] => {
  const zone = `/usr/share/zoneinfo/${timeZone}`;
  return [
    {
      type: 'link',
      path: '/etc/localtime',
      target: zone,
      onlyIf: ['test', '-f', zone],
      on: 'machine',
    },
    {
      type: 'execute',
      name: 'set the name of the host',
      command: ['sh', '-c', `printf %s "$0" >${KERNELS_NAME}`, instance],
      onlyIf: ['test', '-w', KERNELS_NAME],
      unless: ['sh', '-c', `test "$(cat ${KERNELS_NAME})" = "$0"`, instance],
      on: 'machine',
    },
  ];
};

/** What differs from host to host, without the hosts file. */
export const ownResources = (snapshot: Snapshot, instance: string): readonly Resource[] => [
  { type: 'file', path: '/etc/hostname', content: `${instance}\n` },
  { type: 'file', path: '/etc/timezone', content: `${snapshot.timeZone}\n` },
  ...inForce(snapshot, instance),
  ...partOf(snapshot, rolesOn(snapshot, instance), ({ own }, role) => own?.(snapshot, role, instance) ?? []),
];

/** A host's roles as `roleResources` wants them. */
export const roleKey = (snapshot: Snapshot, instance: string): string =>
  rolesOn(snapshot, instance).join(',');

/** Roles may name one file twice (two of a type on one host): the first role's wins, as it is the host's main one. */
const eachOnce = (resources: readonly Resource[]): readonly Resource[] => {
  const seen = new Set<string>();
  return resources.filter((resource) => {
    const place = 'path' in resource && resource.type !== 'mount' ? resource.path : resourceId(resource);
    const key = `${resource.family ?? ''} ${place}`;
    return !seen.has(key) && seen.add(key);
  });
};

/** Databases come before applications, and both after the names of hosts. */
const everything = (snapshot: Snapshot, instance: string): readonly Resource[] => {
  const [first, ...shared] = roleResources(snapshot, roleKey(snapshot, instance));
  return eachOnce([
    ...(first === undefined ? [] : [first]),
    { type: 'file', path: '/etc/hosts', content: hostsFile(snapshot, instance) },
    ...ownResources(snapshot, instance),
    ...shared,
  ]);
};

/** A host that ends is in no snapshot any more: its slot's name is that of its role and a number. */
const rolesAtTheEnd = (snapshot: Snapshot, instance: string): readonly string[] => {
  const known = rolesOn(snapshot, instance);
  return known.length > 0 ? known : [instance.replace(/-\d+$/, '')];
};

/**
 * The resources of one event on one host, in order. Setup and configure want the same; deploy and undeploy are about
 * applications; at shutdown what runs is brought to an end, last first, and all else is left as it is.
 */
export const recipeFor = (event: Lifecycle, snapshot: Snapshot, instance: string): readonly Resource[] => {
  if (event === 'setup' || event === 'configure') return everything(snapshot, instance);
  const part: Part = (recipe, role) => recipe[event]?.(snapshot, role) ?? [];
  if (event === 'shutdown')
    return eachOnce(partOf(snapshot, [...rolesAtTheEnd(snapshot, instance)].reverse(), part));
  const roles = rolesOn(snapshot, instance);
  return eachOnce([accounts(snapshot, roles), ...partOf(snapshot, roles, part)]);
};

/**
 * What an application is on a host, as its release in the snapshot says; null: it is none of the host's. Throws an
 * AttributeProblem, for people.
 */
export const applicationPart = (
  snapshot: Snapshot,
  instance: string,
  application: string,
): ApplicationPart | null => {
  const release = snapshot.applications?.[application]?.release;
  const roles = rolesOn(snapshot, instance).filter((role) => release?.roles.includes(role));
  const role = roles.find((one) => release !== undefined && canRun(snapshot, one, release));
  if (role !== undefined) {
    refuseSamePort(snapshot, rolesOn(snapshot, instance), application);
    return (
      recipesOf(snapshot, role)
        .map(({ part }) => part?.(snapshot, role, application) ?? null)
        .find((part) => part !== null) ?? null
    );
  }
  if (release === undefined || roles.length === 0) return null;
  const types = roles.map((one) => `${one} (${snapshot.roles[one]?.type ?? 'gone'})`).join(', ');
  throw new AttributeProblem(
    `the application ${application} is of type ${release.config.type}: hosts of ${types} do not run such`,
  );
};
