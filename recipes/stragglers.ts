/** What a command has started and left its process group, as daemons do: found by a mark in the environment. */
import { readdir, readFile } from 'node:fs/promises';

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
const bears = async (pid: string, entry: string): Promise<boolean> => {
  const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
  return environment.split('\0').includes(entry);
};

const bearers = async (entry: string): Promise<readonly number[]> => {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(pids.map(async (pid) => ((await bears(pid, entry)) ? [Number(pid)] : [])));
  return found.flat().filter((pid) => pid !== process.pid);
};

/** While they fork faster than we look, there is always one more. */
const ROUNDS = 10;

/** Kills every process whose environment has this mark. */
export const killMarked = async (mark: Readonly<Record<string, string>>): Promise<void> => {
  const entry = `${MARK}=${mark[MARK] ?? ''}`;
  for (let round = 0; round < ROUNDS; round += 1) {
    const pids = await bearers(entry);
    if (pids.length === 0) return;
    for (const pid of pids)
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // it has ended
      }
  }
};
