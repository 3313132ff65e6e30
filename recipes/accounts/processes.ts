/** Ends every process of a uid, also of one that forks faster than anybody can look. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { ifThere } from '../place.js';
import { runTool } from '../tools.js';

export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
  /** Pid and start time: the same pid later is another. */
  readonly id: string;
  /** Real, effective, saved and file-system uid. */
  readonly uids: readonly number[];
}

const UIDS = /^Uid:\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)$/m;

/** In /proc/PID/stat, counted from the state on. */
const START_TIME = 19;

/** From the texts of /proc/PID/status and /proc/PID/stat; null for one that has ended and waits for its parent. */
export const parseProcess = (pid: number, status: string, stat: string): Process | null => {
  const uids = UIDS.exec(status)?.slice(1).map(Number);
  // the name in brackets is the process's own to choose
  const after = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, parent, , session] = after;
  if (uids === undefined || state === 'Z' || state === 'X') return null;
  const id = `${String(pid)}@${after[START_TIME] ?? ''}`;
  return { pid, parent: Number(parent), session: Number(session), id, uids };
};

/** A process that ended while we looked: nothing. */
const readProcess = async (pid: number): Promise<Process | null> => {
  try {
    const folder = `/proc/${String(pid)}`;
    const [status, stat] = await Promise.all([
      readFile(`${folder}/status`, 'utf8'),
      readFile(`${folder}/stat`, 'utf8'),
    ]);
    return parseProcess(pid, status, stat);
  } catch {
    return null;
  }
};

const allProcesses = async (): Promise<readonly Process[]> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map(readProcess));
  // never the agent or what it has just started, whoever started the agent
  const isOwn = (one: Process): boolean => one.pid === process.pid || one.parent === process.pid;
  return found.flatMap((one) => (one === null || isOwn(one) ? [] : [one]));
};

/**
 * The user's, and what became root by sudo: what is in a session that the user leads, or comes of a process that counts.
 * `known` counts already: it may have lost its parent since.
 */
export const processesOf = (
  uid: number,
  all: readonly Process[],
  known: ReadonlySet<string>,
): readonly Process[] => {
  const theirs = (one: Process): boolean => one.uids.includes(uid) || known.has(one.id);
  const sessions = new Set(all.filter((one) => one.pid === one.session && theirs(one)).map(({ pid }) => pid));
  let found = all.filter((one) => theirs(one) || sessions.has(one.session));
  for (;;) {
    const pids = new Set(found.map(({ pid }) => pid));
    const more = all.filter((one) => pids.has(one.pid) || pids.has(one.parent));
    if (more.length === found.length) return found;
    found = more;
  }
};

const signalEach = (processes: readonly Process[], signal: 'SIGTERM' | 'SIGKILL'): void => {
  for (const { pid } of processes)
    try {
      process.kill(pid, signal);
    } catch {
      // it has ended
    }
};

/** systemd keeps a user's sessions in one control group, from which nobody forks away: the kernel ends it whole. */
const killGroup = async (uid: number): Promise<void> => {
  const group = `/sys/fs/cgroup/user.slice/user-${String(uid)}.slice/cgroup.kill`;
  try {
    await ifThere(() => writeFile(group, '1', { flag: 'r+' }));
  } catch {
    // an older kernel, or no systemd: the other ways remain
  }
};

/** `kill -1` as the user: the kernel signals all of the user's processes in one go, forks included. */
const killAsUser = async (uid: number, gid: number, signal: AbortSignal): Promise<void> => {
  const command = ['/bin/sh', '-c', 'kill -s KILL -- -1'];
  try {
    await runTool(command, { signal, as: { uid, gid }, timeoutSeconds: 2 });
  } catch (error) {
    // the user may stop what runs with the user's rights: the next round tries again
    if (signal.aborted) throw error;
  }
};

const TERM_MS = 2_000;
const LOOK_MS = 50;
/** Of the hard way: a look at all processes and three ways to end them, again and again. */
const KILL_MS = 30_000;

/** Looks again and again, and remembers what it has seen. */
const looker = (uid: number): (() => Promise<readonly Process[]>) => {
  const known = new Set<string>();
  return async () => {
    const found = processesOf(uid, await allProcesses(), known);
    for (const { id, uids } of found) if (!uids.includes(uid)) known.add(id);
    return found;
  };
};

/** Asked first; then, until none is left, killed. Throws with the pids of those that would not go. */
export const endProcesses = async (
  { uid, gid }: { readonly uid: number; readonly gid: number },
  signal: AbortSignal,
): Promise<void> => {
  const look = looker(uid);
  let found = await look();
  signalEach(found, 'SIGTERM');
  for (let waited = 0; waited < TERM_MS && found.length > 0; waited += LOOK_MS) {
    await sleep(LOOK_MS, undefined, { signal });
    found = await look();
  }
  // real time, as of every command: processes end when they end, whatever clock the control plane has
  const late = AbortSignal.timeout(KILL_MS);
  while (found.length > 0 && !late.aborted) {
    signalEach(found, 'SIGKILL');
    await killGroup(uid);
    await killAsUser(uid, gid, signal);
    signalEach(await look(), 'SIGKILL');
    await sleep(LOOK_MS, undefined, { signal });
    found = await look();
  }
  if (found.length === 0) return;
  const pids = found.slice(0, 10).map(({ pid }) => String(pid));
  throw new Error(`${String(found.length)} processes would not end: ${pids.join(', ')}`);
};
