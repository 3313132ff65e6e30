/** Parts of an Application's spec: processes, health check, hooks, migration. */
import * as t from 'io-ts';
import { described } from './described.js';
import { fields, matching, refined, wholeNumber } from './words.js';

export const CommandLine = matching('a command line', /^[^\u0000-\u001f\u007f]+$/);
export const UrlPath = matching('a path of a URL, as /shop', /^\/[^\s"'{}\\;]*$/);
export const Domain = matching(
  'a domain, as shop.example.com or *.example.com',
  /^(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/,
);
/** Below the application's folder. */
export const FilePath = matching(
  'a path below the application, as dist/server.js',
  /^(?!\/)(?!.*\.\.)[\w./@+-]+$/,
);
const ProcessName = matching('the name of a process, as web or worker', /^[a-z][a-z0-9-]{0,30}$/);

/** Processes of one kind. */
export const Process = fields(
  'ApplicationProcess',
  {},
  {
    command: described(CommandLine, "Carried out by sh in the release's folder as the application's user.", {
      otherwise: 'web: what the type runs; others need one',
    }),
    count: described(
      wholeNumber(0, 100),
      'How many of them a host runs; of web, at least 1, it is told in WEB_CONCURRENCY.',
      { default: 1 },
    ),
    memoryMib: described(
      wholeNumber(16, 1_048_576),
      'One that needs more memory is ended and started anew.',
      {
        otherwise: 'no limit',
        unit: 'MiB',
      },
    ),
    cpuPercent: described(wholeNumber(1, 10_000), 'How much of a core each may use; 200: two cores.', {
      otherwise: 'no limit',
      unit: 'percent of a core',
    }),
    stopSeconds: described(wholeNumber(1, 3600), 'Between SIGTERM and SIGKILL.', {
      otherwise: "the role's, as nodejs.stopSeconds",
      unit: 'seconds',
    }),
  },
);
export interface Process extends t.TypeOf<typeof Process> {}

type ByName = Readonly<Record<string, Process>>;

/** Who wants no `web` leaves out what it is told by, or has it stopped; who wants another process says what it is. */
const canRun = (processes: ByName): boolean =>
  processes['web']?.count !== 0 &&
  Object.entries(processes).every(([name, { command }]) => name === 'web' || command !== undefined);

export const Processes = refined(
  t.record(ProcessName, Process),
  'processes: `web` with a `count` of at least 1, each other with a `command`',
  canRun,
);

/** When a host counts as well. One of path, command; neither: its port takes connections. */
export const HealthCheck = fields(
  'ApplicationHealth',
  {},
  {
    path: described(
      UrlPath,
      'GET of it, in the name of the first domain, has to be answered with 200 to 399. Give php, java and static one: of them a port that takes connections says nothing.',
    ),
    command: described(CommandLine, "It has to end with 0, in the release's folder."),
    timeoutSeconds: described(wholeNumber(1, 3600), 'How long after the restart it may take to be well.', {
      otherwise: '60',
      unit: 'seconds',
    }),
    requestSeconds: described(wholeNumber(1, 600), 'How long one answer may take.', {
      otherwise: '5',
      unit: 'seconds',
    }),
    successes: described(wholeNumber(1, 100), 'How often in a row it has to be well.', { otherwise: '1' }),
  },
);
export interface HealthCheck extends t.TypeOf<typeof HealthCheck> {}

export const HOOKS = ['beforeBuild', 'beforeMigrate', 'beforeRestart', 'afterRestart'] as const;
export type Hook = (typeof HOOKS)[number];

const hook = (when: string) =>
  described(CommandLine, `Runs ${when}, as the application's user in the new release's folder.`, {
    otherwise: 'nothing',
  });

export const Hooks = fields(
  'ApplicationHooks',
  {},
  {
    beforeBuild: hook('before the build'),
    beforeMigrate: hook('before the migration, on the host that migrates'),
    beforeRestart: hook('before the release comes into force'),
    afterRestart: hook('when the host is well again'),
  },
);
export interface Hooks extends t.TypeOf<typeof Hooks> {}

export const Migration = fields(
  'ApplicationMigration',
  { command: described(CommandLine, "As the application's user in the new release's folder.") },
  {
    timeoutSeconds: described(wholeNumber(1, 86_400), 'It is ended after that, and counts as failed.', {
      otherwise: '600',
      unit: 'seconds',
    }),
  },
);
export interface Migration extends t.TypeOf<typeof Migration> {}
