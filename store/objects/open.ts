/** Opens Objects over a Store: the cache, its feed, and writes. */
import { Subject } from 'rxjs';
import type { KindName } from '../../api-types/kinds.js';
import { timestamp, type Clock } from '../../runtime/clock.js';
import type { Log } from '../../runtime/log.js';
import type { Store } from '../store.js';
import { objectCache } from './cache.js';
import { catchUp } from './catch-up.js';
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

/** Resolves once the cache has everything that was in the store; a store that cannot be reached is tried again. */
export const openObjects = async (args: OpenObjectsArguments): Promise<OpenedObjects> => {
  const { store, installation, clock } = args;
  const log = args.log.with({ component: 'objects' });
  const now = (): string => timestamp(clock.now());
  const cache = objectCache(installation, now);
  const changes = new Subject<readonly Change[]>();
  let loaded: () => void = () => undefined;
  const firstListing = new Promise<void>((resolve) => {
    loaded = resolve;
  });

  const took = (changed: readonly Change[]): void => {
    if (changed.length > 0) changes.next(changed);
    waiting.reached(cache.revision());
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

  const waiting = catchUp(clock, () => {
    feed.relist();
  });

  await firstListing;
  return {
    installation,
    revision: () => cache.revision(),
    get: <K extends KindName>(ref: Ref<K>) => cache.get(ref) as Live<K> | null,
    list: <K extends KindName>(kind: K, cluster?: string) =>
      cache.list(kind, cluster) as unknown as readonly Live<K>[],
    sides: (ref) => cache.sides(ref),
    refs: () => cache.refs(),
    changes$: changes.asObservable(),
    caughtUp: (revision, signal) => waiting.until(revision, cache.revision(), signal),
    write: writer({
      store,
      sides: (ref) => cache.sides(ref),
      incarnation: (ref) => cache.get(ref)?.incarnation ?? null,
      revision: () => cache.revision(),
      now,
      clock,
    }),
    close: async () => {
      await feed.close();
      changes.complete();
      waiting.reached(Infinity);
    },
  };
};
