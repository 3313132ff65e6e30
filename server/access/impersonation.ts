/** Asking in somebody else's name, as Kubernetes has it (`kubectl --as ana`). */
import type { IncomingMessage } from 'node:http';
import type { Status } from '../../api-types/status.js';
import { forbidden } from '../statuses.js';

/**
 * Refused to everybody, since it is not done: left out of account, what was meant to be tried with few rights would be
 * done with all one's own. Null: they ask in their own name.
 */
export const impersonationRefused = ({ headers }: IncomingMessage, user: string): Status | null => {
  const header = Object.keys(headers).find((name) => name.startsWith('impersonate-'));
  if (header === undefined) return null;
  return forbidden(
    user,
    `asking in another name (${header})`,
    'log in as whom you mean, or use a token of theirs',
  );
};
