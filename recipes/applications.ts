/** The applications that a role runs: those that were released to it, then those of its attributes. */
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { CommandLine, Domain, FilePath, UrlPath, type Process } from '../api-types/application-parts.js';
import type { ApplicationKind } from '../api-types/kinds/application.js';
import type { RoleType } from '../api-types/kinds/role.js';
import { decodeStrict } from '../api-types/problems.js';
import type { Release } from '../api-types/release.js';
import type { Snapshot, SnapshotApplication } from '../api-types/snapshot.js';
import { fields, listOf, Name, wholeNumber } from '../api-types/words.js';
import { AttributeProblem, attributesOf, isRecord, refuseAttributes } from './attributes.js';
import { remembered } from './members.js';
import type { SecretText } from './resource.js';

/** Those that serve HTTP, in the order in which a load balancer looks for one that answers what no other does. */
export const APPLICATION_TYPES: readonly RoleType[] = [
  'rails-app',
  'php-app',
  'nodejs-app',
  'java-app',
  'static-web',
];

const KINDS: Readonly<Partial<Record<RoleType, ApplicationKind>>> = {
  'rails-app': 'rails',
  'php-app': 'php',
  'nodejs-app': 'nodejs',
  'java-app': 'java',
  'static-web': 'static',
};

/** What kind of application the hosts of a role run by its type; undefined: none, or the role is not there. */
export const kindOfRole = ({ roles }: Snapshot, role: string): ApplicationKind | undefined =>
  KINDS[roles[role]?.type ?? 'custom'];

const SecretRef = fields(
  'a text, a number, true, false or { secret, key }',
  { secret: Name, key: t.string },
  {},
);
const Value = t.union(
  [t.string, t.number, t.boolean, SecretRef],
  'a text, a number, true, false or { secret, key }',
);

const Application = fields(
  'Application',
  {},
  {
    roles: listOf(Name, 'a list of role names'),
    domains: listOf(Domain, 'a list of domains'),
    path: UrlPath,
    port: wholeNumber(1, 65_535),
    entry: FilePath,
    command: CommandLine,
    documentRoot: FilePath,
    healthUrl: UrlPath,
    environment: t.record(t.string, Value),
  },
);
type Application = t.TypeOf<typeof Application>;

/** Which of its two places (ports, sockets) the processes of an application have. */
export type Slot = NonNullable<SnapshotApplication['slot']>;

/** One application of a role; its code is in /srv/www/<name>/current. */
export interface RoleApplication extends Omit<Application, 'environment' | 'domains' | 'roles'> {
  readonly name: string;
  readonly kind: ApplicationKind;
  readonly domains: readonly string[];
  readonly environment: Readonly<Record<string, SecretText>>;
  /** None of one that attributes tell of: its code comes by somebody's own recipes. */
  readonly release?: Release;
  readonly slot: Slot;
  readonly processes: Readonly<Record<string, Process>>;
  /** The Secret with which load balancers serve its domains. */
  readonly certificate?: string;
  /** Nobody has told of it: it waits for code that may never come. */
  readonly assumed?: true;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

const textsOf = (values: NonNullable<Application['environment']>): Readonly<Record<string, SecretText>> =>
  Object.fromEntries(
    Object.entries(values).map(([variable, value]): [string, SecretText] => [
      variable,
      typeof value === 'object' ? value : String(value),
    ]),
  );

const environmentOf = (role: string, name: string, values: Application['environment'] = {}) => {
  const odd = Object.keys(values).filter((variable) => !VARIABLE.test(variable));
  refuseAttributes(
    role,
    odd.map((variable) => ({
      path: `applications.${name}.environment`,
      expected: 'names of variables, as API_URL',
      got: JSON.stringify(variable),
    })),
  );
  return textsOf(values);
};

interface Told {
  readonly application: RoleApplication;
  readonly roles: readonly string[] | undefined;
}

/** Of a role that attributes say nothing else of. */
const plain = (name: string, kind: ApplicationKind): RoleApplication => ({
  name,
  kind,
  domains: [],
  environment: {},
  slot: 'a',
  processes: {},
});

const toldOf = (role: string, kind: ApplicationKind, name: string, value: unknown): Told => {
  if (!NAME.test(name))
    throw new AttributeProblem(
      `attributes of the role ${role}: applications: "${name}" is no name of an application (letters, digits, _ and -)`,
    );
  const decoded = decodeStrict(Application, value);
  if (E.isLeft(decoded)) {
    const problems = decoded.left.map((one) => ({
      ...one,
      path: ['applications', name, ...(one.path === '' ? [] : [one.path])].join('.'),
    }));
    refuseAttributes(role, problems);
    return { application: plain(name, kind), roles: undefined };
  }
  const { roles, domains = [], environment, ...more } = decoded.right;
  const application: RoleApplication = {
    ...plain(name, kind),
    domains,
    ...more,
    environment: environmentOf(role, name, environment),
  };
  return { application, roles };
};

/** Without what is undefined. */
const given = <A extends object>(values: A): { [K in keyof A]?: Exclude<A[K], undefined> } =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof A]?: Exclude<A[K], undefined>;
  };

