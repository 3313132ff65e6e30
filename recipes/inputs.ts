/** Digests of what a host's configure run is made of: equal digests, nothing to tell the host. */
import { rolesOf } from '../api-types/kinds/instance.js';
import type { RoleType } from '../api-types/kinds/role.js';
import type { Snapshot, SnapshotHost } from '../api-types/snapshot.js';
import { APPLICATION_TYPES } from './applications.js';
import { AttributeProblem, attributesOf } from './attributes.js';
import { ownResources, roleKey, roleResources } from './catalog.js';
import { hostsFileDigest } from './hosts-file.js';
import { allHosts, remembered, sha256 } from './members.js';
import type { Resource } from './resource.js';
import { clusterVariables } from './roles/cluster-environment.js';

/** 64 bits tell a host's inputs apart; they stand in every Instance record. */
const DIGEST_CHARACTERS = 16;

const withoutPlace = (resource: Resource): Resource => ({ ...resource, at: undefined });

/** Where a recipe says so does not count: a line that moved is nothing to tell a host. */
export const digestOf = (resources: readonly Resource[]): string =>
  sha256(JSON.stringify(resources.map(withoutPlace)));

type Role = Snapshot['roles'][string];

/** A host as recipes of other hosts see it. */
const seenHost = ({ machine, role, roles, address, zone }: SnapshotHost): readonly unknown[] => [
  machine,
  role,
  roles,
  address,
  zone,
];

/** Ready hosts of these roles (comma-separated; empty: all), and the roles' own attributes. */
const seenOf = remembered((snapshot, key): string => {
  const watched = key === '' ? null : new Set(key.split(','));
  const isSeen = (role: string): boolean => watched?.has(role) ?? true;
  const hosts = allHosts(snapshot)
    .filter(({ host }) => host.ready && rolesOf(host).some(isSeen))
    .map(({ name, host }) => [name, seenHost(host)]);
  const roles = Object.entries(snapshot.roles)
    .filter(([name]) => isSeen(name))
    .map(([name, { type, attributes }]) => [name, type, attributes]);
  return sha256(JSON.stringify([hosts, roles]));
});

/** What the recipes that a role has for configure are given: what it watches, or everything. */
const watchedBy = (snapshot: Snapshot, { recipes, watches, attributes }: Role): unknown => {
  const configure = recipes?.['configure'] ?? [];
  if (configure.length === 0) return null;
  const { attributes: common, timeZone, cookbooks = [] } = snapshot;
  const packs = cookbooks.map(({ digest }) => digest);
  const seen = seenOf(snapshot, [...watches].sort().join(','));
  return [configure, packs, common, timeZone, attributes, seen];
};

/** Of one role, beyond its built-in resources; null: there is nothing. */
const customOf = (snapshot: Snapshot, role: Role): unknown => {
  const { packages = [], secrets = [] } = role;
  const watched = watchedBy(snapshot, role);
  return packages.length === 0 && secrets.length === 0 && watched === null
    ? null
    : [packages, secrets, watched];
};

/** What people's own recipes, packages and secrets of these roles make of the input; empty: they have none. */
const customText = (snapshot: Snapshot, key: string): string => {
  const parts = key.split(',').flatMap((name) => {
    const role = snapshot.roles[name];
    const custom = role === undefined ? null : customOf(snapshot, role);
    return custom === null ? [] : [[name, custom]];
  });
  return parts.length === 0 ? '' : `\n${JSON.stringify(parts)}`;
};

/**
 * A host has a release in force once it was told to, by a deploy: that the cluster has it in force, too, is nothing to tell
 * it. Recipes that have to know of releases are those of the event deploy.
 */
const withoutReleases = remembered((snapshot): Snapshot => {
  const { applications, ...rest } = snapshot;
  return applications === undefined ? snapshot : rest;
});

const deployedTo = remembered(
  ({ applications = {} }): ReadonlySet<string> =>
    new Set(Object.values(applications).flatMap(({ release }) => release.roles)),
);

const typeOf = (snapshot: Snapshot, role: string): RoleType => snapshot.roles[role]?.type ?? 'custom';

/** Only load balancers are told of releases: of their domains, ports and health checks, and of hosts that are out. */
const balancingText = (snapshot: Snapshot, roles: readonly string[]): string => {
  const balancing = roles.filter((role) => typeOf(snapshot, role) === 'load-balancer');
  return balancing.length === 0 ? '' : `\n${digestOf(roleResources(snapshot, balancing.join(',')))}`;
};

/** Also what cannot be made is the same text as long as it cannot be made for the same reason. */
const orProblem = <A>(make: () => A): A | string => {
  try {
    return make();
  } catch (error) {
    if (error instanceof AttributeProblem) return error.message;
    throw error;
  }
};

/**
 * What deployed applications are made of beside their releases, where resources do not tell all of it in any case: those of
 * application roles with an environment do.
 */
const partsOfApplications = (snapshot: Snapshot, role: string): unknown => {
  const type = typeOf(snapshot, role);
  if (type === 'static-web') return attributesOf(snapshot, role);
  if (APPLICATION_TYPES.includes(type) || !deployedTo(snapshot, '').has(role)) return null;
  return [attributesOf(snapshot, role), orProblem(() => clusterVariables(snapshot, role))];
};

const applicationsText = (snapshot: Snapshot, roles: readonly string[]): string => {
  const parts = roles.flatMap((role) => {
    const part = partsOfApplications(snapshot, role);
    return part === null ? [] : [[role, part]];
  });
  return parts.length === 0 ? '' : `\n${JSON.stringify(parts)}`;
};

const roleDigest = remembered((snapshot, key) => {
  const roles = key.split(',');
  const common = digestOf(roleResources(withoutReleases(snapshot, ''), key));
  const parts = [
    customText(snapshot, key),
    balancingText(snapshot, roles),
    applicationsText(snapshot, roles),
  ];
  return sha256(`${common}${parts.join('')}`);
});

export interface Input {
  /** Of all resources but the hosts file. */
  readonly input: string;
  /** Of the hosts file, which alone is no reason to hurry. */
  readonly hostsFile: string;
}

/** Costs two small hashes a host; what hosts share is computed once a snapshot and set of roles. */
export const inputOf = (snapshot: Snapshot, instance: string): Input => {
  const shared = roleDigest(snapshot, roleKey(snapshot, instance));
  const own = digestOf(ownResources(withoutReleases(snapshot, ''), instance));
  return {
    input: sha256(`${shared}\n${own}`).slice(0, DIGEST_CHARACTERS),
    hostsFile: hostsFileDigest(snapshot, instance).slice(0, DIGEST_CHARACTERS),
  };
};
