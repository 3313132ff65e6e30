/** Processes of hosts that are folders, beside their agents: they bear the host's root in their environment. Linux. */
import { readdirSync, readFileSync } from 'node:fs';
import { millis, seconds, type Millis } from '../../api-types/units.js';
import type { Clock } from '../../runtime/clock.js';
import { identify, isAlive, signalProcess, type ProcessIdentity } from '../../runtime/process-identity.js';

const MARK = 'SCALARIUM_ROOT=';
const POLL = millis(20);
/** Those that fork faster than we look are not looked for for ever. */
const ROUNDS = 200;

const fileOf = (pid: number, name: string): string => {
  try {
    return readFileSync(`/proc/${String(pid)}/${name}`, 'latin1');
  } catch {
    return '';
  }
};

/** As bytes: /proc tells them so. */
const latin = (text: string): string => Buffer.from(text).toString('latin1');

const rootOf = (pid: number): string | null => {
  const words = fileOf(pid, 'environ').split('\0');
  return words.find((word) => word.startsWith(MARK))?.slice(MARK.length) ?? null;
};

const PARENT = 1;

const parentOf = (pid: number): number => {
  const stat = fileOf(pid, 'stat');
  // the name may hold spaces and brackets: count from its closing one
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[PARENT]);
};

const isOwn = (pid: number): boolean => pid === process.pid || pid === 1;

/** With all that descend from them, whatever those made of their environment. */
const withDescendants = (pids: readonly number[], marked: readonly number[]): readonly number[] => {
  const found = new Set(marked);
  const parents = new Map(found.size === 0 ? [] : pids.map((pid) => [pid, parentOf(pid)] as const));
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const [pid, parent] of parents) if (found.has(parent) && !isOwn(pid)) found.add(pid);
  }
  return [...found];
};

const processesWhere = (isTheirs: (root: string) => boolean): readonly ProcessIdentity[] => {
  const pids = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  const marked = pids.filter((pid) => {
    const root = isOwn(pid) ? null : rootOf(pid);
    return root !== null && isTheirs(root);
  });
  return withDescendants(pids, marked).flatMap((pid) => identify(pid) ?? []);
};

/** Of the host with this root. */
export const processesOf = (root: string): readonly ProcessIdentity[] => {
  const wanted = latin(root);
  return processesWhere((each) => each === wanted);
};

/** Of all hosts below a driver's directory. */
export const processesBelow = (directory: string): readonly ProcessIdentity[] => {
  const above = latin(`${directory}/`);
  return processesWhere((each) => each.startsWith(above));
};

/** After SIGKILL only the kernel can hold a process. */
const KILLED_WITHIN = seconds(5);

const untilGone = async (
  found: readonly ProcessIdentity[],
  { clock, within }: { readonly clock: Clock; readonly within: Millis },
): Promise<void> => {
  const until = clock.monotonic() + within;
  while (found.some(isAlive) && clock.monotonic() < until) await clock.sleep(POLL);
};

/** Ends them as a machine's end does, until none is left: what is found is killed, and looked for again. */
export const killAll = async (find: () => readonly ProcessIdentity[], clock: Clock): Promise<void> => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const found = find();
    if (found.length === 0) return;
    for (const each of found) signalProcess(each, 'SIGKILL');
    await untilGone(found, { clock, within: KILLED_WITHIN });
  }
};

const isSupervisor = ({ pid }: ProcessIdentity): boolean =>
  fileOf(pid, 'cmdline').split('\0').includes('supervisor');

/** Has the host's supervisor end its services, and waits for it so long. */
export const shutDown = async (
  root: string,
  how: { readonly clock: Clock; readonly within: Millis },
): Promise<void> => {
  const supervisors = processesOf(root).filter(isSupervisor);
  for (const each of supervisors) signalProcess(each, 'SIGTERM');
  await untilGone(supervisors, how);
};
