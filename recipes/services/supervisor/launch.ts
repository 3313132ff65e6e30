/** Starts the commands of a service with its environment, rights and limits. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expandVariables, type UnitCommand } from './command-line.js';
import type { ServiceUser } from './accounts.js';
import { MARK } from './processes.js';
import type { ServiceLog } from './service-log.js';
import type { Unit } from './unit.js';
import { parseEnvironmentFile } from './unit-text.js';

/** What is the same for all commands of one run of a service. */
export interface RunContext {
  readonly unit: Unit;
  readonly user: ServiceUser | null;
  readonly mark: string;
  readonly log: ServiceLog;
  /** Variables that only the supervisor knows: directories, NOTIFY_SOCKET. */
  readonly given: Readonly<Record<string, string>>;
}

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const fromFiles = ({ environmentFiles, name }: Unit): Readonly<Record<string, string>> =>
  Object.fromEntries(
    environmentFiles.flatMap(({ path, optional }) => {
      if (existsSync(path)) return parseEnvironmentFile(readFileSync(path, 'utf8'));
      if (optional) return [];
      throw new Error(`${path}, the environment file of ${name}, is not there`);
    }),
  );

/** `main`: the service's main process, for commands that act on it. */
export const environmentOf = (
  { unit, user, mark, given }: RunContext,
  main: number | null,
): Readonly<Record<string, string>> => ({
  PATH,
  LANG: 'C.UTF-8',
  ...(user === null ? {} : { USER: user.name, LOGNAME: user.name, HOME: user.home, SHELL: user.shell }),
  ...given,
  ...(main === null ? {} : { MAINPID: String(main) }),
  ...Object.fromEntries(unit.environment),
  ...fromFiles(unit),
  [MARK]: mark,
});

const privileges = ({ unit, user }: RunContext): readonly string[] => {
  const groups = unit.supplementaryGroups;
  const capabilities = unit.capabilities.map((name) => `+${name}`).join(',');
  const words = [
    ...(user === null ? [] : [`--reuid=${String(user.uid)}`, `--regid=${String(user.gid)}`]),
    ...(user === null ? [] : [groups.length === 0 ? '--init-groups' : `--groups=${groups.join(',')}`]),
    ...(capabilities === '' ? [] : [`--inh-caps=${capabilities}`, `--ambient-caps=${capabilities}`]),
    ...(unit.noNewPrivileges ? ['--no-new-privs'] : []),
  ];
  return words.length === 0 ? [] : ['setpriv', ...words, '--'];
};

/**
 * $0: an umask, or nothing; then limits until a `--`. A limit that nobody may raise here stays, as with systemd; files
 * may then be as many as they can.
 */
const BOUNDS = `
[ -z "$0" ] || umask "$0"
while [ "$1" != -- ]; do
  prlimit --pid $$ "$1" 2>/dev/null || case $1 in --nofile=*) ulimit -S -n "$(ulimit -H -n)" ;; esac
  shift
done
shift
exec "$@"
`;

const bounds = ({ unit }: RunContext): readonly string[] => {
  if (unit.umask === null && unit.limits.length === 0) return [];
  const limits = unit.limits.map(([name, value]) => `--${name}=${value}`);
  return ['/bin/sh', '-c', BOUNDS, unit.umask ?? '', ...limits, '--'];
};

/** Each of the programs before it hands its process on to the next. */
const wrapped = (command: UnitCommand, context: RunContext): readonly string[] => [
  ...bounds(context),
  ...(command.privileged ? [] : privileges(context)),
];

const folderOf = ({ workingDirectory }: Unit): string => {
  if (workingDirectory === null) return '/';
  return workingDirectory.optional && !existsSync(workingDirectory.path) ? '/' : workingDirectory.path;
};

/** How a process ended; both null: it was not our child, and nobody knows. */
export interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Launched {
  readonly pid: number;
  readonly ended: Promise<End>;
  /** For people. */
  readonly shown: string;
}

/** A daemon that it left behind may hold the pipes open for ever. */
const DRAIN_MS = 200;

/** What it said before its end has been read by then. */
const endOf = async (child: ChildProcess): Promise<End> => {
  const closed = new Promise<void>((resolve) => child.once('close', resolve));
  const end = await new Promise<End>((resolve) => {
    child.once('exit', (code, signal) => {
      resolve({ code, signal });
    });
  });
  const done = new AbortController();
  await Promise.race([closed, sleep(DRAIN_MS, undefined, { signal: done.signal }).catch(() => undefined)]);
  done.abort();
  return end;
};

const started = (child: ChildProcess): Promise<void> =>
  new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', resolve);
  });

/** The programs in between would only say that something was not found. */
const refuseMissing = ({ name }: Unit, cwd: string, program: string): void => {
  if (!existsSync(cwd)) throw new Error(`${name}: its working directory ${cwd} is not there`);
  if (program.startsWith('/') && !existsSync(program))
    throw new Error(`${name}: its program ${program} is not there`);
};

/** Starts the command in a session of its own; rejects, for people, when it cannot be started. */
export const launch = async (
  command: UnitCommand,
  context: RunContext,
  main: number | null = null,
): Promise<Launched> => {
  const env = environmentOf(context, main);
  const words = expandVariables(command, env);
  const shown = words.join(' ');
  const [program = '', ...rest] = [...wrapped(command, context), ...words];
  const cwd = folderOf(context.unit);
  refuseMissing(context.unit, cwd, words[0] ?? '');
  const child = spawn(program, rest, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const hear = (chunk: Buffer): void => {
    if (!context.unit.silent) context.log.write(chunk);
  };
  const ended = endOf(child);
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  try {
    await started(child);
  } catch (error) {
    throw new Error(`${context.unit.name}: ${shown} cannot be started: ${(error as Error).message}`, {
      cause: error,
    });
  }
  return { pid: child.pid ?? 0, ended, shown };
};
