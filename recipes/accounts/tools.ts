/** The host's own programs, run as root or as the owner of an account, in a clean environment. */
import { endedText, runCommand, type Ended } from '../command.js';

export interface RunAs {
  readonly signal: AbortSignal;
  readonly as?: { readonly uid: number; readonly gid: number };
  readonly input?: string;
  readonly timeoutSeconds?: number;
}

const missing = (program: string): Error =>
  new Error(
    `there is no ${program} on this host: expected the package "passwd" (Debian), "shadow-utils" (Red Hat) or ` +
      `"shadow" (Alpine, whose own adduser is not enough)`,
  );

/** Nothing of the agent's environment: a person's shell would inherit it. */
const ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C',
};

/** How it ended; throws when it is not there or took too long. */
export const runTool = async (
  command: readonly string[],
  { signal, timeoutSeconds = 60, ...more }: RunAs,
): Promise<Ended> => {
  const late = AbortSignal.timeout(timeoutSeconds * 1000);
  const options = { ...more, cwd: '/', env: ENVIRONMENT, signal: AbortSignal.any([signal, late]) };
  try {
    const ended = await runCommand(command, options);
    if (signal.aborted) throw new Error(endedText(command, ended, 'stopped because the run was aborted'));
    const why = `no end after ${String(timeoutSeconds)} s, killed`;
    if (late.aborted) throw new Error(endedText(command, ended, why));
    return ended;
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ENOENT' ? missing(command[0] ?? '') : error;
  }
};

/** Throws with the command, its exit code and what it said when it did not succeed. */
export const mustRun = async (command: readonly string[], options: RunAs): Promise<string> => {
  const ended = await runTool(command, options);
  if (ended.code !== 0) throw new Error(endedText(command, ended, null));
  return ended.output;
};
