/** What recipes of every runner are told of their host: pure functions of the snapshot. */
import type { RoleType } from '../../api-types/kinds/role.js';
import type { Snapshot, SnapshotHost } from '../../api-types/snapshot.js';
import { mergeAttributes, type Attributes } from '../attributes.js';
import { rolesOf } from '../members.js';
import type { CustomWork } from './work.js';

export type Seen = Pick<CustomWork, 'snapshot' | 'instance' | 'event'>;

const NOBODY: SnapshotHost = { machine: '', role: '', roles: [], address: '', zone: '', ready: false };

export const hostOf = ({ snapshot, instance }: Seen): SnapshotHost => snapshot.hosts[instance] ?? NOBODY;

/** Its main role first. */
export const ownRoles = (seen: Seen): readonly string[] =>
  rolesOf(hostOf(seen)).filter((role) => seen.snapshot.roles[role] !== undefined);

/** Custom JSON: a role's wins over the cluster's, the main role's over that of further ones. */
export const customJson = (seen: Seen): Attributes => {
  const { snapshot } = seen;
  const layers = [...ownRoles(seen)].reverse().map((role) => snapshot.roles[role]?.attributes ?? {});
  return layers.reduce<Attributes>(mergeAttributes, snapshot.attributes);
};

/** What runs where; until there are Applications, as the attribute `applications` says it. */
export interface HostApplication {
  readonly name: string;
  readonly type: string;
  readonly domains: readonly string[];
  readonly environment: Attributes;
  readonly roles: readonly string[];
}

const APPLICATION_TYPES: Readonly<Partial<Record<RoleType, string>>> = {
  'nodejs-app': 'nodejs',
  'rails-app': 'rails',
  'php-app': 'php',
  'java-app': 'java',
  'static-web': 'static',
};

const isRecord = (value: unknown): value is Attributes =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const texts = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];

const isAppRole = ({ roles }: Snapshot, role: string): boolean =>
  APPLICATION_TYPES[roles[role]?.type ?? 'custom'] !== undefined;

/** Names go into paths: others are no applications. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;

const declared = (seen: Seen, applications: Attributes): readonly HostApplication[] =>
  Object.entries(applications).flatMap(([name, value]) => {
    if (!NAME.test(name) || !isRecord(value)) return [];
    const own = ownRoles(seen);
    const roles = value['roles'] === undefined ? own : texts(value['roles']);
    if (!roles.some((role) => own.includes(role))) return [];
    const environment = isRecord(value['environment']) ? value['environment'] : {};
    const type = roles.map((role) => APPLICATION_TYPES[seen.snapshot.roles[role]?.type ?? 'custom']);
    const known = type.find((one) => one !== undefined) ?? 'other';
    return [{ name, type: known, domains: texts(value['domains']), environment, roles }];
  });

/** Of the host's roles; a role of applications that is told of none has one with its own name. */
export const applicationsOn = (seen: Seen): readonly HostApplication[] => {
  const { applications } = customJson(seen);
  if (isRecord(applications)) return declared(seen, applications);
  return ownRoles(seen)
    .filter((role) => isAppRole(seen.snapshot, role))
    .map((role) => ({
      name: role,
      type: APPLICATION_TYPES[seen.snapshot.roles[role]?.type ?? 'custom'] ?? 'other',
      domains: [],
      environment: {},
      roles: [role],
    }));
};
