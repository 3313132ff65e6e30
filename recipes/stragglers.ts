/** What a command has started and left its process group, as daemons do: found by a mark in the environment. */
import { readdirSync, readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';

const MARK = 'SCALARIUM_COMMAND';

let started = 0;

/** A process id is an agent's own only in its namespace: several of them may be looking at one machine's processes. */
const AGENT = `${String(process.pid)}-${String(Math.round(performance.timeOrigin * 1000))}`;

/** An environment variable that no other command of this machine has. */
export const newMark = (): Readonly<Record<string, string>> => {
  started += 1;
  return { [MARK]: `${AGENT}-${String(started)}` };
};

/** Processes that ended or are not ours to read are none of the command's. */
const bears = (pid: number, entry: string): boolean => {
  try {
    return readFileSync(`/proc/${String(pid)}/environ`, 'latin1')
      .split('\0')
      .includes(entry);
  } catch {
    return false;
  }
};

/** The youngest first: it is the one that forks next. */
const processes = (): readonly number[] => {
  try {
    const names = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    return names.map(Number).sort((one, other) => other - one);
  } catch {
    return [];
  }
};

/** At once as they are found, and without letting go in between: those that fork on and on are quick. */
const killRound = (entry: string): number => {
  let killed = 0;
  for (const pid of processes()) {
    if (pid === process.pid || !bears(pid, entry)) continue;
    killed += 1;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // it has ended
    }
  }
  return killed;
};

/** While they fork faster than we look, there is always one more. */
const SECONDS = 10;

/** Kills every process whose environment has this mark. */
export const killMarked = async (mark: Readonly<Record<string, string>>): Promise<void> => {
  const entry = `${MARK}=${mark[MARK] ?? ''}`;
  const late = AbortSignal.timeout(SECONDS * 1000);
  while (killRound(entry) > 0 && !late.aborted) await setImmediate();
};
