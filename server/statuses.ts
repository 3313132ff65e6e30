/** What went wrong, as the API says it. */
import { type Problem, problemText } from '../api-types/problems.js';
import { type Status, failureStatus } from '../api-types/status.js';
import type { Failure } from '../runtime/failure.js';

/** Which object an answer is about. */
export interface About {
  readonly plural: string;
  readonly name: string;
}

const details = ({ plural, name }: About): NonNullable<Status['details']> => ({ kind: plural, name });

export const badRequest = (message: string): Status => failureStatus(400, 'BadRequest', message);

export const unauthorized = (): Status =>
  failureStatus(
    401,
    'Unauthorized',
    'the bearer token is missing, wrong or expired; `scalarium login URL` gets one, and the token of this installation is in <data>/token',
  );

/** 401 of a login: the same whoever it was that tried, and whatever was wrong. */
export const loginRefused = (): Status =>
  failureStatus(401, 'Unauthorized', 'the user or the password is wrong, or may not log in');

export const notAccepted = (why: string): Status =>
  failureStatus(401, 'Unauthorized', `the ID token is not accepted: ${why}`);

/** 403, in the words Kubernetes clients know. */
export const forbidden = (user: string, what: string, reason: string): Status =>
  failureStatus(403, 'Forbidden', `${what} is forbidden: user "${user}" may not do that: ${reason}`);

export const noSuchPath = (path: string): Status =>
  failureStatus(404, 'NotFound', `there is nothing at ${path}`);

export const notFound = (about: About): Status =>
  failureStatus(404, 'NotFound', `${about.plural} "${about.name}" not found`, details(about));

export const noNamespace = (name: string): Status =>
  failureStatus(404, 'NotFound', `namespaces "${name}" not found: there is no Cluster of that name`, {
    kind: 'namespaces',
    name,
  });

export const methodNotAllowed = (method: string, what: string): Status =>
  failureStatus(405, 'MethodNotAllowed', `${method} is not possible on ${what}`);

export const notAcceptable = (offered: string): Status =>
  failureStatus(406, 'NotAcceptable', `only the following media types are offered: ${offered}`);

export const alreadyExists = (about: About, why: string): Status =>
  failureStatus(409, 'AlreadyExists', `${about.plural} "${about.name}" ${why}`, details(about));

export const conflicted = (about: About, why: string): Status =>
  failureStatus(409, 'Conflict', `${about.plural} "${about.name}": ${why}`, details(about));

export const expired = (message: string): Status => failureStatus(410, 'Expired', message);

export const tooLarge = (message: string): Status => failureStatus(413, 'RequestEntityTooLarge', message);

export const unsupportedMedia = (got: string, expected: string): Status =>
  failureStatus(415, 'UnsupportedMediaType', `the body's media type is ${got}, expected ${expected}`);

export const tooManyRequests = (message: string, retryAfterSeconds: number): Status =>
  failureStatus(429, 'TooManyRequests', `${message}; try again in ${String(retryAfterSeconds)} s`, {
    retryAfterSeconds,
  });

export const unavailable = (message: string, retryAfterSeconds: number): Status =>
  failureStatus(503, 'ServiceUnavailable', message, { retryAfterSeconds });

export const lagging = (message: string): Status =>
  failureStatus(504, 'Timeout', message, { retryAfterSeconds: 1 });

export const internal = (message: string): Status => failureStatus(500, 'InternalError', message);

/** Causes that are told: a body of 3 MiB can have hundreds of thousands. */
const MOST_CAUSES = 100;

/** 422 with one cause for each problem, up to a hundred. */
export const invalid = (kind: string, name: string, problems: readonly Problem[]): Status =>
  failureStatus(
    422,
    'Invalid',
    `${kind} "${name}" is invalid: ${problems.slice(0, 10).map(problemText).join('; ')}`,
    {
      kind,
      name,
      causes: problems.slice(0, MOST_CAUSES).map(({ path, expected, got }) => ({
        reason: 'FieldValueInvalid',
        field: path,
        message: `expected ${expected}, got ${got}`,
      })),
    },
  );

const stalledStatus = (reason: string, message: string): Status => {
  if (reason === 'TooLarge') return tooLarge(message);
  if (reason === 'StoreFull') return unavailable(message, 60);
  return internal(`${reason}: ${message}`);
};

/** A failed write, for the one who asked. */
export const statusOfFailure = (failure: Failure, about: About): Status => {
  switch (failure._tag) {
    case 'Conflict':
      return conflicted(about, failure.message);
    case 'Stalled':
      return stalledStatus(failure.reason, failure.message);
    case 'Waiting':
      return unavailable(failure.message, Math.ceil(failure.after / 1000));
    case 'Transient':
      return unavailable(failure.message, Math.ceil((failure.retryAfter ?? 1000) / 1000));
  }
};
