/** The applications that a role runs, from its attributes. */
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import type { RoleType } from '../api-types/kinds/role.js';
import { decodeStrict } from '../api-types/problems.js';
import { fields, listOf, Name, refined, wholeNumber } from '../api-types/words.js';
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

const line = (name: string, pattern: RegExp): t.Type<string> =>
  refined(t.string, name, (value) => pattern.test(value));

const Domain = line(
  'a domain, as shop.example.com or *.example.com',
  /^(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/,
);
const UrlPath = line('a path of a URL, as /shop', /^\/[^\s"'{}\\;]*$/);
const FilePath = line('a path below the application, as dist/server.js', /^(?!\/)(?!.*\.\.)[\w./@+-]+$/);
const Command = line('a command line', /^[^\u0000-\u001f\u007f]+$/);
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
    command: Command,
    documentRoot: FilePath,
    healthUrl: UrlPath,
    environment: t.record(t.string, Value),
  },
);
type Application = t.TypeOf<typeof Application>;

/** One application of a role; its code is in /srv/www/<name>/current. */
export interface RoleApplication extends Omit<Application, 'environment' | 'domains'> {
  readonly name: string;
  readonly domains: readonly string[];
  readonly environment: Readonly<Record<string, SecretText>>;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

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
  return Object.fromEntries(
    Object.entries(values).map(([variable, value]): [string, SecretText] => [
      variable,
      typeof value === 'object' ? value : String(value),
    ]),
  );
};

const applicationOf = (role: string, name: string, value: unknown): RoleApplication => {
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
    return { name, domains: [], environment: {} };
  }
  const { domains = [], environment, ...more } = decoded.right;
  return { name, domains, ...more, environment: environmentOf(role, name, environment) };
};

/**
 * Applications that the hosts of a role run, by name: those of its attributes that name it or no role at all; without
 * any, one of the role's own name. Throws an AttributeProblem.
 */
export const applicationsOf = remembered((snapshot, role): readonly RoleApplication[] => {
  const { applications = {} } = attributesOf(snapshot, role);
  if (!isRecord(applications)) return [];
  const all = Object.entries(applications).map(([name, value]) => applicationOf(role, name, value));
  const ours = all.filter(({ roles }) => roles === undefined || roles.includes(role));
  const found = all.length === 0 ? [{ name: role, domains: [], environment: {} }] : ours;
  return [...found].sort((a, b) => (a.name < b.name ? -1 : 1));
});
