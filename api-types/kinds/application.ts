/** Application: code that hosts of a cluster run, where it comes from, and how it is brought there. */
import * as t from 'io-ts';
import { described } from '../described.js';
import {
  CommandLine,
  Domain,
  FilePath,
  HealthCheck,
  Hooks,
  Migration,
  Processes,
  UrlPath,
} from '../application-parts.js';
import { ApplicationSource } from '../application-source.js';
import { Release } from '../release.js';
import { DeploymentStrategy } from '../deployment-strategy.js';
import {
  Integer,
  JsonObject,
  Name,
  NonEmpty,
  Time,
  fields,
  listOf,
  matching,
  oneOf,
  refined,
  wholeNumber,
} from '../words.js';
import { APPLIED_GENERATION, Conditions, OBSERVED_GENERATION } from './conditions.js';

export const APPLICATION_KINDS = ['nodejs', 'rails', 'php', 'java', 'static', 'other'] as const;
export type ApplicationKind = (typeof APPLICATION_KINDS)[number];

const Variable = matching('the name of a variable, as API_URL', /^[A-Za-z_][A-Za-z0-9_]*$/);

export const SecretKey = fields(
  'SecretKey',
  {
    secret: described(Name, 'The Secret of the cluster.'),
    key: described(NonEmpty, 'Which of its values.'),
  },
  {},
);

const Value = t.union(
  [t.string, t.number, t.boolean, SecretKey],
  'a text, a number, true, false or { secret, key }',
);

/** How many releases a host keeps, where a spec says nothing. */
export const RELEASES_TO_KEEP = 5;

const ApplicationFields = fields(
  'ApplicationSpec',
  {
    type: described(
      oneOf(APPLICATION_KINDS),
      'What it is: it selects how it is built and how it is served. other: nothing is built unless `build` says so, and its processes are what `processes` says.',
    ),
    source: described(ApplicationSource, 'Where its code comes from.'),
  },
  {
    roles: described(listOf(Name, 'a list of role names'), 'Roles whose hosts run it.', {
      otherwise: 'all Roles of its type, as nodejs-app of nodejs; of `other` none',
    }),
    build: described(
      listOf(CommandLine, 'a list of command lines'),
      "What makes the code ready to run, command by command, as the application's user in the new release's folder. An empty list: nothing.",
      { otherwise: 'npm ci, bundle install or composer install, where the code has their lock file' },
    ),
    environment: described(
      t.record(Variable, Value),
      'Variables of its processes, builds, hooks and migrations. A value may be `{secret, key}`.',
      { default: {} },
    ),
    domains: described(
      listOf(Domain, 'a list of domains'),
      'Host names of requests that are for it, as shop.example.com or *.example.com.',
      { default: [] },
    ),
    path: described(UrlPath, 'Only requests below this path are for it.', { otherwise: 'all' }),
    tls: described(
      fields(
        'ApplicationTls',
        {
          secret: described(
            Name,
            'A Secret with `certificate` (and the chain) and `key`, as PEM. Load balancers of the cluster serve the domains with it.',
          ),
        },
        {},
      ),
      'How its domains are served over HTTPS.',
      { otherwise: "the load balancer's own certificate, where it has one" },
    ),
    port: described(wholeNumber(1, 65_535), 'Where its web process listens.', {
      otherwise: "the role's, as nodejs.port",
    }),
    entry: described(FilePath, 'nodejs: the file that is run; java: the WAR.', {
      otherwise: 'server.js',
    }),
    documentRoot: described(FilePath, 'static, php, rails: what nginx serves.', {
      otherwise: "the role's",
    }),
    processes: described(
      Processes,
      'What runs: `web` answers requests, others (workers) run beside it. Without `web` of nodejs the entry is run. static has none, php and java have no `web`.',
      { default: {} },
    ),
    health: described(
      HealthCheck,
      'When a host that was deployed to counts as well, and what load balancers ask it.',
      { otherwise: 'its port (or socket) takes connections' },
    ),
    hooks: described(
      Hooks,
      "Commands around the steps of a deploy, after the code's own of the same name in `deploy/` (deploy/before_build, before_migrate, before_restart, after_restart: any executable).",
      { default: {} },
    ),
    migration: described(Migration, 'What `--migrate` runs, on one host, before any host restarts.', {
      otherwise: 'rails: bundle exec rake db:migrate; others have none',
    }),
    shared: described(
      listOf(FilePath, 'a list of paths'),
      'Folders that all releases of a host share, as log or public/uploads: links into /srv/www/NAME/shared.',
      { default: [] },
    ),
    releasesToKeep: described(wholeNumber(1, 50), 'How many releases stay on each host to go back to.', {
      default: RELEASES_TO_KEEP,
    }),
    overlap: described(
      oneOf(['never', 'alone', 'always']),
      'Whether the new release runs beside the old one until it is well, and requests are then switched over: always; alone: where taking the host out of its load balancer would leave none; never. Only where the type allows it (nodejs, rails, other with a port).',
      { default: 'alone' },
    ),
    strategy: described(DeploymentStrategy, 'How deployments proceed that do not say so themselves.', {
      otherwise: 'rolling',
    }),
    webhook: described(
      fields(
        'ApplicationWebhook',
        {
          secret: described(
            Name,
            'A Secret with `token`: what the Git host signs its calls with (GitHub, Gitea) or shows (GitLab).',
          ),
        },
        {
          branches: described(listOf(NonEmpty, 'a list of branches'), 'Pushes to these are deployed.', {
            otherwise: "the source's revision",
          }),
          migrate: described(t.boolean, 'Such deployments migrate.', { otherwise: 'false' }),
        },
      ),
      'A push to the repository makes a Deployment.',
      { otherwise: 'pushes do nothing' },
    ),
    attributes: described(
      JsonObject,
      "Free JSON for the application's hooks and for templates. A member that is null is as none.",
      {
        default: {},
      },
    ),
  },
);
type ApplicationFields = t.TypeOf<typeof ApplicationFields>;

