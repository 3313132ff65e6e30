/** Results on their way from agents to the store: chunks of one event, each key written once. */
import * as E from 'fp-ts/lib/Either.js';
import type { EventResult, ResultChunk } from '../../api-types/kinds/lifecycle-event.js';
import { millis, seconds } from '../../api-types/units.js';
import type { Clock } from '../../runtime/clock.js';
import type { Log } from '../../runtime/log.js';
import { resultsKey } from '../../store/keys.js';
import { MAX_TXN_OPERATIONS, type Operation, type Store } from '../../store/store.js';
import type { Counters } from './counters.js';
import { gather, type Gatherer } from './gather.js';

const GATHER = millis(50);
const TRY_AGAIN = seconds(1);
const MAX_HOSTS = 500;
/** Well below what a value may have, since failures come with their last output. */
const MAX_CHUNK_BYTES = 512 * 1024;

export interface Delivered {
  readonly cluster: string;
  readonly result: EventResult;
  /** Told once the result is in the store. */
  readonly recorded: () => void;
}

export interface ResultsDependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly counters: Counters;
  /** A name nobody else gives a chunk. */
  readonly chunkName: () => string;
  readonly stopped: AbortSignal;
}

interface Chunk {
  readonly operation: Operation;
  readonly delivered: readonly Delivered[];
}

const grouped = (delivered: readonly Delivered[]): readonly (readonly Delivered[])[] => {
  const groups = new Map<string, Delivered[]>();
  for (const one of delivered) {
    const key = `${one.cluster}/${one.result.event}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return [...groups.values()];
};

/** Cuts one event's results into pieces that fit a key. */
export const pieces = (results: readonly Delivered[]): readonly (readonly Delivered[])[] => {
  const cut: Delivered[][] = [];
  let size = 0;
  for (const one of results) {
    const bytes = Buffer.byteLength(JSON.stringify(one.result));
    const last = cut.at(-1);
    if (last === undefined || last.length >= MAX_HOSTS || size + bytes > MAX_CHUNK_BYTES) {
      cut.push([one]);
      size = bytes;
    } else {
      last.push(one);
      size += bytes;
    }
  }
  return cut;
};

const chunkOf = (delivered: readonly Delivered[], name: string): Chunk | null => {
  const [first] = delivered;
  if (first === undefined) return null;
  const { event } = first.result;
  const value: ResultChunk = { event, results: delivered.map(({ result }) => result) };
  const key = resultsKey(first.cluster, event, name);
  return { operation: { op: 'put', key, value: JSON.stringify(value) }, delivered };
};

const present = (chunk: Chunk | null): readonly Chunk[] => (chunk === null ? [] : [chunk]);

/** Writes until it is written: putting the same value at the same key twice does no harm. */
const write = async (chunks: readonly Chunk[], with_: ResultsDependencies): Promise<void> => {
  const then = chunks.map(({ operation }) => operation);
  while (!with_.stopped.aborted) {
    const written = await with_.store.txn({ compare: [], then })();
    if (E.isRight(written)) {
      with_.counters.resultChunks += chunks.length;
      const all = chunks.flatMap(({ delivered }) => delivered);
      with_.counters.resultsRecorded += all.length;
      for (const { recorded } of all) recorded();
      return;
    }
    with_.log.warn('results cannot be written yet', { failure: written.left, chunks: chunks.length });
    await with_.clock.sleep(TRY_AGAIN, with_.stopped);
  }
};

/** What is not recorded when the gateway goes is told again by the agents, to another one. */
export const openResults = (with_: ResultsDependencies): Gatherer<Delivered> =>
  gather({ clock: with_.clock, delay: GATHER }, async (delivered) => {
    const chunks = grouped(delivered)
      .flatMap(pieces)
      .flatMap((piece) => present(chunkOf(piece, with_.chunkName())));
    for (let start = 0; start < chunks.length; start += MAX_TXN_OPERATIONS)
      await write(chunks.slice(start, start + MAX_TXN_OPERATIONS), with_);
  });
