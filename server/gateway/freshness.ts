/** Is what the cache does not show really not there? Asked before anything that cannot be taken back. */
import * as E from 'fp-ts/lib/Either.js';
import { seconds } from '../../api-types/units.js';
import type { Clock } from '../../runtime/clock.js';
import type { Objects } from '../../store/objects/objects.js';
import type { Store } from '../../store/store.js';

/** Resolves with true once the cache is as new as the store was when this was called; false: that cannot be said. */
export type CatchUp = () => Promise<boolean>;

const PATIENCE = seconds(5);

/** Asks that come while one is on its way to the store share the next one. */
export const catchUpOf = (store: Store, objects: Objects, clock: Clock): CatchUp => {
  let running: Promise<boolean> | null = null;
  let next: Promise<boolean> | null = null;
  const ask = async (): Promise<boolean> => {
    const status = await store.status()();
    if (E.isLeft(status)) return false;
    const { revision } = status.right;
    const waited = new AbortController();
    const arrived = objects.caughtUp(revision).then(() => {
      waited.abort();
    });
    await Promise.race([arrived, clock.sleep(PATIENCE, waited.signal)]);
    return objects.revision() >= revision;
  };
  const start = (): Promise<boolean> => {
    running = ask().finally(() => {
      running = null;
    });
    return running;
  };
  return () => {
    if (running === null) return start();
    next ??= running.then(() => {
      next = null;
      return start();
    });
    return next;
  };
};
