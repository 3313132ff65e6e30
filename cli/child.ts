/** Other programs on this terminal: an editor, ssh, diff. The program that starts them is handed in. */
import { CliError } from './context.js';

interface Child {
  on(event: 'error', told: (error: NodeJS.ErrnoException) => void): unknown;
  on(event: 'close', told: (code: number | null, signal: string | null) => void): unknown;
}

/** `spawn` of node:child_process, as far as it is needed. */
export type Spawn = (
  command: string,
  args: readonly string[],
  options: { readonly stdio: 'inherit' },
) => Child;

export interface Ended {
  readonly code: number;
}

/** Runs a program with this terminal until it ends; Ctrl-C is the program's to hear. */
export const onTerminal = (
  spawn: Spawn,
  command: string,
  args: readonly string[],
  missing: string,
): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const deaf = (): void => undefined;
    process.on('SIGINT', deaf);
    const child = spawn(command, args, { stdio: 'inherit' });
    child.on('error', (error: NodeJS.ErrnoException) => {
      process.off('SIGINT', deaf);
      const why = error.code === 'ENOENT' ? missing : `${command}: ${error.message}`;
      reject(new CliError(why, { cause: error }));
    });
    child.on('close', (code, signal) => {
      process.off('SIGINT', deaf);
      resolve({ code: signal === null ? (code ?? 1) : 128 });
    });
  });
