/** A process as more than its number: with its start time, so that a reused number is not mistaken for it. Linux. */
import { readFileSync } from 'node:fs';

export interface ProcessIdentity {
  readonly pid: number;
  /** Field 22 of /proc/<pid>/stat: clock ticks after boot. */
  readonly startTicks: string;
}

const START_TIME_FIELD = 22;

/** Null: no such process, or it is a zombie. */
export const identify = (pid: number): ProcessIdentity | null => {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    // the name in field 2 may hold spaces and brackets: count from its closing one
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const startTicks = fields[START_TIME_FIELD - 3];
    return fields[0] === 'Z' || startTicks === undefined ? null : { pid, startTicks };
  } catch {
    return null;
  }
};

export const isAlive = (wanted: ProcessIdentity): boolean =>
  identify(wanted.pid)?.startTicks === wanted.startTicks;

/** Signals the process if it is still the same one; false when it was gone. */
export const signalProcess = (wanted: ProcessIdentity, signal: NodeJS.Signals): boolean => {
  if (!isAlive(wanted)) return false;
  try {
    return process.kill(wanted.pid, signal);
  } catch {
    return false;
  }
};
