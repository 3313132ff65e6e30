/**
 * The one watcher on everything of ours. A watch that breaks, for whatever reason, leads to a new list, with back-off;
 * a periodic list guards against events that were lost without an error.
 */
import * as E from 'fp-ts/lib/Either.js';
import { millis, minutes, seconds, type Millis } from '../../api-types/units.js';
import type { Clock } from '../../runtime/clock.js';
import type { Log } from '../../runtime/log.js';
import { ROOT } from '../keys.js';
import type { Listing, RevisionEvents, Store } from '../store.js';

const RELIST_EVERY = minutes(5);
/** A watch that lived this long counts as a success. */
const LONG_ENOUGH = seconds(10);
const FIRST_DELAY = millis(200);
const LONGEST_DELAY = seconds(10);

export interface FeedArguments {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly onListing: (listing: Listing) => void;
  readonly onEvents: (events: RevisionEvents) => void;
}

export interface Feed {
  /** Ends the watch and lists anew. */
  relist(): void;
  close(): Promise<void>;
}

type End = 'relist' | 'broken' | 'closed';

const delayAfter = (failures: number): Millis =>
  millis(Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** Math.min(failures - 1, 20)));

/** Starts listing and watching; goes on until closed. */
export const startFeed = ({ store, clock, log, onListing, onEvents }: FeedArguments): Feed => {
  const closing = new AbortController();
  let endWatch: (end: End) => void = () => undefined;
  let failures = 0;

  const watchFrom = (after: number): Promise<End> =>
    new Promise((resolve) => {
      const startedAt = clock.monotonic();
      const finish = (end: End): void => {
        timer.cancel();
        watching.unsubscribe();
        failures = end === 'broken' && clock.monotonic() - startedAt < LONG_ENOUGH ? failures + 1 : 0;
        resolve(end);
      };
      endWatch = finish;
      const timer = clock.after(RELIST_EVERY, () => {
        finish('relist');
      });
      const broken = (cause: unknown): void => {
        log.warn('the watch broke; listing again', { cause });
        // later: a source that errors while it is subscribed to has given no subscription yet
        queueMicrotask(() => {
          finish('broken');
        });
      };
      const watching = store.watch(ROOT, after).subscribe({
        next: onEvents,
        error: broken,
        complete: () => {
          broken('the watch ended');
        },
      });
    });

  const round = async (): Promise<void> => {
    const listing = await store.list(ROOT)();
    if (closing.signal.aborted) return;
    if (E.isLeft(listing)) {
      failures += 1;
      log.warn('could not list the store; trying again', { cause: listing.left, failures });
    } else {
      onListing(listing.right);
      await watchFrom(listing.right.revision);
    }
    if (failures > 0) await clock.sleep(delayAfter(failures), closing.signal);
  };

  const run = async (): Promise<void> => {
    while (!closing.signal.aborted) await round();
  };

  const running = run();
  return {
    relist: () => {
      endWatch('relist');
    },
    close: async () => {
      closing.abort();
      endWatch('closed');
      await running;
    },
  };
};
