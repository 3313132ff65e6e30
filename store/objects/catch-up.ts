/** Those who wait for the cache to reach a revision. */
import { type Millis, seconds } from '../../api-types/units.js';
import type { Clock } from '../../runtime/clock.js';

export interface CatchUp {
  /** Resolves when `revision` is reached, or nobody waits for it any more; `now` is what is reached already. */
  until(revision: number, now: number, signal?: AbortSignal): Promise<void>;
  reached(revision: number): void;
}

/** A revision of a write that left no event (a delete of nothing) is never seen: then a new list settles it. */
const PATIENCE = seconds(2);
/** Between two lists: clients may ask for revisions that never come. */
const PAUSE = seconds(10);

interface Waiter {
  readonly revision: number;
  readonly resolve: () => void;
}

/** Calls `onLate` when somebody has waited for two seconds, and not more often than every ten. */
export const catchUp = (clock: Clock, onLate: () => void): CatchUp => {
  const waiters = new Set<Waiter>();
  let listedAt = -Infinity;
  const patience = (): Millis => Math.max(PATIENCE, listedAt + PAUSE - clock.monotonic()) as Millis;
  const wait = (revision: number, signal: AbortSignal | undefined): Promise<void> =>
    new Promise((resolve) => {
      const late = (): void => {
        if (clock.monotonic() - listedAt < PAUSE) timer = clock.after(patience(), late);
        else {
          listedAt = clock.monotonic();
          onLate();
        }
      };
      let timer = clock.after(patience(), late);
      const waiter: Waiter = {
        revision,
        resolve: () => {
          timer.cancel();
          waiters.delete(waiter);
          signal?.removeEventListener('abort', waiter.resolve);
          resolve();
        },
      };
      waiters.add(waiter);
      signal?.addEventListener('abort', waiter.resolve);
    });
  return {
    until: (revision, now, signal) => (revision <= now ? Promise.resolve() : wait(revision, signal)),
    reached: (revision) => {
      for (const waiter of [...waiters]) if (waiter.revision <= revision) waiter.resolve();
    },
  };
};
