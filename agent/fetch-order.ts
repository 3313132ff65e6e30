/** Fetches the source of an application for all of its hosts, packs it, and brings the pack to the control plane. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DeployOrder } from '../api-types/deploy-order.js';
import { messageOf } from '../api-types/thrown.js';
import type { SecretSource } from '../recipes/secrets.js';
import type { Clock } from '../runtime/clock.js';
import type { PackedSource, Workplace } from '../sources/packed.js';
import { ofHost } from '../sources/words.js';
import type { Executor, ExecutorResult } from './executor.js';
import type { Upload } from './uploads.js';

export interface FetchOrderDependencies {
  /** `/`, or the folder that stands for it. */
  readonly root: string;
  readonly secrets: SecretSource;
  readonly upload: Upload;
  readonly clock: Clock;
}

interface FetchOrder {
  readonly order: DeployOrder;
  readonly instance: string;
  readonly signal: AbortSignal;
}

const STATE = 'var/lib/scalarium/sources';

/** One at a time uses it; what a crash left goes before the next. */
const withFolder = async <A>(lasting: string, run: (folder: string) => Promise<A>): Promise<A> => {
  await mkdir(lasting, { recursive: true, mode: 0o700 });
  const work = join(lasting, 'work');
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { mode: 0o700 });
  try {
    return await run(work);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
};

const failed = (failure: string): ExecutorResult => ({ changed: [], failure, stage: 'fetch' });

const packed = async (
  on: FetchOrderDependencies,
  { order, signal }: FetchOrder,
  at: Workplace,
): Promise<PackedSource> => {
  const { application, source, revision } = order;
  const about = `application ${application}`;
  if (source === undefined) throw new Error(`${about}: the order names no source`);
  const texts = source.secret === undefined ? null : await on.secrets(source.secret, signal);
  const wanted = { source, texts, pinned: null, about: `${about} (${source.type})` };
  // few hosts ever fetch a source, and every agent is to start lightly
  const { packSource } = await import('../sources/packed.js');
  return packSource(at, revision === undefined ? wanted : { ...wanted, revision });
};

/** Never rejects. What it is told twice it does twice: the second pack is the first one's twin, or of a newer revision. */
export const runFetchOrder = async (
  on: FetchOrderDependencies,
  work: FetchOrder,
): Promise<ExecutorResult> => {
  const { clock, upload } = on;
  const { instance, signal } = work;
  const lasting = join(on.root, STATE);
  const shared = { lasting, local: false, words: ofHost(instance, `/${STATE}`), clock, signal };
  try {
    return await withFolder(lasting, async (folder) => {
      const { file, digest, revision } = await packed(on, work, { ...shared, folder });
      await upload(file, digest, signal);
      return { changed: [], failure: null, pack: { revision, digest } };
    });
  } catch (error) {
    return failed(messageOf(error));
  }
};

/** Carries out what there is to fetch, and leaves everything else to the executor. */
export const withFetchOrders = (inner: Executor, on: FetchOrderDependencies): Executor => ({
  needsSnapshot: inner.needsSnapshot,
  run: (work) => {
    const { deployment: order, instance, signal } = work;
    return order?.step === 'fetch' ? runFetchOrder(on, { order, instance, signal }) : inner.run(work);
  },
});
