/** Who needs which Secrets: what roles name, and what their built-in recipes want. Pure functions of what is in force. */
import { isEnded } from '../api-types/kinds/deployment.js';
import type { RoleSpec } from '../api-types/kinds/role.js';
import type { Release } from '../api-types/release.js';
import type { SecretNeed } from '../api-types/secret-needs.js';
import type { Snapshot } from '../api-types/snapshot.js';
import { secretsFor } from '../recipes/needs.js';
import type { Live, Objects } from '../store/objects/objects.js';

/** Never in force: no need comes of it. */
const isKnown = ({ specGeneration }: Live): boolean => specGeneration > 0;

const snapshotRole = ({ type, attributes = {}, watches = [] }: RoleSpec): Snapshot['roles'][string] => ({
  type,
  attributes,
  watches,
});

/** The cluster before it has hosts: what its roles need does not depend on who is there. */
const emptySnapshot = (cluster: Live<'Cluster'>, roles: readonly Live<'Role'>[]): Snapshot => ({
  cluster: cluster.ref.name,
  timeZone: cluster.spec.timeZone ?? 'UTC',
  attributes: cluster.spec.attributes ?? {},
  roles: Object.fromEntries(roles.map(({ ref, spec }) => [ref.name, snapshotRole(spec)])),
  hosts: {},
});

/** By application: releases that its hosts run, may be told to run, or may go back to. */
export type Candidates = ReadonlyMap<string, readonly Release[]>;

/** What is alike in these is alike in its needs. */
const needing = ({ roles, config: { type, environment = {}, tls } }: Release): string => {
  const secrets = Object.values(environment).filter((value) => typeof value === 'object');
  return JSON.stringify([roles, type, secrets, tls]);
};

const eachOnce = (releases: readonly Release[]): readonly Release[] => [
  ...new Map(releases.map((release) => [needing(release), release])).values(),
];

const isOpen = ({ status }: Live<'Deployment'>): boolean => !isEnded(status);

/**
 * Of all applications of a cluster: the release in force, those that can be gone back to, and what is being deployed. What
 * nobody was told to deploy yet is delivered to nobody, although a spec names it.
 */
const candidatesIn = (objects: Objects, cluster: string): Candidates => {
  const open = objects.list('Deployment', cluster).filter(isOpen);
  const found = objects.list('Application', cluster).map(({ ref, status }) => {
    const { current, releases = [] } = status;
    const coming = open
      .filter(({ spec }) => spec.application === ref.name)
      .flatMap((deployment) => [deployment.status.release, deployment.status.from]);
    const all = [current, ...coming, ...releases].filter((release) => release !== undefined);
    return [ref.name, eachOnce(all)] as const;
  });
  return new Map(found);
};

/** A snapshot has one release of an application: as many snapshots as the one with the most has. */
const snapshotsOf = (base: Snapshot, candidates: Candidates): readonly Snapshot[] => {
  const most = Math.max(1, ...[...candidates.values()].map(({ length }) => length));
  return Array.from({ length: most }, (_, at) => {
    const applications = [...candidates].flatMap(([name, releases]) => {
      const release = releases[at];
      return release === undefined ? [] : [[name, { release }] as const];
    });
    return applications.length === 0 ? base : { ...base, applications: Object.fromEntries(applications) };
  });
};

interface Asked {
  /** All of the cluster unless told. */
  readonly roles?: readonly Live<'Role'>[];
  readonly candidates?: Candidates;
}

/** By role: what its built-in recipes need, for whichever release its hosts are given. */
export const builtInNeeds = (
  cluster: Live<'Cluster'>,
  roles: readonly Live<'Role'>[],
  { roles: asked = roles, candidates = new Map() }: Asked = {},
): ReadonlyMap<string, readonly SecretNeed[]> => {
  const snapshots = snapshotsOf(emptySnapshot(cluster, roles.filter(isKnown)), candidates);
  return new Map(
    asked
      .filter(isKnown)
      .map(({ ref }) => [ref.name, snapshots.flatMap((snapshot) => secretsFor(snapshot, ref.name))]),
  );
};

/** With a release there is a pack, and nothing has to be opened for it any more. */
const waitsForPack = ({ status }: Live<'Deployment'>): boolean =>
  !isEnded(status) && status.release === undefined;

/** A machine in a slot. */
interface Host {
  readonly instance: string;
  readonly machine: string;
}

/** What opens the sources that this machine was told to fetch, by Deployments that wait for them. */
const openingSources = (
  objects: Objects,
  cluster: string,
  { instance, machine }: Host,
): readonly string[] => {
  const open = new Set(
    objects
      .list('Deployment', cluster)
      .filter(waitsForPack)
      .map(({ uid }) => uid),
  );
  if (open.size === 0) return [];
  return objects.list('LifecycleEvent', cluster).flatMap(({ status: { deployment, targets } }) => {
    if (deployment?.source?.secret === undefined || !open.has(deployment.uid)) return [];
    const isTold = targets.some((target) => target.instance === instance && target.machine === machine);
    return isTold ? [deployment.source.secret] : [];
  });
};

/** Says the names of the Secrets that a host with these roles of a cluster may be given. */
export const entitledOver =
  (objects: Objects) =>
  (cluster: string, roles: readonly string[], host: Host): ReadonlySet<string> => {
    const live = objects.get({ kind: 'Cluster', cluster: null, name: cluster });
    if (live === null || !isKnown(live)) return new Set();
    const all = objects.list('Role', cluster);
    const own = all.filter(({ ref }) => roles.includes(ref.name));
    const needed = builtInNeeds(live, all, { roles: own, candidates: candidatesIn(objects, cluster) });
    return new Set([
      ...own.flatMap(({ spec }) => spec.secrets ?? []),
      ...[...needed.values()].flat().map(({ name }) => name),
      ...openingSources(objects, cluster, host),
    ]);
  };
