/** A control plane's share of a store, for tests: Objects, the owner lease and the keeper, on any Store. */
import { seconds, type Millis } from '../../api-types/units.js';
import { seededChance, systemChance } from '../../runtime/chance.js';
import { systemClock, type Clock } from '../../runtime/clock.js';
import { orThrow } from '../../runtime/failure.js';
import { silentLog } from '../../runtime/log.js';
import { openSealer } from '../../runtime/sealing.js';
import { specKey } from '../../store/keys.js';
import { startKeeper } from '../../store/objects/keeper.js';
import type { Fence, Live, Ref } from '../../store/objects/objects.js';
import { openObjects, type OpenedObjects } from '../../store/objects/open.js';
import { openOwnership, type OpenedOwnership } from '../../store/ownership-open.js';
import { GLOBAL } from '../../store/ownership.js';
import type { Store } from '../../store/store.js';
import { PATIENCE_MS } from '../build/patience.js';

/** Seals what the keepers of these planes find in plain. */
export const WORLD_SEALER = openSealer(Buffer.alloc(32, 9), systemChance);

const INSTALLATION = '3f0a3c5e-6f0b-4a53-9d2c-0a4f3c1d2b1e';

export interface Plane {
  readonly objects: OpenedObjects;
  readonly ownership: OpenedOwnership;
  /** Ends in order, as on SIGTERM. */
  stop(): Promise<void>;
}

export interface PlaneOptions {
  readonly identity?: string;
  readonly clock?: Clock;
  readonly ttl?: Millis;
}

/** Waits for a condition; fails with what it waited for. */
export const eventually = async <A>(what: string, read: () => A | null | false | undefined): Promise<A> => {
  const until = systemClock.monotonic() + PATIENCE_MS;
  for (;;) {
    const value = read();
    if (value !== null && value !== false && value !== undefined) return value;
    if (systemClock.monotonic() > until) throw new Error(`never happened: ${what}`);
    await systemClock.sleep(5 as Millis);
  }
};

export const startPlane = async (store: Store, options: PlaneOptions = {}): Promise<Plane> => {
  const { identity = 'one', clock = systemClock, ttl = seconds(3) } = options;
  const log = silentLog;
  const chance = seededChance(7);
  const objects = await openObjects({ store, installation: INSTALLATION, clock, log });
  const ownership = openOwnership({ store, objects, clock, chance, log, identity, ttl });
  const loop = startKeeper({ objects, store, ownership, sealer: WORLD_SEALER, clock, log, chance });
  ownership.start();
  return {
    objects,
    ownership,
    stop: async () => {
      await loop.drain();
      await ownership.close();
      await objects.close();
    },
  };
};

/** The fence of what is cluster-wide, once this plane owns it. */
export const globalFence = (plane: Plane): Promise<Fence> =>
  eventually('owns what is cluster-wide', () => plane.ownership.of(GLOBAL));

/** `etcdctl put` on a spec key. */
export const put = async (store: Store, ref: Ref, value: unknown): Promise<number> => {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const result = await orThrow(
    store.txn({ compare: [], then: [{ op: 'put', key: specKey(ref), value: text }] }),
  );
  return result.revision;
};

/** `etcdctl del` of a spec key. */
export const del = async (store: Store, ref: Ref): Promise<number> => {
  const result = await orThrow(store.txn({ compare: [], then: [{ op: 'delete', key: specKey(ref) }] }));
  return result.revision;
};

/** The object once the keeper has judged its newest edit, which is at `revision` or later. */
export const kept = (plane: Plane, ref: Ref<'Role'>, revision = 1): Promise<Live<'Role'>> =>
  eventually(`${ref.name} is kept`, () => {
    const live = plane.objects.get(ref);
    if (live === null || live.specRevision < revision) return null;
    return live.status.conditions?.['Valid']?.observedGeneration === live.generation ? live : null;
  });

/** The object once its deletion is stamped. */
export const deleting = (plane: Plane, ref: Ref<'Role'>): Promise<Live<'Role'>> =>
  eventually(`${ref.name} is stamped as deleted`, () => {
    const live = plane.objects.get(ref);
    return live === null || live.deletion === null ? null : live;
  });

export const roleRef = (name: string, cluster = 'shop'): Ref<'Role'> => ({ kind: 'Role', cluster, name });
export const role = (replicas: unknown, more: object = {}): unknown => ({
  spec: { type: 'custom', replicas },
  ...more,
});

/** A clock whose timers do not run while it is stopped, though time goes on: SIGSTOP. */
export const pausable = () => {
  let stopped = false;
  const late: (() => void)[] = [];
  const after: Clock['after'] = (delay, fn) =>
    systemClock.after(delay, () => {
      if (stopped) late.push(fn);
      else fn();
    });
  const sleep: Clock['sleep'] = (delay, signal) =>
    new Promise((resolve) => {
      const done = (): void => {
        timer.cancel();
        resolve();
      };
      const timer = after(delay, done);
      if (signal?.aborted === true) done();
      else signal?.addEventListener('abort', done, { once: true });
    });
  return {
    clock: { ...systemClock, after, sleep },
    stop: (): void => {
      stopped = true;
    },
    go: (): void => {
      stopped = false;
      for (const fn of late.splice(0)) fn();
    },
  };
};

/** A store and what runs on it, for one test. */
export interface Bench {
  store: Store;
  planes: Plane[];
}

/** Starts a plane that ends with its test. */
export const start = async (bench: Bench, options?: PlaneOptions): Promise<Plane> => {
  const plane = await startPlane(bench.store, options);
  bench.planes.push(plane);
  return plane;
};
