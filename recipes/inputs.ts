/** Digests of what a host's configure run is made of: equal digests, nothing to tell the host. */
import { rolesOf } from '../api-types/kinds/instance.js';
import type { Snapshot, SnapshotApplication, SnapshotHost } from '../api-types/snapshot.js';
import { ownResources, roleKey, roleResources } from './catalog.js';
import { hostsFileDigest } from './hosts-file.js';
import { allHosts, remembered, sha256 } from './members.js';
import type { Resource } from './resource.js';

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

/** Of a release, that there is one: what of it keeps applications of a role apart is all that is left. */
const bare = ({ release: { roles, config } }: SnapshotApplication): SnapshotApplication => {
  const { type, port, path } = config;
  return {
    release: {
      ...{ number: 0, deployment: '', revision: '', digest: '', createdAt: '' },
      roles,
      config: { type, ...(port === undefined ? {} : { port }), ...(path === undefined ? {} : { path }) },
    },
  };
};

/** The same one as long as the snapshot lives. */
const withoutReleases = remembered((snapshot): Snapshot => {
  const all = Object.entries(snapshot.applications ?? {}).map(([name, one]) => [name, bare(one)] as const);
  return { ...snapshot, applications: Object.fromEntries(all) };
});

/**
 * What hosts of these roles see of a snapshot: a release comes to the hosts that run it by a Deployment alone, and is no
 * reason to tell them anything else; load balancers read in it whom requests are for.
 */
const seenBy = (snapshot: Snapshot, roles: string): Snapshot =>
  snapshot.applications === undefined ||
  roles.split(',').some((role) => snapshot.roles[role]?.type === 'load-balancer')
    ? snapshot
    : withoutReleases(snapshot, '');

const roleDigest = remembered((snapshot, roles) =>
  sha256(`${digestOf(roleResources(seenBy(snapshot, roles), roles))}${customText(snapshot, roles)}`),
);

export interface Input {
  /** Of all resources but the hosts file. */
  readonly input: string;
  /** Of the hosts file, which alone is no reason to hurry. */
  readonly hostsFile: string;
}

/** Costs two small hashes a host; what hosts share is computed once a snapshot and set of roles. */
export const inputOf = (snapshot: Snapshot, instance: string): Input => {
  const shared = roleDigest(snapshot, roleKey(snapshot, instance));
  const own = digestOf(ownResources(snapshot, instance));
  return {
    input: sha256(`${shared}\n${own}`).slice(0, DIGEST_CHARACTERS),
    hostsFile: hostsFileDigest(snapshot, instance).slice(0, DIGEST_CHARACTERS),
  };
};
