/** The store and the shelf of a control plane in memory, as far as deployments use them. */
import * as TE from 'fp-ts/lib/TaskEither.js';
import type { Subject } from 'rxjs';
import type { Failure } from '../../../../runtime/failure.js';
import type { Shelf } from '../../../../runtime/shelf.js';
import type { KeyValue, RevisionEvents, Store } from '../../../../store/store.js';

export const keyValue = (key: string, value: string): KeyValue => ({
  key,
  value,
  createRevision: 1,
  modRevision: 1,
  version: 1,
  lease: null,
});

const unused = (): never => {
  throw new Error('not part of this double');
};

/** Keys beside objects, of which only results are read. */
export const storeOver = (results: ReadonlyMap<string, string>, events: Subject<RevisionEvents>): Store => ({
  description: 'memory',
  get: unused,
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

/** A shelf that has what was put on it. */
export const shelfOf = (packs: Set<string>, lacking: Subject<string>): Shelf => ({
  has: (digest) => Promise.resolve(packs.has(digest)),
  get: unused,
  put: unused,
  link: () => Promise.resolve(null),
  work: unused,
  folder: '/nowhere',
  sweep: () => Promise.resolve([]),
  lack: (about) => {
    lacking.next(about);
  },
  lacking$: lacking.asObservable(),
});
