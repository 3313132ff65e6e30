/** Who needs which Secrets: what roles name, and what their built-in recipes want. Pure functions of what is in force. */
import type { RoleSpec } from '../api-types/kinds/role.js';
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

/** By role: what its built-in recipes need. */
export const builtInNeeds = (
  cluster: Live<'Cluster'>,
  roles: readonly Live<'Role'>[],
): ReadonlyMap<string, readonly SecretNeed[]> => {
  const known = roles.filter(isKnown);
  const snapshot = emptySnapshot(cluster, known);
  return new Map(known.map(({ ref }) => [ref.name, secretsFor(snapshot, ref.name)]));
};

/** Says the names of the Secrets that hosts with these roles of a cluster may be given. */
export const entitledOver =
  (objects: Objects) =>
  (cluster: string, roles: readonly string[]): ReadonlySet<string> => {
    const live = objects.get({ kind: 'Cluster', cluster: null, name: cluster });
    if (live === null || !isKnown(live)) return new Set();
    const all = objects.list('Role', cluster);
    const needs = builtInNeeds(live, all);
    const named = all
      .filter(({ ref }) => roles.includes(ref.name))
      .flatMap((role) => [
        ...(role.spec.secrets ?? []),
        ...(needs.get(role.ref.name) ?? []).map(({ name }) => name),
      ]);
    return new Set(named);
  };
