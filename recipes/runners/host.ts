/** What recipes of every runner are told of their host: pure functions of the snapshot. */
import { RELEASES_TO_KEEP } from '../../api-types/kinds/application.js';
import { rolesOf } from '../../api-types/kinds/instance.js';
import type { Release } from '../../api-types/release.js';
import type { SnapshotHost } from '../../api-types/snapshot.js';
import { applicationsOf, type RoleApplication } from '../applications.js';
import { mergeAttributes, type Attributes } from '../attributes.js';
import { codeFolder } from '../roles/application-units.js';
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

/** What is in force on the host. */
export interface HostRelease {
  readonly number: number;
  readonly revision: string;
  /** As its revision shows: where it came from. */
  readonly source: 'git' | 'svn' | 'archive';
  /** How many of them the host keeps. */
  readonly keeps: number;
}

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
  /** What of it is in force on the host; null: its code comes by recipes. */
  readonly release: HostRelease | null;
  /** Where its code is, or will be. */
  readonly path: string;
  /** It is served over HTTPS with a certificate of its own. */
  readonly secure: boolean;
  /** Free JSON that came with the release. */
  readonly attributes: Attributes;
}

const firstOfName = (all: readonly HostApplication[]): readonly HostApplication[] =>
  all.filter(({ name }, index) => all.findIndex((one) => one.name === name) === index);

const COMMIT = /^[0-9a-f]{40}$/;
const NUMBER = /^\d+$/;

const inForce = ({ number, revision, config }: Release): HostRelease => ({
  number,
  revision,
  source: COMMIT.test(revision) ? 'git' : NUMBER.test(revision) ? 'svn' : 'archive',
  keeps: config.releasesToKeep ?? RELEASES_TO_KEEP,
});

const seenAs = (role: string, application: RoleApplication): HostApplication => {
  const { name, kind, domains, environment, documentRoot = null, release } = application;
  return {
    ...{ name, role, domains, environment, documentRoot, type: kind },
    release: release === undefined ? null : inForce(release),
    path: codeFolder(name),
    secure: application.certificate !== undefined,
    attributes: release?.config.attributes ?? {},
  };
};

/** Of all the host's roles; of a role of another type those that it is told of only. Throws an AttributeProblem. */
export const applicationsOn = (seen: Seen): readonly HostApplication[] =>
  firstOfName(
    ownRoles(seen).flatMap((role) => applicationsOf(seen.snapshot, role).map((one) => seenAs(role, one))),
  );
