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

/** By role: what its built-in recipes need; of all `roles` of the cluster, or of those `asked` for. */
export const builtInNeeds = (
  cluster: Live<'Cluster'>,
  roles: readonly Live<'Role'>[],
  asked = roles,
): ReadonlyMap<string, readonly SecretNeed[]> => {
  const snapshot = emptySnapshot(cluster, roles.filter(isKnown));
  return new Map(asked.filter(isKnown).map(({ ref }) => [ref.name, secretsFor(snapshot, ref.name)]));
};

/** Says the names of the Secrets that hosts with these roles of a cluster may be given. */
export const entitledOver =
  (objects: Objects) =>
  (cluster: string, roles: readonly string[]): ReadonlySet<string> => {
    const live = objects.get({ kind: 'Cluster', cluster: null, name: cluster });
    if (live === null || !isKnown(live)) return new Set();
    const all = objects.list('Role', cluster);
    const own = all.filter(({ ref }) => roles.includes(ref.name));
    const needed = [...builtInNeeds(live, all, own).values()].flat();
    return new Set([...own.flatMap(({ spec }) => spec.secrets ?? []), ...needed.map(({ name }) => name)]);
  };
