/** A service as its unit file and drop-ins say, so far as the supervisor acts on it. Pure. */
import {
  expandSpecifiers,
  parseCommands,
  unitNameOf,
  type Surroundings,
  type UnitCommand,
} from './command-line.js';
import { assignmentsIn, parseTimeSpan, splitWords, type Entry } from './unit-text.js';

const TYPES = ['simple', 'exec', 'notify', 'forking', 'oneshot'] as const;
export type UnitType = (typeof TYPES)[number];

const RESTARTS = [
  'no',
  'always',
  'on-success',
  'on-failure',
  'on-abnormal',
  'on-abort',
  'on-watchdog',
] as const;
export type RestartPolicy = (typeof RESTARTS)[number];

const KILL_MODES = ['control-group', 'mixed', 'process', 'none'] as const;
export type KillMode = (typeof KILL_MODES)[number];

/** Each with its commands, as `ExecStart=`. */
export const STEPS = ['StartPre', 'Start', 'StartPost', 'Reload', 'Stop', 'StopPost'] as const;
export type Step = (typeof STEPS)[number];

/** `RuntimeDirectory=` and its like: made before the start, below `base`. */
export interface UnitDirectory {
  readonly base: string;
  /** The environment variable that tells where they are. */
  readonly variable: string;
  readonly names: readonly string[];
  readonly mode: number;
  /** They go when the service stops. */
  readonly passing: boolean;
}

export interface PathCondition {
  readonly path: string;
  readonly holds: boolean;
}

export interface Unit {
  readonly name: string;
  readonly type: UnitType;
  readonly commands: Readonly<Record<Step, readonly UnitCommand[]>>;
  readonly remains: boolean;
  readonly environment: readonly (readonly [string, string])[];
  readonly environmentFiles: readonly { readonly path: string; readonly optional: boolean }[];
  readonly user: string | null;
  readonly group: string | null;
  readonly supplementaryGroups: readonly string[];
  readonly workingDirectory: { readonly path: string; readonly optional: boolean } | null;
  readonly directories: readonly UnitDirectory[];
  readonly restart: RestartPolicy;
  readonly restartMillis: number;
  /** Exit codes and signal names that count as a clean end, beside the usual. */
  readonly cleanEnds: readonly string[];
  readonly neverRestartAfter: readonly string[];
  readonly startMillis: number;
  readonly stopMillis: number;
  readonly pidFile: string | null;
  readonly killMode: KillMode;
  readonly killSignal: NodeJS.Signals;
  readonly killsAtLast: boolean;
  readonly reloadSignal: NodeJS.Signals | null;
  /** Names as prlimit has them: `nofile`. */
  readonly limits: readonly (readonly [string, string])[];
  /** `MemoryMax=` in bytes; null: no limit. */
  readonly memoryMax: number | null;
  readonly umask: string | null;
  readonly capabilities: readonly string[];
  readonly noNewPrivileges: boolean;
  readonly silent: boolean;
  readonly conditions: readonly PathCondition[];
  readonly after: readonly string[];
  readonly requires: readonly string[];
  readonly wants: readonly string[];
  readonly startLimit: { readonly withinMillis: number; readonly most: number };
  readonly install: { readonly wantedBy: readonly string[]; readonly aliases: readonly string[] } | null;
}

const ROOT_DIRECTORIES = [
  { key: 'Runtime', base: '/run', variable: 'RUNTIME_DIRECTORY' },
  { key: 'State', base: '/var/lib', variable: 'STATE_DIRECTORY' },
  { key: 'Cache', base: '/var/cache', variable: 'CACHE_DIRECTORY' },
  { key: 'Logs', base: '/var/log', variable: 'LOGS_DIRECTORY' },
  { key: 'Configuration', base: '/etc', variable: 'CONFIGURATION_DIRECTORY' },
] as const;

const DEFAULT_TIMEOUT = 90_000;
const DEFAULT_RESTART = 100;

/** Reads settings by key: an empty assignment forgets what was said before it. */
class Settings {
  constructor(
    private readonly entries: readonly Entry[],
    private readonly expand: (text: string) => string,
  ) {}

