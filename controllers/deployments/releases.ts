/** Releases: what is made of an Application's spec, and which of them can be gone back to. Pure. */
import { RELEASES_TO_KEEP, type ApplicationSpec } from '../../api-types/kinds/application.js';
import type { RoleType } from '../../api-types/kinds/role.js';
import type { Release, ReleaseConfig } from '../../api-types/release.js';
import type { Live } from '../../store/objects/objects.js';

const ROLE_TYPE: Readonly<Record<ApplicationSpec['type'], RoleType | null>> = {
  nodejs: 'nodejs-app',
  rails: 'rails-app',
  php: 'php-app',
  java: 'java-app',
  static: 'static-web',
  other: null,
};

/** Roles whose hosts run it: those that it names, or all of its type. */
export const rolesFor = (
  spec: ApplicationSpec,
  roles: ReadonlyMap<string, Live<'Role'>>,
): readonly string[] => {
  if (spec.roles !== undefined) return spec.roles;
  const type = ROLE_TYPE[spec.type];
  return [...roles.values()]
    .filter(
      (role) => type !== null && role.deletion === null && role.specGeneration > 0 && role.spec.type === type,
    )
    .map(({ ref }) => ref.name);
};

/** Where it comes from, who runs it and how it is brought there. */
const OF_THE_CONTROL_PLANE: readonly string[] = ['source', 'roles', 'strategy', 'webhook'];

/** A record is changed by merge patches, in which null means nothing: a release has none, so that it is what is kept of it. */
const withoutNulls = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const kept = Object.entries(value).filter(([, one]) => one !== null);
  return Object.fromEntries(kept.map(([key, one]) => [key, withoutNulls(one)]));
};

/** What hosts need of a spec. */
export const configOf = (spec: ApplicationSpec): ReleaseConfig => {
  const entries = Object.entries(spec).filter(([key]) => !OF_THE_CONTROL_PLANE.includes(key));
  return withoutNulls(Object.fromEntries(entries)) as ReleaseConfig;
};

/** Two of a Deployment and those of an Application have to fit into 1 MiB each, beside its hosts. */
const MOST_CONFIG_BYTES = 256 * 1024;
const MOST_RELEASES_BYTES = 448 * 1024;

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/** Why it cannot be a release; null: it can. */
export const configProblem = (spec: ApplicationSpec): string | null => {
  const bytes = bytesOf(configOf(spec));
  return bytes <= MOST_CONFIG_BYTES
    ? null
    : `the configuration of the application has ${String(bytes)} bytes; at most ${String(MOST_CONFIG_BYTES)} fit into a release`;
};

/** A host in the record of a Deployment, its message aside; and the place of what hosts say, conditions and events. */
const HOST_BYTES = 330;
const REST_BYTES = 200 * 1024;
const MOST_RECORD_BYTES = 1024 * 1024;

/** Why the record of a Deployment would not hold all of this in the end; null: it will. */
export const recordProblem = (hosts: number, kept: readonly unknown[]): string | null => {
  const bytes =
    hosts * HOST_BYTES + kept.reduce<number>((sum, one) => sum + bytesOf(one ?? null), REST_BYTES);
  return bytes <= MOST_RECORD_BYTES
    ? null
    : `${String(hosts)} hosts and configurations of this size would need ${String(bytes)} bytes in the record of the Deployment; at most ${String(MOST_RECORD_BYTES)} fit: name fewer hosts, or make the configuration of the application smaller`;
};

/** Both releases can run side by side on one host, each at a port or socket of its own. */
export const mayOverlap = ({ type, port, overlap }: ReleaseConfig): boolean =>
  overlap !== 'never' && (type === 'nodejs' || type === 'rails' || (type === 'other' && port !== undefined));

/** Those that can be gone back to once `current` is in force: the newest first, as many as are kept and fit. */
export const releasesWith = (known: readonly Release[], current: Release): readonly Release[] => {
  const all = [current, ...known.filter(({ number }) => number !== current.number)];
  all.sort((one, other) => other.number - one.number);
  const most = current.config.releasesToKeep ?? RELEASES_TO_KEEP;
  let [room, places] = [MOST_RELEASES_BYTES - bytesOf(current), most - 1];
  return all.filter((release) => {
    if (release === current) return true;
    room -= bytesOf(release);
    places -= 1;
    return room >= 0 && places >= 0;
  });
};

/** The one that `rollback` goes back to; a text: why there is none. */
export const releaseToGoBackTo = (
  { status }: Live<'Application'>,
  wanted: number | undefined,
): Release | string => {
  const { current, releases = [] } = status;
  const known = releases.map(({ number }) => String(number)).join(', ') || 'none';
  if (wanted !== undefined)
    return (
      releases.find(({ number }) => number === wanted) ??
      `there is no release ${String(wanted)} to go back to; there are: ${known}`
    );
  const before = releases.find(({ number }) => current === undefined || number < current.number);
  return before ?? `there is no release before that in force to go back to; there are: ${known}`;
};
