/**
 * The keyed work queue. A key is waiting, running or neither, and runs once at a time; an add while it runs asks for
 * exactly one more run, however many adds there are. It holds keys, never events: a run reads the world anew.
 */
import type { Millis } from '../api-types/units.js';
import type { Clock, Timer } from './clock.js';

export interface WorkQueue {
  /** Asks for a run of `key` after `delay` (now unless told). Of several wishes for a key the soonest stands. */
  add(key: string, delay?: Millis): void;
  /** The key that has waited longest and is not running, now marked running; null when none is due. */
  take(): string | null;
  /** The run of `key` has ended: it may run again. */
  done(key: string): void;
  /** Counts a failure of `key` and tells how many there were in a row. */
  failed(key: string): number;
  /** Ends the row of failures of `key`. */
  succeeded(key: string): void;
  /** Keys that are due and not running. */
  depth(): number;
  /** Keys that wait for their time. */
  delayed(): number;
  running(): number;
  /** How long the key that has waited longest has been due; 0 when none is. */
  oldestAge(): Millis;
  /** Takes no more adds and forgets all that wait. */
  close(): void;
}

interface Delayed {
  readonly at: number;
  readonly timer: Timer;
}

interface State {
  /** Due keys and since when, in order of arrival. */
  readonly due: Map<string, number>;
  readonly delayed: Map<string, Delayed>;
  readonly running: Set<string>;
  /** Running keys that were added meanwhile. */
  readonly again: Set<string>;
  closed: boolean;
}

const undelay = (state: State, key: string): void => {
  state.delayed.get(key)?.timer.cancel();
  state.delayed.delete(key);
};

const makeDue = (state: State, clock: Clock, key: string): void => {
  undelay(state, key);
  if (state.running.has(key)) state.again.add(key);
  else if (!state.due.has(key)) state.due.set(key, clock.monotonic());
};

const failureCounts = (): Pick<WorkQueue, 'failed' | 'succeeded'> => {
  const failures = new Map<string, number>();
  return {
    failed: (key) => {
      const count = (failures.get(key) ?? 0) + 1;
      failures.set(key, count);
      return count;
    },
    succeeded: (key) => {
      failures.delete(key);
    },
  };
};

/** A queue that calls `onDue` whenever a key may be taken. */
export const workQueue = (clock: Clock, onDue: () => void): WorkQueue => {
  const state: State = {
    due: new Map(),
    delayed: new Map(),
    running: new Set(),
    again: new Set(),
    closed: false,
  };

  const dueNow = (key: string): void => {
    makeDue(state, clock, key);
    if (state.due.has(key)) onDue();
  };

  const dueLater = (key: string, delay: Millis): void => {
    const at = clock.monotonic() + delay;
    const standing = state.delayed.get(key);
    if (state.due.has(key) || state.again.has(key)) return;
    if (standing !== undefined && standing.at <= at) return;
    undelay(state, key);
    const timer = clock.after(delay, () => {
      state.delayed.delete(key);
      dueNow(key);
    });
    state.delayed.set(key, { at, timer });
  };

  return {
    add: (key, delay) => {
      if (state.closed) return;
      if (delay === undefined || delay <= 0) dueNow(key);
      else dueLater(key, delay);
    },
    take: () => {
      const [next] = state.due.keys();
      if (next === undefined) return null;
      state.due.delete(next);
      state.running.add(next);
      return next;
    },
    done: (key) => {
      state.running.delete(key);
      if (state.again.delete(key) && !state.closed) dueNow(key);
    },
    ...failureCounts(),
    depth: () => state.due.size,
    delayed: () => state.delayed.size,
    running: () => state.running.size,
    oldestAge: () => {
      const [since] = state.due.values();
      return (since === undefined ? 0 : clock.monotonic() - since) as Millis;
    },
    close: () => {
      state.closed = true;
      for (const key of [...state.delayed.keys()]) undelay(state, key);
      state.due.clear();
      state.again.clear();
    },
  };
};