/** What something shared answers has no process for that of its own; hosts of static sites run nothing else, either. */
const hasPossibleProcesses = ({ type, processes = {} }: ApplicationFields): boolean => {
  if (type === 'static') return Object.keys(processes).length === 0;
  return (type !== 'php' && type !== 'java') || processes['web'] === undefined;
};

export const ApplicationSpec = refined(
  ApplicationFields,
  'an application whose type has such `processes`: static has none, php and java have no `web` (php-fpm and Tomcat answer; say how many by php.children, java.options of the Role)',
  hasPossibleProcesses,
);
export interface ApplicationSpec extends ApplicationFields {}

export const ApplicationStatus = fields(
  'ApplicationStatus',
  {},
  {
    observedGeneration: described(Integer, OBSERVED_GENERATION),
    appliedGeneration: described(Integer, APPLIED_GENERATION),
    lastNumber: described(Integer, 'The number of the newest release.'),
    current: described(
      Release,
      'The release in force: what hosts run, and what hosts that are healed or added are given.',
    ),
    releases: described(
      t.readonlyArray(Release),
      'Releases that can be gone back to, the newest first; the one in force is among them.',
    ),
    deployment: described(t.string, 'The Deployment that goes on, or went on last.'),
    hosts: described(Integer, 'How many hosts are to run it.'),
    currentHosts: described(Integer, 'How many of them run the release in force.'),
    deployedAt: described(Time, 'When the release in force came into force.'),
    decided: described(
      Integer,
      'The revision at which the Deployment was made that changed last what is in force.',
    ),
    conditions: described(
      Conditions,
      'Ready: it was deployed, and all its hosts run the release in force. Reconciling: a Deployment goes on. Stalled: the last one failed. Locked: nobody may deploy. Valid: the spec can be read.',
    ),
  },
);
export interface ApplicationStatus extends t.TypeOf<typeof ApplicationStatus> {}

export const applicationDefaults = (spec: ApplicationSpec): ApplicationSpec => ({
  environment: {},
  domains: [],
  processes: {},
  hooks: {},
  shared: [],
  releasesToKeep: RELEASES_TO_KEEP,
  overlap: 'alone',
  strategy: { type: 'rolling' },
  attributes: {},
  ...spec,
});
