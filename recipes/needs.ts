/** Which Secrets the built-in recipes of a role need: made by the control plane where nobody has. */
import type { RoleType } from '../api-types/kinds/role.js';
import type { SecretNeed } from '../api-types/secret-needs.js';
import type { Snapshot } from '../api-types/snapshot.js';

const NEEDS: Readonly<Partial<Record<RoleType, readonly SecretNeed[]>>> = {};

/** Of one role of the cluster; none of a role that is not there. */
export const secretsFor = (snapshot: Snapshot, role: string): readonly SecretNeed[] =>
  NEEDS[snapshot.roles[role]?.type ?? 'custom'] ?? [];
