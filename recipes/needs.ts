/** The Secrets that a role's built-in recipes need: each is delivered to the hosts of that role and to no others. */
import type { SecretNeed } from '../api-types/secret-needs.js';
import type { Snapshot } from '../api-types/snapshot.js';
import { APPLICATION_TYPES, applicationsOf, otherApplications } from './applications.js';
import { AttributeProblem, settingsOf } from './attributes.js';
import { remembered } from './members.js';
import {
  applicationPassword,
  certificate,
  databaseRole,
  masterRole,
  replicationPassword,
  rootPassword,
  statisticsPassword,
} from './secret-names.js';
import type { SecretReference, SecretText } from './resource.js';

const need = ({ secret, key }: SecretReference): SecretNeed => ({ name: secret, keys: [key] });

const ofCertificate = (secret: string): SecretNeed => {
  const keys = Object.values(certificate(secret)).map(({ key }) => key);
  return { name: secret, keys, byPeople: true };
};

/** Of applications whose requests it takes. */
const ofLoadBalancer = (snapshot: Snapshot, role: string): readonly SecretNeed[] => {
  const { tls } = settingsOf(snapshot, role, 'load-balancer').haproxy;
  const released = Object.values(snapshot.applications ?? {});
  const secrets = [tls.secret, ...released.map(({ release }) => release.config.tls?.secret ?? '')];
  return [
    need(statisticsPassword(role)),
    ...secrets.filter((secret) => secret !== '').map((secret) => ofCertificate(secret)),
  ];
};

const isReference = (value: SecretText): value is SecretReference => typeof value === 'object';

/** What applications' environments name, also of those that only their builds see. */
const ofEnvironments = (snapshot: Snapshot, role: string): readonly SecretNeed[] =>
  applicationsOf(snapshot, role)
    .filter(({ release }) => release !== undefined || isApplicationRole(snapshot, role))
    .flatMap(({ environment }) => Object.values(environment))
    .filter(isReference)
    .map((reference) => ({ ...need(reference), byPeople: true }));

const isApplicationRole = ({ roles }: Snapshot, role: string): boolean => {
  const type = roles[role]?.type;
  return type !== undefined && type !== 'static-web' && APPLICATION_TYPES.includes(type);
};

const ofApplications = (snapshot: Snapshot, role: string): readonly SecretNeed[] => {
  const usesDatabase = isApplicationRole(snapshot, role) || otherApplications(snapshot, role).length > 0;
  const database = usesDatabase ? databaseRole(snapshot, role) : null;
  return [
    ...(database === null ? [] : [need(applicationPassword(database))]),
    ...ofEnvironments(snapshot, role),
  ];
};

const ofType = (snapshot: Snapshot, role: string): readonly SecretNeed[] => {
  const type = snapshot.roles[role]?.type;
  if (type === 'load-balancer') return ofLoadBalancer(snapshot, role);
  if (type === 'db-master')
    return [rootPassword(role), replicationPassword(role), applicationPassword(role)].map(need);
  if (type !== 'db-replica') return [];
  const master = masterRole(snapshot, role);
  return master === null ? [] : [need(replicationPassword(master))];
};

const needsOf = (snapshot: Snapshot, role: string): readonly SecretNeed[] =>
  snapshot.roles[role] === undefined ? [] : [...ofType(snapshot, role), ...ofApplications(snapshot, role)];

/** One a Secret, with all its keys; generated when one of its needs may be. */
const together = (needs: readonly SecretNeed[]): readonly SecretNeed[] => {
  const names = [...new Set(needs.map(({ name }) => name))].sort();
  return names.map((name) => {
    const same = needs.filter((one) => one.name === name);
    const keys = [...new Set(same.flatMap((one) => one.keys))].sort();
    return same.every(({ byPeople }) => byPeople === true) ? { name, keys, byPeople: true } : { name, keys };
  });
};

/** Of attributes that make no sense none: the recipe fails on the host before it asks for any. */
export const secretsFor = remembered((snapshot, role): readonly SecretNeed[] => {
  try {
    return together(needsOf(snapshot, role));
  } catch (error) {
    if (error instanceof AttributeProblem) return [];
    throw error;
  }
});
