/**
 * What can go wrong, named by what the loop must do about it. Plain tagged data; anything that is not one of
 * these is a defect: it throws, and only the loop and main catch it.
 */
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { Millis } from '../api-types/units.js';

/**
 * Try again with back-off; `retryAfter` when the other side said how long; `outside`: it is a server of somebody else's
 * and mended by people, so it is asked more rarely.
 */
export interface Transient {
  readonly _tag: 'Transient';
  /** CamelCase, fit for a condition's reason: `Throttled`, `StoreUnavailable`. */
  readonly reason: string;
  readonly message: string;
  readonly retryAfter?: Millis;
  readonly outside?: true;
  readonly cause?: unknown;
}

/** Not yet: look again after `after`; nothing is wrong. */
export interface Waiting {
  readonly _tag: 'Waiting';
  readonly reason: string;
  readonly message: string;
  readonly after: Millis;
}

/** Somebody else wrote first: read again and plan again, at once. */
export interface Conflict {
  readonly _tag: 'Conflict';
  readonly reason: string;
  readonly message: string;
}

/** A person must act: shown as a condition, not retried until the input changes. */
export interface Stalled {
  readonly _tag: 'Stalled';
  readonly reason: string;
  readonly message: string;
  readonly cause?: unknown;
}

export type Failure = Transient | Waiting | Conflict | Stalled;

export const transient = (
  reason: string,
  message: string,
  more: Pick<Transient, 'retryAfter' | 'outside' | 'cause'> = {},
): Transient => ({ _tag: 'Transient', reason, message, ...more });

export const waiting = (reason: string, message: string, after: Millis): Waiting => ({
  _tag: 'Waiting',
  reason,
  message,
  after,
});

export const conflict = (message: string, reason = 'Conflict'): Conflict => ({
  _tag: 'Conflict',
  reason,
  message,
});

export const stalled = (reason: string, message: string, cause?: unknown): Stalled => ({
  _tag: 'Stalled',
  reason,
  message,
  ...(cause === undefined ? {} : { cause }),
});

/** Prefixes the message with what was being done: `at('launching app-1')(failure)`. */
export const at =
  (doing: string) =>
  <F extends Failure>(failure: F): F => ({ ...failure, message: `${doing}: ${failure.message}` });

/** Runs a task and gives the right value, or throws the failure as an Error; for tests and composition roots. */
export const orThrow = async <A>(task: TaskEither<Failure, A>): Promise<A> => {
  const result = await task();
  if (E.isRight(result)) return result.right;
  throw new Error(`${result.left.reason}: ${result.left.message}`, { cause: result.left });
};