const releasedOf = (name: string, { release, slot = 'a' }: SnapshotApplication): RoleApplication => {
  const { domains = [], environment = {}, processes = {}, health, tls, ...more } = release.config;
  const { path, port, entry, documentRoot } = more;
  const command = processes['web']?.command;
  const options = { path, port, entry, documentRoot, command, healthUrl: health?.path };
  return {
    ...plain(name, more.type as ApplicationKind),
    release,
    slot,
    domains,
    environment: textsOf(environment),
    processes,
    ...given({ ...options, certificate: tls?.secret }),
  };
};

/** Hosts of a role run what its type is for; processes of an application of no type run anywhere. */
export const canRun = (snapshot: Snapshot, role: string, { config: { type } }: Release): boolean =>
  type === 'other' ? snapshot.roles[role] !== undefined : type === kindOfRole(snapshot, role);

const released = (snapshot: Snapshot, role: string): readonly RoleApplication[] =>
  Object.entries(snapshot.applications ?? {})
    .filter(([, { release }]) => release.roles.includes(role) && canRun(snapshot, role, release))
    .map(([name, application]) => releasedOf(name, application));

const byName = (a: RoleApplication, b: RoleApplication): number => (a.name < b.name ? -1 : 1);

/**
 * Applications that the hosts of a role run, by name: those that were released to it, and those of its attributes that
 * name it or no role at all; a release wins over attributes of its name. An application role without any has one of its
 * own name, unless that was taken away from the host. Throws an AttributeProblem.
 */
export const applicationsOf = remembered((snapshot, role): readonly RoleApplication[] => {
  const { applications = {} } = attributesOf(snapshot, role);
  const kind = kindOfRole(snapshot, role);
  const ours = released(snapshot, role);
  const told = isRecord(applications)
    ? Object.entries(applications).map(([name, value]) => toldOf(role, kind ?? 'other', name, value))
    : [];
  const more = told
    .filter(({ roles }) => roles === undefined || roles.includes(role))
    .map(({ application }) => application)
    .filter(({ name }) => !ours.some((one) => one.name === name));
  const found = [...ours, ...more];
  const isAssumed = ours.length === 0 && told.length === 0 && isRecord(applications);
  if (isAssumed && kind !== undefined && snapshot.undeployed?.includes(role) !== true)
    return [{ ...plain(role, kind), assumed: true }];
  return found.sort(byName);
});

/** Those that the role's own recipe runs. */
export const ownApplications = (snapshot: Snapshot, role: string): readonly RoleApplication[] =>
  applicationsOf(snapshot, role).filter(({ kind }) => kind === kindOfRole(snapshot, role));

/** Those of no type that were released to it: they run whatever the role is. */
export const otherApplications = (snapshot: Snapshot, role: string): readonly RoleApplication[] =>
  applicationsOf(snapshot, role).filter(({ kind, release }) => kind === 'other' && release !== undefined);

/**
 * For whom requests are that look whether an application is well: what several are served by (nginx) hands others to the
 * first. `*.example.com` is no name of a host, and what nginx has for it is not for example.com.
 */
export const askedName = ([first]: readonly string[] = []): string =>
  first?.replace(/^\*/, 'www') ?? 'localhost';
