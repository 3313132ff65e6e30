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

/**
 * Those that bear the mark, those in sessions that the service began, and all that descend from them; `main` is one
 * whatever it shows. Never this process or the host's first one.
 */
export const membersOf = (
  mark: string,
  main: number | null,
  sessions: ReadonlySet<number>,
): readonly Process[] => {
  const candidates = all().filter(({ pid }) => pid !== process.pid && pid !== 1);
  const members = new Set(
    candidates
      .filter(({ pid, session }) => pid === main || sessions.has(session) || bears(pid, mark))
      .map(({ pid }) => pid),
  );
  for (let before = 0; before !== members.size;) {
    before = members.size;
    for (const { pid, parent } of candidates) if (members.has(parent)) members.add(pid);
  }
  return candidates.filter(({ pid }) => members.has(pid));
};

export const signal = (processes: readonly Process[], name: NodeJS.Signals): void => {
  for (const each of processes)
    try {
      if (lives(each)) process.kill(each.pid, name);
    } catch {
      // it has ended
    }
};
