/** How many small transactions a second a store takes, and how long one waits, at several concurrencies. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { systemChance } from '../runtime/chance.js';
import { systemClock } from '../runtime/clock.js';
import { silentLog } from '../runtime/log.js';
import { openEmbeddedStore } from '../store/embedded/embedded.js';
import { openEtcdStore } from '../store/etcd/etcd.js';
import type { Store } from '../store/store.js';
import { startEtcd } from '../test/integration/etcd-server.js';

export interface StoreFigure {
  readonly concurrent: number;
  readonly perSecond: number;
  readonly p99Millis: number;
}

const CONCURRENT = [1, 10, 100, 1000];
const SECONDS_EACH = 3;
const VALUE = 'x'.repeat(1024);
const KEYS = 5000;

const writer = async (store: Store, from: number, until: number, took: number[]): Promise<void> => {
  for (let turn = from; performance.now() < until; turn += 1) {
    const key = `/scalarium/bench/${String(turn % KEYS)}`;
    const began = performance.now();
    const result = await store.txn({
      compare: [{ key: '/scalarium/bench-owner', target: 'create', equals: 0 }],
      then: [{ op: 'put', key, value: VALUE }],
    })();
    if (E.isLeft(result)) throw new Error(`${result.left.reason}: ${result.left.message}`);
    took.push(performance.now() - began);
  }
};

const figureAt = async (store: Store, concurrent: number): Promise<StoreFigure> => {
  const took: number[] = [];
  const until = performance.now() + SECONDS_EACH * 1000;
  await Promise.all(
    Array.from({ length: concurrent }, (_item, index) => writer(store, index * 7919, until, took)),
  );
  took.sort((a, b) => a - b);
  return {
    concurrent,
    perSecond: took.length / SECONDS_EACH,
    p99Millis: took[Math.floor(took.length * 0.99)] ?? Number.NaN,
  };
};

const figuresOf = async (store: Store): Promise<readonly StoreFigure[]> => {
  const figures: StoreFigure[] = [];
  for (const concurrent of CONCURRENT) figures.push(await figureAt(store, concurrent));
  await store.close();
  return figures;
};

const around = { clock: systemClock, chance: systemChance, log: silentLog };

export const embeddedFigures = async (): Promise<readonly StoreFigure[]> => {
  const directory = mkdtempSync(join(tmpdir(), 'scalarium-bench-store-'));
  const figures = await figuresOf(await openEmbeddedStore({ directory, ...around }));
  rmSync(directory, { recursive: true, force: true });
  return figures;
};

/** Against a real etcd of one member; rejects with how to install it when there is none. */
export const etcdFigures = async (): Promise<readonly StoreFigure[]> => {
  const etcd = await startEtcd();
  try {
    return await figuresOf(await openEtcdStore({ endpoints: [etcd.endpoint], ...around }));
  } finally {
    await etcd.stop();
  }
};
