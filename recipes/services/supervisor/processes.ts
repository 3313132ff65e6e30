/** Processes of a service, without cgroups: found by a mark in their environment, by parents and by sessions. */
import { readdirSync, readFileSync } from 'node:fs';

/** Every process of a service has it in its environment, as with systemd; some overwrite theirs. */
export const MARK = 'INVOCATION_ID';

export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
  /** Clock ticks after boot: with it a reused number is not mistaken for the process. */
  readonly started: string;
}

const PARENT = 1;
const SESSION = 3;
const STARTED = 19;

/** Null: no such process, or it is a zombie. */
export const processOf = (pid: number): Process | null => {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    // the name may hold spaces and brackets: count from its closing one
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return null;
    const number = (index: number): number => Number(fields[index]);
    return { pid, parent: number(PARENT), session: number(SESSION), started: fields[STARTED] ?? '' };
  } catch {
    return null;
  }
};

export const lives = ({ pid, started }: Process): boolean => processOf(pid)?.started === started;

const all = (): readonly Process[] =>
  readdirSync('/proc').flatMap((name) => {
    const found = /^\d+$/.test(name) ? processOf(Number(name)) : null;
    return found === null ? [] : [found];
  });

const bears = (pid: number, mark: string): boolean => {
  try {
    return readFileSync(`/proc/${String(pid)}/environ`, 'latin1')
      .split('\0')
      .includes(`${MARK}=${mark}`);
  } catch {
    return false;
  }
};

/** A process as it was once seen. */
export type Known = Pick<Process, 'pid' | 'started'>;

/** What is known of a service's processes. */
export interface Traces {
  readonly main: Known | null;
  /** Leaders of the sessions that its commands began. */
  readonly sessions: readonly Known[];
}

export interface Membership {
  readonly members: readonly Process[];
  /** Those that somebody is still in: once nobody is, the kernel gives their numbers to others. */
  readonly sessions: readonly Known[];
}

const isSame = (one: Known, other: Known): boolean => one.pid === other.pid && one.started === other.started;

/** Not those whose number another process leads by now; while somebody is left in it a number is not given away. */
const liveSessions = (found: readonly Process[], sessions: readonly Known[]): readonly Known[] =>
  sessions.filter(({ pid, started }) => {
    const leader = found.find((each) => each.pid === pid);
    return (
      (leader === undefined || leader.started === started) && found.some(({ session }) => session === pid)
    );
  });

/**
 * Of the processes found, those that bear the mark, those in sessions that the service began, and all that descend from
 * them; `main` is one whatever it shows.
 */
export const membersAmong = (
  found: readonly Process[],
  { main, sessions }: Traces,
  isMarked: (pid: number) => boolean,
): Membership => {
  const live = liveSessions(found, sessions);
  const numbers = new Set(live.map(({ pid }) => pid));
  const isOwn = (one: Process): boolean =>
    (main !== null && isSame(one, main)) || numbers.has(one.session) || isMarked(one.pid);
  const members = new Set(found.filter(isOwn).map(({ pid }) => pid));
  for (let before = 0; before !== members.size;) {
    before = members.size;
    for (const { pid, parent } of found) if (members.has(parent)) members.add(pid);
  }
  return { members: found.filter(({ pid }) => members.has(pid)), sessions: live };
};

/** Never this process or the host's first one. */
export const membersOf = (mark: string, traces: Traces): Membership =>
  membersAmong(
    all().filter(({ pid }) => pid !== process.pid && pid !== 1),
    traces,
    (pid) => bears(pid, mark),
  );

export const signal = (processes: readonly Process[], name: NodeJS.Signals): void => {
  for (const each of processes)
    try {
      if (lives(each)) process.kill(each.pid, name);
    } catch {
      // it has ended
    }
};

const KIB = 1024;

/** What these hold for themselves, in bytes: what they share with others as files is nobody's. */
export const memoryOf = (processes: readonly Process[]): number =>
  processes.reduce((sum, { pid }) => {
    try {
      const status = readFileSync(`/proc/${String(pid)}/status`, 'latin1');
      return sum + Number(/^RssAnon:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * KIB;
    } catch {
      return sum;
    }
  }, 0);
