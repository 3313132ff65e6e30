/** The loop: takes keys from a controller's streams, runs them, and comes back as the outcome or the failure says. */
import * as E from 'fp-ts/lib/Either.js';
import { retry, timer } from 'rxjs';
import { seconds, type Millis } from '../api-types/units.js';
import type { Chance } from './chance.js';
import type { Clock } from './clock.js';
import type { Controller, Outcome } from './controller.js';
import type { Failure } from './failure.js';
import type { Log } from './log.js';
import { workQueue, type WorkQueue } from './queue.js';
import { defect, retryDelay, type Defect } from './retry.js';

export interface LoopArguments {
  readonly controller: Controller;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
}

export type RunOutcome = Outcome['_tag'] | Failure['_tag'] | Defect['_tag'];

/** What can be read of a loop. */
export interface LoopMetrics {
  readonly controller: string;
  /** Keys that are due and not running. */
  readonly depth: number;
  /** Keys that wait for their time. */
  readonly delayed: number;
  readonly running: number;
  readonly oldestAgeMillis: Millis;
  readonly runs: Readonly<Record<RunOutcome, number>>;
}

export interface Loop {
  metrics(): LoopMetrics;
  /** Takes no new key; resolves when the runs under way have ended. */
  drain(): Promise<void>;
}

const CONCURRENCY = 4;

type Ending = Outcome | Failure | Defect;

const runOnce = async (controller: Controller, key: string): Promise<Ending> => {
  try {
    const result = await controller.reconcile(key)();
    return E.isRight(result) ? result.right : result.left;
  } catch (error) {
    return defect(error);
  }
};

const tell = (log: Log, ending: Ending, next: Millis | null): void => {
  const retryInMillis = next ?? undefined;
  switch (ending._tag) {
    case 'Settled':
    case 'After':
      return;
    case 'Conflict':
    case 'Waiting':
      log.debug('run ended early', { reason: ending.reason, detail: ending.message, retryInMillis });
      return;
    case 'Defect':
      log.error('run threw: a defect', { cause: ending.cause, retryInMillis });
      return;
    default:
      log.warn('run failed', {
        reason: ending.reason,
        detail: ending.message,
        cause: ending.cause,
        retryInMillis,
      });
  }
};

const isFailure = (ending: Ending): ending is Exclude<Failure, { readonly _tag: 'Waiting' }> | Defect =>
  ending._tag === 'Transient' ||
  ending._tag === 'Conflict' ||
  ending._tag === 'Stalled' ||
  ending._tag === 'Defect';

/** When the key runs next, by itself; null: when it is woken. */
const nextRun = (ending: Ending, queue: WorkQueue, key: string, chance: Chance): Millis | null => {
  if (isFailure(ending)) return retryDelay(ending, queue.failed(key), chance);
  queue.succeeded(key);
  return ending._tag === 'Settled' ? null : ending.after;
};

const noRuns = (): Record<RunOutcome, number> => ({
  Settled: 0,
  After: 0,
  Waiting: 0,
  Transient: 0,
  Conflict: 0,
  Stalled: 0,
  Defect: 0,
});

/** Starts running the controller's keys; the only place, besides main, that catches what is thrown. */
export const startLoop = ({ controller, clock, chance, log: outer }: LoopArguments): Loop => {
  const log = outer.with({ controller: controller.name });
  const runs = noRuns();
  const underWay = new Set<Promise<void>>();
  let runNumber = 0;

  const run = async (key: string): Promise<void> => {
    runNumber += 1;
    const line = log.with({ key, run: runNumber });
    const ending = await runOnce(controller, key);
    runs[ending._tag] += 1;
    const next = nextRun(ending, queue, key, chance);
    tell(line, ending, next);
    if (next !== null) queue.add(key, next);
    queue.done(key);
  };

  const fill = (): void => {
    while (underWay.size < (controller.concurrency ?? CONCURRENCY)) {
      const key = queue.take();
      if (key === null) return;
      const running = run(key).finally(() => {
        underWay.delete(running);
        fill();
      });
      underWay.add(running);
    }
  };

  const queue = workQueue(clock, fill);
  const keys = controller.wake$
    .pipe(
      retry({
        delay: (error: unknown) => {
          log.error('the stream of keys broke: a defect', { cause: error });
          return timer(seconds(1), clock.scheduler);
        },
      }),
    )
    .subscribe((key) => {
      queue.add(key);
    });

  return {
    metrics: () => ({
      controller: controller.name,
      depth: queue.depth(),
      delayed: queue.delayed(),
      running: queue.running(),
      oldestAgeMillis: queue.oldestAge(),
      runs: { ...runs },
    }),
    drain: async () => {
      keys.unsubscribe();
      queue.close();
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
};
