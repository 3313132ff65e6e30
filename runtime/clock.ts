/** Time, as an argument. The only file (with its doubles in test/) that reads a clock or sets a timer. */
import { asyncScheduler, type SchedulerLike } from 'rxjs';
import type { Millis } from '../api-types/units.js';

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Wall-clock time in milliseconds since 1970; may jump. For what people read and what outlives a process. */
  now(): Millis;
  /** Milliseconds that only grow; for measuring silence, deadlines and leases within a process. */
  monotonic(): Millis;
  /** Calls `fn` once after `delay`. */
  after(delay: Millis, fn: () => void): Timer;
  /** Resolves after `delay`, or at once when `signal` aborts. */
  sleep(delay: Millis, signal?: AbortSignal): Promise<void>;
  /** For RxJS time operators: `debounceTime(ms, clock.scheduler)`. */
  readonly scheduler: SchedulerLike;
}

const sleepOn =
  (after: Clock['after']) =>
  (delay: Millis, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal?.aborted === true) {
        resolve();
        return;
      }
      const done = (): void => {
        timer.cancel();
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = after(delay, done);
      signal?.addEventListener('abort', done, { once: true });
    });

const after: Clock['after'] = (delay, fn) => {
  const handle = setTimeout(fn, delay);
  return {
    cancel: () => {
      clearTimeout(handle);
    },
  };
};

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now() as Millis,
  monotonic: () => performance.now() as Millis,
  after,
  sleep: sleepOn(after),
  scheduler: asyncScheduler,
};

/** RFC 3339 with milliseconds, UTC: how times are written in status and logs. */
export const timestamp = (at: number): string => new Date(at).toISOString();

/** Milliseconds since 1970 of an RFC 3339 time; NaN when it is none. */
export const parseTimestamp = (text: string): Millis => Date.parse(text) as Millis;
