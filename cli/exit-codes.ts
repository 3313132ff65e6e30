/** How a command ends: one table for every verb. docs/adr/0016 says why these. */
import type { Status } from '../api-types/status.js';
import { statusOfError } from '../client/watch.js';
import { CliError } from './context.js';

export const EXIT = {
  done: 0,
  failed: 1,
  changes: 2,
  notFound: 3,
  notAllowed: 4,
  conflict: 5,
  unreachable: 6,
  usage: 64,
  interrupted: 130,
} as const;

/** The table as `help exit-codes` prints it. */
export const EXIT_CODES: readonly (readonly [code: number, meaning: string])[] = [
  [EXIT.done, 'done; the answer is yes; nothing differs'],
  [EXIT.failed, 'it failed; or the answer is no: can-i, differences (diff, drift), time ran out (wait)'],
  [EXIT.changes, 'plan: there are changes; diff, drift: it could not be told'],
  [EXIT.notFound, 'what was named is not there'],
  [EXIT.notAllowed, 'not logged in, or not allowed'],
  [EXIT.conflict, 'somebody else changed it meanwhile, or it is there already'],
  [EXIT.unreachable, 'no control plane answers'],
  [EXIT.usage, 'the words or options are wrong; nothing was asked of the control plane'],
  [EXIT.interrupted, 'ended with Ctrl-C'],
];

const BY_STATUS: Readonly<Record<number, number>> = {
  0: EXIT.unreachable,
  401: EXIT.notAllowed,
  403: EXIT.notAllowed,
  404: EXIT.notFound,
  409: EXIT.conflict,
};

/** What a refusal of the server means for the exit code. */
const exitOfStatus = ({ code }: Pick<Status, 'code'>): number => BY_STATUS[code] ?? EXIT.failed;

/** The exit code of what a command threw. */
export const exitOfError = (error: unknown): number => {
  if (error instanceof CliError && error.exit !== null) return error.exit;
  const status = statusOfError(error);
  return status === null ? EXIT.failed : exitOfStatus(status);
};

/** Where 1 says that there are differences, what failed must say something else. */
export const never1 = (error: unknown): never => {
  if (exitOfError(error) !== EXIT.failed) throw error;
  const { message, cause } = error as Error;
  throw new CliError(message, { cause, exit: EXIT.changes });
};
