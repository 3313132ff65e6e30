/** Agents found by what they were started with, when no file tells of them. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { identify, type ProcessIdentity } from '../../runtime/process-identity.js';

const argumentsOf = (pid: string): readonly string[] => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
};

const valueAfter = (args: readonly string[], name: string): string => {
  const index = args.indexOf(name);
  return index < 0 ? '' : (args[index + 1] ?? '');
};

/** The machine that a process is the agent of, if its root is below `directory`. */
const machineOf = (pid: string, directory: string): string | null => {
  const args = argumentsOf(pid);
  if (!args.includes('agent')) return null;
  const own = dirname(valueAfter(args, '--root'));
  return dirname(own) === directory && basename(own) === valueAfter(args, '--machine') ? basename(own) : null;
};

/** By machine, the live agents whose root is below `directory` (absolute, without links). Linux. */
export const survivorsIn = (directory: string): ReadonlyMap<string, ProcessIdentity> => {
  const found = new Map<string, ProcessIdentity>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const machine = machineOf(pid, directory);
    const identity = machine === null ? null : identify(Number(pid));
    // a child that an agent forked has the same arguments for a moment: the elder is the agent
    const elder = machine === null ? undefined : found.get(machine);
    if (machine === null || identity === null) continue;
    if (elder === undefined || Number(elder.startTicks) > Number(identity.startTicks))
      found.set(machine, identity);
  }
  return found;
};
