/** What the Secrets of built-in recipes are called, and which database role is whose. */
import type { RoleType } from '../api-types/kinds/role.js';
import type { Snapshot } from '../api-types/snapshot.js';
import { AttributeProblem, attributesOf, isRecord } from './attributes.js';
import { rolesOfType } from './members.js';
import type { SecretReference } from './resource.js';

const KEY = 'password';

/** MariaDB's root, by password; on the host itself root needs none. Only master hosts have it. */
export const rootPassword = (master: string): SecretReference => ({
  secret: `${master}-mysql-root`,
  key: KEY,
});

/** With which replicas read the master. */
export const replicationPassword = (master: string): SecretReference => ({
  secret: `${master}-mysql-replication`,
  key: KEY,
});

/** Of the applications' database user. */
export const applicationPassword = (master: string): SecretReference => ({
  secret: `${master}-mysql`,
  key: KEY,
});

/** Of the statistics page. */
export const statisticsPassword = (role: string): SecretReference => ({
  secret: `${role}-statistics`,
  key: KEY,
});

/** Of a Secret that people make: a chain of certificates and its private key, PEM. */
export const certificate = (secret: string) => ({
  certificate: { secret, key: 'certificate' },
  key: { secret, key: 'key' },
});

const named = (snapshot: Snapshot, role: string, [group, name]: readonly [string, string]): unknown => {
  const found = attributesOf(snapshot, role)[group];
  return isRecord(found) ? found[name] : undefined;
};

/** The role that an attribute names, or else the first of the type; null: there is none. */
const chosen = (
  snapshot: Snapshot,
  role: string,
  attribute: readonly [string, string],
  type: RoleType,
): string | null => {
  const value = named(snapshot, role, attribute);
  if (typeof value !== 'string' || value === '') return rolesOfType(snapshot, type)[0] ?? null;
  if (snapshot.roles[value]?.type === type) return value;
  throw new AttributeProblem(
    `attributes of the role ${role}: ${attribute.join('.')}: expected the name of a role of type ${type}, got "${value}"`,
  );
};

/** The db-master role that a db-replica role follows. */
export const masterRole = (snapshot: Snapshot, role: string): string | null =>
  chosen(snapshot, role, ['mysql', 'master'], 'db-master');

/** The db-master role whose databases an application role uses. */
export const databaseRole = (snapshot: Snapshot, role: string): string | null =>
  chosen(snapshot, role, ['database', 'role'], 'db-master');
