/** The store beside objects, in memory, as far as controllers use it. */
import * as TE from 'fp-ts/lib/TaskEither.js';
import type { Subject } from 'rxjs';
import type { Failure } from '../../runtime/failure.js';
import type { KeyValue, RevisionEvents, Store } from '../../store/store.js';

export const keyValue = (key: string, value: string): KeyValue => ({
  key,
  value,
  createRevision: 1,
  modRevision: 1,
  version: 1,
  lease: null,
});

export const unused = (): never => {
  throw new Error('not part of this double');
};

export interface StoreDouble {
  /** What is listed, by key. */
  readonly results: ReadonlyMap<string, string>;
  readonly events: Subject<RevisionEvents>;
  /** What is at one key; nobody asks unless told. */
  readonly raw?: (key: string) => string | null;
}

export const storeOver = ({ results, events, raw = unused }: StoreDouble): Store => ({
  description: 'memory',
  get: (key) => {
    const value = raw(key);
    return TE.right(value === null ? null : keyValue(key, value));
  },
  list: (prefix) => {
    const items = [...results]
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => keyValue(key, value));
    return TE.right<Failure, { revision: number; items: readonly KeyValue[] }>({ revision: 1, items });
  },
  watch: () => events.asObservable(),
  status: () => TE.right({ revision: 1, compactedRevision: 0, sizeBytes: 0 }),
  txn: unused,
  grantLease: unused,
  renewLease: unused,
  revokeLease: unused,
  compact: unused,
  close: () => Promise.resolve(),
});
