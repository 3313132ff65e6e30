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

/** 400: it is not understood. */
export const badRequest = (message: string): Status => failureStatus(400, 'BadRequest', message);

/** 401: nobody, or nobody known, asks. */
export const unauthorized = (): Status =>
  failureStatus(
    401,
    'Unauthorized',
    'the bearer token is missing, wrong or expired; `scalarium login URL` gets one, and the token of this installation is in <data>/token',
  );

/** 401 of a login: the same whoever it was that tried, and whatever was wrong. */
export const loginRefused = (): Status =>
  failureStatus(401, 'Unauthorized', 'the user or the password is wrong, or may not log in');

/** 401 for an ID token. */
export const notAccepted = (why: string): Status =>
  failureStatus(401, 'Unauthorized', `the ID token is not accepted: ${why}`);

/** 403, in the words Kubernetes clients know. */
export const forbidden = (user: string, what: string, reason: string): Status =>
  failureStatus(403, 'Forbidden', `${what} is forbidden: user "${user}" may not do that: ${reason}`);

/** 404: neither a door nor a resource. */
export const noSuchPath = (path: string): Status =>
  failureStatus(404, 'NotFound', `there is nothing at ${path}`);

/** 404: no such object. */
export const notFound = (about: About): Status =>
  failureStatus(404, 'NotFound', `${about.plural} "${about.name}" not found`, details(about));

/** 404: no such cluster to write in. */
export const noNamespace = (name: string): Status =>
  failureStatus(404, 'NotFound', `namespaces "${name}" not found: there is no Cluster of that name`, {
    kind: 'namespaces',
    name,
  });

/** 405: the path has no such method. */
export const methodNotAllowed = (method: string, what: string): Status =>
  failureStatus(405, 'MethodNotAllowed', `${method} is not possible on ${what}`);

/** 406: the answer comes in none of the types that are accepted. */
export const notAcceptable = (offered: string): Status =>
  failureStatus(406, 'NotAcceptable', `only the following media types are offered: ${offered}`);

/** 409 for a create. */
export const alreadyExists = (about: About, why: string): Status =>
  failureStatus(409, 'AlreadyExists', `${about.plural} "${about.name}" ${why}`, details(about));

/** 409 for a write on what has changed, or cannot change so now. */
export const conflicted = (about: About, why: string): Status =>
  failureStatus(409, 'Conflict', `${about.plural} "${about.name}": ${why}`, details(about));

/** 410: the client lists again. */
export const expired = (message: string): Status => failureStatus(410, 'Expired', message);

/** 413: more than is taken at once. */
export const tooLarge = (message: string): Status => failureStatus(413, 'RequestEntityTooLarge', message);

/** 415: a body of a type that is not taken. */
export const unsupportedMedia = (got: string, expected: string): Status =>
  failureStatus(415, 'UnsupportedMediaType', `the body's media type is ${got}, expected ${expected}`);

/** 429, with when to come again. */
export const tooManyRequests = (message: string, retryAfterSeconds: number): Status =>
  failureStatus(429, 'TooManyRequests', `${message}; try again in ${String(retryAfterSeconds)} s`, {
    retryAfterSeconds,
  });

/** 503, with when to come again. */
export const unavailable = (message: string, retryAfterSeconds: number): Status =>
  failureStatus(503, 'ServiceUnavailable', message, { retryAfterSeconds });

/** 504: this server has not seen the revision yet. */
export const lagging = (message: string): Status =>
  failureStatus(504, 'Timeout', message, { retryAfterSeconds: 1 });

/** 500: a defect of ours, told in the log. */
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
