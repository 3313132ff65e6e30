/** The store for one machine: LMDB in a directory, with etcd's semantics. */
import { statSync } from 'node:fs';
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { Chance } from '../../runtime/chance.js';
import type { Clock } from '../../runtime/clock.js';
import { lockDirectory, type DirectoryLock } from '../../runtime/directory-lock.js';
import { stalled, transient, type Failure } from '../../runtime/failure.js';
import type { Log } from '../../runtime/log.js';
import { checkKey, checkTransaction, requirePrefix } from '../limits.js';
import type { Store, Transaction, TransactionResult } from '../store.js';
import { applyTransaction } from './apply.js';
import { Committer, type Outcome } from './committer.js';
import { Leases } from './leases.js';
import { flushDirectory, storeFile, usableDirectory } from './place.js';
import { Tables } from './tables.js';
import { Watchers } from './watchers.js';

export interface EmbeddedStoreOptions {
  /** Made when it is missing. */
  readonly directory: string;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
}

/** Revisions removed in one commit by a compaction. */
const PRUNE = 500;

interface Parts {
  readonly directory: string;
  readonly lock: DirectoryLock;
  readonly tables: Tables;
  readonly committer: Committer;
  readonly watchers: Watchers;
  readonly leases: Leases;
}

const read =
  <A>(look: () => A): TaskEither<Failure, A> =>
  () => {
    try {
      return Promise.resolve(E.right(look()));
    } catch (error) {
      return Promise.resolve(E.left(transient('StoreUnavailable', String(error), { cause: error })));
    }
  };

const sizeOf = ({ then }: Transaction): number =>
  then.reduce((sum, operation) => sum + (operation.op === 'put' ? operation.value.length : 64), 0);

type TxnAnswer = E.Either<Failure, TransactionResult>;

const txn =
  ({ tables, committer }: Parts) =>
  (transaction: Transaction): TaskEither<Failure, TransactionResult> =>
  async () => {
    const refused = checkTransaction(transaction);
    if (refused !== null) return E.left(refused);
    const work = (revision: number): Outcome<TxnAnswer> => {
      const applied = applyTransaction(tables, revision, transaction);
      if (E.isLeft(applied)) return { events: null, answer: () => applied };
      const events = applied.right;
      return { events, answer: (at) => E.right({ succeeded: events !== null, revision: at }) };
    };
    const answered = await committer.submit(sizeOf(transaction), work);
    return E.isLeft(answered) ? answered : answered.right;
  };

const nothing = (): { events: null; answer: () => undefined } => ({
  events: null,
  answer: () => undefined,
});

/** Removes what a compaction has declared gone, a slice at a time so that writers get between. */
const prune = async ({ tables, committer }: Parts): Promise<E.Either<Failure, void>> => {
  for (;;) {
    const more = await committer.submit(0, () => {
      const left = tables.prune(tables.counter('compacted'), PRUNE);
      return { events: null, answer: () => left };
    });
    if (E.isLeft(more)) return more;
    if (!more.right) return E.right(undefined);
  }
};

const compact =
  (parts: Parts) =>
  (revision: number): TaskEither<Failure, void> =>
  async () => {
    const { tables, committer } = parts;
    const current = tables.counter('revision');
    if (revision > current) {
      const message = `cannot compact to revision ${String(revision)}: the store is at ${String(current)}`;
      return E.left(stalled('FutureRevision', message));
    }
    const declared = await committer.submit(0, () => {
      if (revision > tables.counter('compacted')) tables.setCounter('compacted', revision);
      return nothing();
    });
    return E.isLeft(declared) ? declared : prune(parts);
  };

const close = async ({ lock, tables, committer, watchers, leases }: Parts): Promise<void> => {
  leases.close();
  await committer.close();
  watchers.close();
  await tables.close();
  await lock.release();
};

const storeOf = (parts: Parts): Store => {
  const { directory, tables, watchers, leases } = parts;
  let closing: Promise<void> | null = null;
  return {
    description: `embedded store in ${directory}`,
    get: (key) => read(() => (checkKey(key) === null ? tables.get(key) : null)),
    list: (prefix) => {
      requirePrefix(prefix);
      return read(() => ({ revision: tables.counter('revision'), items: tables.list(prefix) }));
    },
    txn: txn(parts),
    watch: (prefix, after) => watchers.watch(prefix, after),
    grantLease: (ttl) => () => leases.grant(ttl),
    renewLease: (id) => read(() => leases.renew(id)),
    revokeLease: (id) => () => leases.revoke(id),
    compact: compact(parts),
    status: () =>
      read(() => ({
        revision: tables.counter('revision'),
        compactedRevision: tables.counter('compacted'),
        sizeBytes: statSync(tables.file).size,
      })),
    close: () => (closing ??= close(parts)),
  };
};

/** Opens the store in a directory; rejects with an Error for a person when it is locked or cannot be written. */
export const openEmbeddedStore = async (options: EmbeddedStoreOptions): Promise<Store> => {
  const directory = usableDirectory(options.directory);
  const lock = await lockDirectory(directory, { purpose: 'store', clock: options.clock });
  try {
    const tables = new Tables(storeFile(directory));
    await tables.prepare();
    flushDirectory(directory);
    const watchers = new Watchers(tables);
    const committer = new Committer(tables, options.log, (revisions) => {
      watchers.publish(revisions);
    });
    const leases = new Leases({ ...options, tables, committer });
    const parts = { directory, lock, tables, committer, watchers, leases };
    void prune(parts);
    return storeOf(parts);
  } catch (error) {
    await lock.release();
    throw error;
  }
};