  lines(section: string, key: string): readonly string[] {
    const found: string[] = [];
    for (const entry of this.entries) {
      if (entry.section !== section || entry.key !== key) continue;
      if (entry.value === '') found.length = 0;
      else found.push(this.expand(entry.value));
    }
    return found;
  }

  words(section: string, key: string): readonly string[] {
    return this.lines(section, key).flatMap((line) => splitWords(line));
  }

  last(key: string, section = 'Service'): string | null {
    return this.lines(section, key).at(-1) ?? null;
  }

  yes(key: string): boolean {
    return ['yes', 'true', 'on', '1'].includes((this.last(key) ?? '').toLowerCase());
  }

  no(key: string): boolean {
    return ['no', 'false', 'off', '0'].includes((this.last(key) ?? '').toLowerCase());
  }

  /** Zero is how systemd spells "no limit" for timeouts. */
  timeout(keys: readonly string[], usual: number): number {
    const text = keys.map((key) => this.last(key)).find((found) => found !== null);
    const span = parseTimeSpan(text ?? '');
    if (span === null) return usual;
    return span === 0 ? Infinity : span;
  }

  span(key: string, usual: number, section = 'Service'): number {
    return parseTimeSpan(this.last(key, section) ?? '') ?? usual;
  }

  oneOf<A extends string>(key: string, known: readonly A[], usual: A): A {
    const text = this.last(key);
    return known.find((each) => each === text) ?? usual;
  }

  has(section: string): boolean {
    return this.entries.some((entry) => entry.section === section);
  }

  /** `512M`; null: `infinity`, a share of the machine, or nothing. */
  bytes(key: string): number | null {
    const [, number, unit = ''] = /^(\d+)([KMGT]?)$/.exec(this.last(key) ?? '') ?? [];
    return number === undefined ? null : Number(number) * 1024 ** ' KMGT'.indexOf(unit || ' ');
  }

  limits(): readonly (readonly [string, string])[] {
    const keys = new Set(this.entries.map(({ key }) => key).filter((key) => /^Limit[A-Z]+$/.test(key)));
    return [...keys].flatMap((key) => {
      const value = this.last(key);
      return value === null
        ? []
        : [[key.slice('Limit'.length).toLowerCase(), value.replace('infinity', 'unlimited')] as const];
    });
  }
}

const serviceNames = (words: readonly string[]): readonly string[] =>
  words.filter((word) => word.endsWith('.service')).map((word) => word.slice(0, -'.service'.length));

const optionalPath = (text: string): { readonly path: string; readonly optional: boolean } => ({
  path: text.replace(/^-/, ''),
  optional: text.startsWith('-'),
});

const commandsOf = (settings: Settings): Unit['commands'] => {
  const of = (step: Step): readonly UnitCommand[] =>
    settings.lines('Service', `Exec${step}`).flatMap(parseCommands);
  return Object.fromEntries(STEPS.map((step) => [step, of(step)])) as Unit['commands'];
};

const directoriesOf = (settings: Settings): readonly UnitDirectory[] =>
  ROOT_DIRECTORIES.flatMap(({ key, base, variable }) => {
    // `name:link` would be a link beside it, which nothing here makes
    const names = settings.words('Service', `${key}Directory`).map((word) => word.replace(/:.*$/, ''));
    const mode = parseInt(settings.last(`${key}DirectoryMode`) ?? '755', 8);
    const passing = key === 'Runtime' && (settings.last('RuntimeDirectoryPreserve') ?? 'no') === 'no';
    return names.length === 0 ? [] : [{ base, variable, names, mode, passing }];
  });

const typeOf = (settings: Settings, commands: Unit['commands']): UnitType => {
  const text = settings.last('Type');
  if (text === null && commands.Start.length === 0) return 'oneshot';
  return text === 'notify-reload' ? 'notify' : settings.oneOf('Type', TYPES, 'simple');
};

const conditionsOf = (settings: Settings): readonly PathCondition[] =>
  settings.lines('Unit', 'ConditionPathExists').map((text) => ({
    path: text.replace(/^[|!]*/, ''),
    holds: !/^\|?!/.test(text),
  }));

