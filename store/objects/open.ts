/** Opens Objects over a Store: the cache, its feed, and writes. */
import { Subject } from 'rxjs';
import { seconds } from '../../api-types/units.js';
import type { KindName } from '../../api-types/kinds.js';
import { timestamp, type Clock } from '../../runtime/clock.js';
import type { Log } from '../../runtime/log.js';
import type { Store } from '../store.js';
import { objectCache } from './cache.js';
import { startFeed } from './feed.js';
import type { Sides } from './join.js';
import type { Change, Live, Objects, Ref } from './objects.js';
import { writer } from './writer.js';

export interface OpenObjectsArguments {
  readonly store: Store;
  /** The installation's id, a UUID. */
  readonly installation: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Objects, with both keys of each for the keeper of records, until closed. */
export interface OpenedObjects extends Objects {
  sides(ref: Ref): Sides | null;
  refs(): readonly Ref[];
  close(): Promise<void>;
}

/** A revision of a write that left no event (a delete of nothing) is never seen: then a new list settles it. */
const PATIENCE = seconds(2);

interface Waiter {
  readonly revision: number;
  readonly resolve: () => void;
}

/** Resolves once the cache has everything that was in the store; a store that cannot be reached is tried again. */
export const openObjects = async (args: OpenObjectsArguments): Promise<OpenedObjects> => {
  const { store, installation, clock } = args;
  const log = args.log.with({ component: 'objects' });
  const now = (): string => timestamp(clock.now());
  const cache = objectCache(installation, now);
  const changes = new Subject<readonly Change[]>();
  const waiters = new Set<Waiter>();
  let loaded: () => void = () => undefined;
  const firstListing = new Promise<void>((resolve) => {
    loaded = resolve;
  });

  const took = (changed: readonly Change[]): void => {
    if (changed.length > 0) changes.next(changed);
    for (const waiter of [...waiters]) if (waiter.revision <= cache.revision()) waiter.resolve();
  };

  const feed = startFeed({
    store,
    clock,
    log,
    onListing: (listing) => {
      took(cache.replace(listing));
      loaded();
    },
    onEvents: (events) => {
      took(cache.apply(events));
    },
  });

  const caughtUp = (revision: number): Promise<void> => {
    if (revision <= cache.revision()) return Promise.resolve();
    return new Promise((resolve) => {
      const late = clock.after(PATIENCE, () => {
        feed.relist();
      });
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
  };

  await firstListing;
  return {
    installation,
    revision: cache.revision,
    get: <K extends KindName>(ref: Ref<K>) => cache.get(ref) as Live<K> | null,
    list: <K extends KindName>(kind: K, cluster?: string) =>
      cache.list(kind, cluster) as unknown as readonly Live<K>[],
    sides: cache.sides,
    refs: cache.refs,
    changes$: changes.asObservable(),
    caughtUp,
    write: writer({
      store,
      sides: cache.sides,
      incarnation: (ref) => cache.get(ref)?.incarnation ?? null,
      revision: cache.revision,
      now,
    }),
    close: async () => {
      await feed.close();
      changes.complete();
      for (const waiter of [...waiters]) waiter.resolve();
    },
  };
};
