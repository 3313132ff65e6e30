/** A refusal on its way out: the Status, what HTTP says beside it, and what the audit log is to know. */
import * as E from 'fp-ts/lib/Either.js';
import type { Status } from '../api-types/status.js';
import type { Answer, AuditedChange, Reply } from './context.js';

const headersFor = (status: Status): Readonly<Record<string, string>> => {
  const after = status.details?.retryAfterSeconds;
  return {
    ...(status.code === 401 ? { 'WWW-Authenticate': 'Bearer' } : {}),
    ...(after === undefined ? {} : { 'Retry-After': String(after) }),
    // what was not read of the body would be taken for the next request
    ...(status.code === 413 || status.code === 401 ? { Connection: 'close' } : {}),
  };
};

/** The reply of a Status. */
export const refusal = (status: Status): Reply => ({
  code: status.code,
  body: status,
  headers: headersFor(status),
});

/** A Status of which the audit log is told more than the request says. */
export const refusedAs = (status: Status, told: Omit<AuditedChange, 'before' | 'after'>): Answer =>
  E.right({ ...refusal(status), audit: { before: null, after: null, ...told } });

const isRefusal = ({ code, body }: Reply): boolean => code >= 400 && typeof body === 'object';

/** The Status of an answer that is one, whichever way it came. */
export const refusedWith = (answer: Answer | null): Status | null => {
  if (answer === null) return null;
  if (E.isLeft(answer)) return answer.left;
  return isRefusal(answer.right) ? (answer.right.body as Status) : null;
};