const timesOf = (
  settings: Settings,
  type: UnitType,
): Pick<Unit, 'restartMillis' | 'startMillis' | 'stopMillis' | 'startLimit'> => ({
  restartMillis: settings.span('RestartSec', DEFAULT_RESTART),
  startMillis: settings.timeout(
    ['TimeoutStartSec', 'TimeoutSec'],
    type === 'oneshot' ? Infinity : DEFAULT_TIMEOUT,
  ),
  stopMillis: settings.timeout(['TimeoutStopSec', 'TimeoutSec'], DEFAULT_TIMEOUT),
  startLimit: {
    withinMillis: settings.span('StartLimitIntervalSec', 10_000, 'Unit'),
    most: Number(settings.last('StartLimitBurst', 'Unit') ?? 5),
  },
});

const rightsOf = (
  settings: Settings,
): Pick<
  Unit,
  | 'user'
  | 'group'
  | 'supplementaryGroups'
  | 'limits'
  | 'memoryMax'
  | 'umask'
  | 'capabilities'
  | 'noNewPrivileges'
> => ({
  user: settings.last('User'),
  group: settings.last('Group'),
  supplementaryGroups: settings.words('Service', 'SupplementaryGroups'),
  limits: settings.limits(),
  memoryMax: settings.bytes('MemoryMax'),
  umask: settings.last('UMask'),
  capabilities: settings
    .words('Service', 'AmbientCapabilities')
    .map((word) => word.toLowerCase().replace(/^cap_/, '')),
  noNewPrivileges: settings.yes('NoNewPrivileges'),
});

const endingOf = (
  settings: Settings,
): Pick<
  Unit,
  'restart' | 'cleanEnds' | 'neverRestartAfter' | 'killMode' | 'killSignal' | 'killsAtLast' | 'reloadSignal'
> => ({
  restart: settings.oneOf('Restart', RESTARTS, 'no'),
  cleanEnds: settings.words('Service', 'SuccessExitStatus'),
  neverRestartAfter: settings.words('Service', 'RestartPreventExitStatus'),
  killMode: settings.oneOf('KillMode', KILL_MODES, 'control-group'),
  killSignal: (settings.last('KillSignal') ?? 'SIGTERM') as NodeJS.Signals,
  killsAtLast: !settings.no('SendSIGKILL'),
  reloadSignal: settings.last('Type') === 'notify-reload' ? 'SIGHUP' : null,
});

/** The unit of this name, from the entries of its file and then its drop-ins. */
export const readUnit = (
  name: string,
  entries: readonly Entry[],
  around: Pick<Surroundings, 'hostname'> & { homeOf(user: string): string },
): Unit => {
  const plain = new Settings(entries, (text) => text);
  const user = plain.last('User') ?? 'root';
  const surroundings = { hostname: around.hostname, user, home: around.homeOf(user) };
  const settings = new Settings(entries, (text) => expandSpecifiers(text, unitNameOf(name), surroundings));
  const commands = commandsOf(settings);
  const type = typeOf(settings, commands);
  const workingDirectory = settings.last('WorkingDirectory');
  const output = settings.last('StandardOutput');
  return {
    name,
    type,
    commands,
    remains: settings.yes('RemainAfterExit'),
    environment: settings.lines('Service', 'Environment').flatMap(assignmentsIn),
    environmentFiles: settings.lines('Service', 'EnvironmentFile').map(optionalPath),
    ...rightsOf(settings),
    workingDirectory:
      workingDirectory === null
        ? null
        : optionalPath(workingDirectory.replace(/^(-?)~$/, `$1${surroundings.home}`)),
    directories: directoriesOf(settings),
    ...timesOf(settings, type),
    ...endingOf(settings),
    pidFile: settings.last('PIDFile')?.replace(/^(?!\/)/, '/run/') ?? null,
    silent: output === 'null',
    conditions: conditionsOf(settings),
    after: serviceNames(settings.words('Unit', 'After')),
    requires: serviceNames([...settings.words('Unit', 'Requires'), ...settings.words('Unit', 'BindsTo')]),
    wants: serviceNames(settings.words('Unit', 'Wants')),
    install: settings.has('Install')
      ? {
          wantedBy: [...settings.words('Install', 'WantedBy'), ...settings.words('Install', 'RequiredBy')],
          aliases: serviceNames(settings.words('Install', 'Alias')),
        }
      : null,
  };
};
