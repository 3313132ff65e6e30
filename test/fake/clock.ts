/** Time that stands still until a test moves it. */
import { Subscription, type SchedulerAction, type SchedulerLike } from 'rxjs';
import type { Millis } from '../../api-types/units.js';
import type { Clock, Timer } from '../../runtime/clock.js';

export interface VirtualClock extends Clock {
  /** Moves time on by `ms`; runs what falls due in order of time, and lets promises settle after each. */
  advance(ms: number): Promise<void>;
  /** Lets everything that needs no time, but may need real I/O turns, happen. */
  settle(): Promise<void>;
  /** Timers that are set. */
  pending(): number;
  /** Moves time on and runs nothing: what a stopped process finds when it is continued. */
  jump(ms: number): void;
}

interface Due {
  readonly at: number;
  readonly order: number;
  readonly fn: () => void;
}

const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

const settle = async (): Promise<void> => {
  for (let turns = 0; turns < 5; turns += 1) await turn();
};

class ClockAction<T> extends Subscription implements SchedulerAction<T> {
  private timer: Timer | null = null;

  constructor(
    private readonly clock: Pick<Clock, 'after'>,
    private readonly work: (this: SchedulerAction<T>, state?: T) => void,
  ) {
    super();
    this.add(() => this.timer?.cancel());
  }

  schedule(state?: T, delay = 0): Subscription {
    if (this.closed) return this;
    this.timer?.cancel();
    const timer = this.clock.after(delay as Millis, () => {
      this.work.call(this, state);
      if (this.timer === timer) this.unsubscribe();
    });
    this.timer = timer;
    return this;
  }
}

const schedulerOn = (clock: Pick<Clock, 'after' | 'now'>): SchedulerLike => ({
  now: () => clock.now(),
  schedule: <T>(work: (this: SchedulerAction<T>, state?: T) => void, delay = 0, state?: T) =>
    new ClockAction<T>(clock, work).schedule(state, delay),
});

const earliest = (timers: ReadonlySet<Due>, until: number): Due | null => {
  let best: Due | null = null;
  for (const timer of timers) {
    if (timer.at > until) continue;
    if (best === null || timer.at < best.at || (timer.at === best.at && timer.order < best.order))
      best = timer;
  }
  return best;
};

/** A clock that begins at `start` (wall) and 0 (monotonic) and moves only by `advance`. */
export const virtualClock = (start = Date.UTC(2026, 0, 1)): VirtualClock => {
  const timers = new Set<Due>();
  let elapsed = 0;
  let orders = 0;
  const now = (): Millis => (start + elapsed) as Millis;
  const after: Clock['after'] = (delay, fn) => {
    const due: Due = { at: elapsed + Math.max(0, delay), order: (orders += 1), fn };
    timers.add(due);
    return {
      cancel: () => {
        timers.delete(due);
      },
    };
  };
  const sleep: Clock['sleep'] = (delay, signal) =>
    new Promise((resolve) => {
      const done = (): void => {
        timer.cancel();
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = after(delay, done);
      if (signal?.aborted === true) done();
      else signal?.addEventListener('abort', done, { once: true });
    });
  const advance = async (ms: number): Promise<void> => {
    const until = elapsed + ms;
    await settle();
    for (let due = earliest(timers, until); due !== null; due = earliest(timers, until)) {
      timers.delete(due);
      elapsed = Math.max(elapsed, due.at);
      due.fn();
      await settle();
    }
    elapsed = Math.max(elapsed, until);
  };
  return {
    now,
    monotonic: () => elapsed as Millis,
    after,
    sleep,
    scheduler: schedulerOn({ after, now }),
    advance,
    settle,
    pending: () => timers.size,
    jump: (ms) => {
      elapsed += ms;
    },
  };
};
