/** What a controller is to the loop: level-based, by key. */
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { Observable } from 'rxjs';
import type { Millis } from '../api-types/units.js';
import type { Failure } from './failure.js';

/** What the loop does next with the key: nothing until it is woken, or another run after a time, with the reason. */
export type Outcome =
  { readonly _tag: 'Settled' } | { readonly _tag: 'After'; readonly after: Millis; readonly why: string };

export const settled: Outcome = { _tag: 'Settled' };

export const runAfter = (after: Millis, why: string): Outcome => ({ _tag: 'After', after, why });

/** The soonest wish wins. */
export const soonest = (outcomes: readonly Outcome[]): Outcome =>
  outcomes.reduce((best, next) => {
    if (next._tag === 'Settled') return best;
    return best._tag === 'Settled' || next.after < best.after ? next : best;
  }, settled);

export interface Controller {
  /** The folder's path below controllers/: its name in logs and metrics. */
  readonly name: string;
  /** Keys to look at, as they arrive; must never error or end. */
  readonly wake$: Observable<string>;
  /** Keys looked at at the same time; 4 unless told. One key never runs twice at once. */
  readonly concurrency?: number;
  /** Brings what the key names to its spec. Failures are told by their tag; anything thrown is a defect and is retried with back-off. */
  reconcile(key: string): TaskEither<Failure, Outcome>;
}
