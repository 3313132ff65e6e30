/** Those who wait for the cache to reach a revision. */
import { seconds } from '../../api-types/units.js';
import type { Clock } from '../../runtime/clock.js';

export interface CatchUp {
  /** Resolves when `revision` is reached; `now` is what is reached already. */
  until(revision: number, now: number): Promise<void>;
  reached(revision: number): void;
}

/** A revision of a write that left no event (a delete of nothing) is never seen: then a new list settles it. */
const PATIENCE = seconds(2);

interface Waiter {
  readonly revision: number;
  readonly resolve: () => void;
}

/** Calls `onLate` when somebody has waited for two seconds. */
export const catchUp = (clock: Clock, onLate: () => void): CatchUp => {
  const waiters = new Set<Waiter>();
  const wait = (revision: number): Promise<void> =>
    new Promise((resolve) => {
      const late = clock.after(PATIENCE, onLate);
      const waiter: Waiter = {
        revision,
        resolve: () => {
          late.cancel();
          waiters.delete(waiter);
          resolve();
        },
      };
      waiters.add(waiter);
    });
  return {
    until: (revision, now) => (revision <= now ? Promise.resolve() : wait(revision)),
    reached: (revision) => {
      for (const waiter of [...waiters]) if (waiter.revision <= revision) waiter.resolve();
    },
  };
};
