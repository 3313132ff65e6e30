/** The Secrets that a role's built-in recipes need: each is delivered to the hosts of that role and to no others. */
import type { SecretNeed } from '../api-types/secret-needs.js';
import type { Snapshot } from '../api-types/snapshot.js';
import { APPLICATION_TYPES, applicationsOf } from './applications.js';
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

const ofLoadBalancer = (snapshot: Snapshot, role: string): readonly SecretNeed[] => {
  const { tls } = settingsOf(snapshot, role, 'load-balancer').haproxy;
  const statistics = need(statisticsPassword(role));
  if (tls.secret === '') return [statistics];
  const keys = Object.values(certificate(tls.secret)).map(({ key }) => key);
  return [statistics, { name: tls.secret, keys, byPeople: true }];
};

const isReference = (value: SecretText): value is SecretReference => typeof value === 'object';

/** What applications' environments name, and the password of their database. */
const ofApplications = (snapshot: Snapshot, role: string): readonly SecretNeed[] => {
  const database = databaseRole(snapshot, role);
  const named = applicationsOf(snapshot, role)
    .flatMap(({ environment }) => Object.values(environment))
    .filter(isReference);
  return [
    ...(database === null ? [] : [need(applicationPassword(database))]),
    ...named.map((reference): SecretNeed => ({ ...need(reference), byPeople: true })),
  ];
};

const needsOf = (snapshot: Snapshot, role: string): readonly SecretNeed[] => {
  const type = snapshot.roles[role]?.type;
  if (type === 'load-balancer') return ofLoadBalancer(snapshot, role);
  if (type === 'db-master')
    return [rootPassword(role), replicationPassword(role), applicationPassword(role)].map(need);
  if (type === 'db-replica') {
    const master = masterRole(snapshot, role);
    return master === null ? [] : [need(replicationPassword(master))];
  }
  if (type === 'static-web') return [];
  return type !== undefined && APPLICATION_TYPES.includes(type) ? ofApplications(snapshot, role) : [];
};

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
