/** What recipes of every runner are told of their host: pure functions of the snapshot. */
import { rolesOf } from '../../api-types/kinds/instance.js';
import type { RoleType } from '../../api-types/kinds/role.js';
import type { Snapshot, SnapshotHost } from '../../api-types/snapshot.js';
import { applicationsOf } from '../applications.js';
import { isRecord, mergeAttributes, type Attributes } from '../attributes.js';
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

/** What runs on the host. */
export interface HostApplication {
  readonly name: string;
  /** Of the host's, the one that runs it. */
  readonly role: string;
  /** As cookbooks call it: `nodejs`, `rails` …; `other` where the role says nothing of it. */
  readonly type: string;
  /** Below the application, as `public`. */
  readonly documentRoot: string | null;
  readonly domains: readonly string[];
  readonly environment: Attributes;
}

const APPLICATION_TYPES: Readonly<Partial<Record<RoleType, string>>> = {
  'nodejs-app': 'nodejs',
  'rails-app': 'rails',
  'php-app': 'php',
  'java-app': 'java',
  'static-web': 'static',
};

const typeOf = ({ roles }: Snapshot, role: string): string | undefined =>
  APPLICATION_TYPES[roles[role]?.type ?? 'custom'];

/** A role of another type has those that it is told of only. */
const hasApplications = (seen: Seen, role: string): boolean =>
  typeOf(seen.snapshot, role) !== undefined || isRecord(customJson(seen)['applications']);

const firstOfName = (all: readonly HostApplication[]): readonly HostApplication[] =>
  all.filter(({ name }, index) => all.findIndex((one) => one.name === name) === index);

/** Of all the host's roles. Throws an AttributeProblem. */
export const applicationsOn = (seen: Seen): readonly HostApplication[] =>
  firstOfName(
    ownRoles(seen)
      .filter((role) => hasApplications(seen, role))
      .flatMap((role) =>
        applicationsOf(seen.snapshot, role).map(({ name, domains, environment, documentRoot = null }) => ({
          ...{ name, role, domains, environment, documentRoot },
          type: typeOf(seen.snapshot, role) ?? 'other',
        })),
      ),
  );
