/** Snapshots as they are sent: read once, compressed once, whatever the number of hosts that ask. */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import * as E from 'fp-ts/lib/Either.js';
import { isDigest } from '../../api-types/snapshot-digest.js';
import { snapshotKey } from '../../store/keys.js';
import type { Store } from '../../store/store.js';

const compress = promisify(gzip);
const KEPT = 8;

/** Null: there is none; rejects when the store cannot say. */
export type ReadSnapshot = (cluster: string, digest: string) => Promise<Buffer | null>;

/** Gives snapshots as gzipped JSON. */
export const openSnapshots = (store: Store): ReadSnapshot => {
  const kept = new Map<string, Promise<Buffer | null>>();
  const read = async (key: string): Promise<Buffer | null> => {
    const found = await store.get(key)();
    if (E.isLeft(found)) throw new Error(found.left.message);
    return found.right === null ? null : compress(found.right.value);
  };
  const remember = (key: string): Promise<Buffer | null> => {
    const asked = read(key);
    kept.set(key, asked);
    const forget = (): boolean => kept.delete(key);
    // only what is there is worth remembering: it never changes, absence may
    asked.then((found) => found === null && forget(), forget);
    const [oldest] = kept.keys();
    if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest);
    return asked;
  };
  return (cluster, digest) => {
    if (!isDigest(digest)) return Promise.resolve(null);
    const key = snapshotKey(cluster, digest);
    return kept.get(key) ?? remember(key);
  };
};
