/** Namespace hosts found by the command line of their process 1, when no file tells of them. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { identify, type ProcessIdentity } from '../../../runtime/process-identity.js';
import { HOST_MARK } from './script.js';

const wordsOf = (pid: string): readonly string[] => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
};

/** The machine whose process 1 this is, if its directory is below `directory`. */
const machineOf = (pid: string, directory: string): string | null => {
  const [program = '', ...words] = wordsOf(pid);
  const own = words[words.indexOf(HOST_MARK) + 1] ?? '';
  const isHost = basename(program) === 'sh' && words.includes(HOST_MARK);
  return isHost && dirname(own) === directory ? basename(own) : null;
};

/** By machine, the live hosts below `directory` (absolute, without links). */
export const namespaceSurvivors = (directory: string): ReadonlyMap<string, ProcessIdentity> => {
  const found = new Map<string, ProcessIdentity>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const machine = machineOf(pid, directory);
    const identity = machine === null ? null : identify(Number(pid));
    if (machine === null || identity === null) continue;
    // a child that process 1 forked has the same command line for a moment: the elder is the host
    const elder = found.get(machine);
    if (elder === undefined || Number(elder.startTicks) > Number(identity.startTicks))
      found.set(machine, identity);
  }
  return found;
};
