/** Passwords from standard input or a person. */
import { type CliContext, UsageError } from './context.js';

/** A new password: the first line of standard input, or asked for on the terminal. */
export const newPassword = async (context: CliContext, piped: boolean): Promise<string> => {
  const typed = piped
    ? (await context.readStdin()).split(/\r?\n/)[0]
    : await context.askSecret('New password: ');
  if (typed === null || typed === undefined || typed === '')
    throw new UsageError('expected a password: on a terminal, or piped in with --password-stdin');
  return typed;
};
