/** Executor of execute. */
import { lstat } from 'node:fs/promises';
import { endedText, runCommand, type CommandOptions } from './command.js';
import { ifThere, placeOf } from './place.js';
import type { ExecuteResource } from './resource.js';

const DEFAULT_TIMEOUT_SECONDS = 300;

const alreadyDone = async (
  root: string,
  resource: ExecuteResource,
  options: CommandOptions,
): Promise<boolean> => {
  if (resource.creates !== undefined) {
    const place = await placeOf(root, resource.creates);
    if ((await ifThere(() => lstat(place))) !== null) return true;
  }
  return resource.unless !== undefined && (await runCommand(resource.unless, options)).code === 0;
};

/** The timer is the platform's own: a command takes real time, whatever clock the control plane has. */
export const applyExecute = async (
  root: string,
  resource: ExecuteResource,
  signal: AbortSignal,
): Promise<boolean> => {
  const seconds = resource.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS;
  const timeout = AbortSignal.timeout(seconds * 1000);
  const options = {
    cwd: root,
    env: { ...process.env, SCALARIUM_ROOT: root, ...resource.environment },
    signal: AbortSignal.any([signal, timeout]),
  };
  if (await alreadyDone(root, resource, options)) return false;
  const ended = await runCommand(resource.command, options);
  const late = timeout.aborted ? `no end after ${String(seconds)} s, killed` : null;
  const cutShort = signal.aborted ? 'stopped because the run was aborted' : late;
  if (ended.code !== 0) throw new Error(endedText(resource.command, ended, cutShort));
  return true;
};
