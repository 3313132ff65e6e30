/**
 * Compaction: the owner of what is cluster-wide forgets history older than five minutes. It is no write: an idle
 * store stays idle.
 */
import * as E from 'fp-ts/lib/Either.js';
import { minutes, type Millis } from '../api-types/units.js';
import type { Clock } from '../runtime/clock.js';
import type { Log } from '../runtime/log.js';
import { GLOBAL, type Ownership } from './ownership.js';
import type { Store } from './store.js';

export interface CompactionArguments {
  readonly store: Store;
  readonly ownership: Ownership;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Compaction {
  close(): Promise<void>;
}

interface Sample {
  readonly at: Millis;
  readonly revision: number;
}

const EVERY = minutes(1);
const KEPT = minutes(5);

/** The newest sample that is old enough, and the samples still needed. Pure. */
export const oldEnough = (
  samples: readonly Sample[],
  now: Millis,
): { readonly revision: number | null; readonly rest: readonly Sample[] } => {
  const old = samples.filter(({ at }) => now - at >= KEPT);
  return { revision: old.at(-1)?.revision ?? null, rest: samples.slice(Math.max(0, old.length - 1)) };
};

/** Notes the store's revision every minute and compacts to the one of five minutes ago, while it owns `GLOBAL`. */
export const startCompaction = ({ store, ownership, clock, log }: CompactionArguments): Compaction => {
  const closing = new AbortController();
  let samples: readonly Sample[] = [];
  let compacted = 0;

  const round = async (): Promise<void> => {
    const status = await store.status()();
    if (E.isLeft(status)) return;
    samples = [...samples, { at: clock.monotonic(), revision: status.right.revision }];
    const { revision, rest } = oldEnough(samples, clock.monotonic());
    samples = rest;
    const done = Math.max(compacted, status.right.compactedRevision);
    if (revision === null || revision <= done || ownership.of(GLOBAL) === null) return;
    const result = await store.compact(revision)();
    if (E.isLeft(result)) log.warn('could not compact the store', { cause: result.left, revision });
    else compacted = revision;
  };

  const run = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      await round();
      await clock.sleep(EVERY, closing.signal);
    }
  };

  const running = run();
  return {
    close: async () => {
      closing.abort();
      await running;
    },
  };
};
