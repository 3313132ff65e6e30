/** The store for production: etcd 3.4 or later. */
import type { IRangeResponse } from 'etcd3';
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import { Subject, takeUntil } from 'rxjs';
import type { Clock } from '../../runtime/clock.js';
import { stalled, transient, type Failure } from '../../runtime/failure.js';
import type { Log } from '../../runtime/log.js';
import { checkKey, checkTransaction, requirePrefix } from '../limits.js';
import type { KeyValue, Listing, Store, StoreStatus, Transaction, TransactionResult } from '../store.js';
import { EtcdClient, type EtcdAccess } from './client.js';
import { rangeOf, toBytes, toKeyValue, toTxn } from './codec.js';
import { grantLease, renewLease, revokeLease } from './leases.js';
import { compactedRevision, watchEtcd, type WatchDependencies } from './watch.js';

export interface EtcdStoreOptions extends EtcdAccess {
  readonly clock: Clock;
  readonly log: Log;
}

/** Keys asked for at once; with values of 1 MiB more would be a very large answer. */
const PAGE = 500;
const LIST_ATTEMPTS = 3;

const getKey =
  (client: EtcdClient) =>
  (key: string): TaskEither<Failure, KeyValue | null> =>
  async () => {
    if (checkKey(key) !== null) return E.right(null);
    const answer = await client.reading(() => client.kv.range({ key: toBytes(key) }));
    if (E.isLeft(answer)) return answer;
    const [kv] = answer.right.kvs;
    return E.right(kv === undefined ? null : toKeyValue(kv));
  };

type Page = Promise<E.Either<Failure, IRangeResponse>>;

const page = (client: EtcdClient, prefix: string, last: string | null, revision: number): Page => {
  const range = rangeOf(prefix);
  // the least key after the last one
  const key = last === null ? range.key : toBytes(`${last}\0`);
  return client.reading(() => client.kv.range({ ...range, key, limit: PAGE, revision }));
};

const listOnce = async (client: EtcdClient, prefix: string): Promise<E.Either<Failure, Listing>> => {
  const items: KeyValue[] = [];
  let revision = 0;
  for (;;) {
    const answer = await page(client, prefix, items.at(-1)?.key ?? null, revision);
    if (E.isLeft(answer)) return answer;
    // all pages are as of the first one's revision
    if (revision === 0) revision = Number(answer.right.header.revision);
    for (const kv of answer.right.kvs) items.push(toKeyValue(kv));
    if (!answer.right.more) return E.right({ revision, items });
  }
};

const list =
  (client: EtcdClient) =>
  (prefix: string): TaskEither<Failure, Listing> => {
    requirePrefix(prefix);
    return async () => {
      for (let left = LIST_ATTEMPTS - 1; ; left -= 1) {
        const listing = await listOnce(client, prefix);
        const outrun = E.isLeft(listing) && listing.left.reason === 'Compacted';
        if (!outrun) return listing;
        if (left === 0) {
          const message = `${prefix} was compacted away ${String(LIST_ATTEMPTS)} times while it was listed`;
          return E.left(transient('StoreUnavailable', message));
        }
      }
    };
  };

const txn =
  (client: EtcdClient) =>
  (transaction: Transaction): TaskEither<Failure, TransactionResult> =>
  async () => {
    const refused = checkTransaction(transaction);
    if (refused !== null) return E.left(refused);
    const answer = await client.writing(() => client.kv.txn(toTxn(transaction)));
    if (E.isLeft(answer)) return answer;
    return E.right({ succeeded: answer.right.succeeded, revision: Number(answer.right.header.revision) });
  };

const compact =
  (client: EtcdClient) =>
  (revision: number): TaskEither<Failure, void> =>
  async () => {
    const answer = await client.writing(() => client.kv.compact({ revision }));
    if (E.isRight(answer) || answer.left.reason === 'Compacted') return E.right(undefined);
    if (answer.left.reason !== 'WatchLost') return answer;
    return E.left(stalled('FutureRevision', `cannot compact to revision ${String(revision)}: not there yet`));
  };

/** Zero while the whole history is there. */
const compactedOf = async (to: WatchDependencies): Promise<E.Either<Failure, number>> => {
  const first = { key: Buffer.from('\0'), revision: 1, limit: 1, keys_only: true };
  const probe = await to.client.reading(() => to.client.kv.range(first));
  if (E.isRight(probe)) return E.right(0);
  if (probe.left.reason !== 'Compacted') return probe;
  return to.client.reading(() => compactedRevision(to));
};

const status =
  (to: WatchDependencies): TaskEither<Failure, StoreStatus> =>
  async () => {
    const { client } = to;
    const now = await client.reading(() => client.kv.range({ key: Buffer.from('\0'), limit: 1 }));
    if (E.isLeft(now)) return now;
    const server = await client.reading(() => client.maintenance.status());
    if (E.isLeft(server)) return server;
    const compacted = await compactedOf(to);
    if (E.isLeft(compacted)) return compacted;
    return E.right({
      revision: Number(now.right.header.revision),
      compactedRevision: compacted.right,
      sizeBytes: Number(server.right.dbSize),
    });
  };

const storeOf = (to: WatchDependencies, endpoints: readonly string[]): Store => {
  const { client, clock } = to;
  const closed$ = new Subject<void>();
  return {
    description: `etcd at ${endpoints.join(', ')}`,
    get: getKey(client),
    list: list(client),
    txn: txn(client),
    watch: (prefix, after) => watchEtcd(to, prefix, after).pipe(takeUntil(closed$)),
    grantLease: grantLease(client),
    renewLease: renewLease(client, clock),
    revokeLease: revokeLease(client),
    compact: compact(client),
    status: () => status(to),
    close: () => {
      closed$.next();
      client.close();
      return Promise.resolve();
    },
  };
};

/** Rejects with an Error for a person when no endpoint answers. */
export const openEtcdStore = async (options: EtcdStoreOptions): Promise<Store> => {
  const { endpoints, clock, log } = options;
  const client = new EtcdClient(options, clock);
  const answer = await client.reading(() => client.kv.range({ key: Buffer.from('\0'), limit: 1 }));
  if (E.isLeft(answer)) {
    client.close();
    const why = answer.left.message;
    throw new Error(
      `cannot reach etcd at ${endpoints.join(', ')} (${why}): start it, or correct --store (SCALARIUM_STORE)`,
      { cause: answer.left },
    );
  }
  const { cluster_id: clusterId, revision } = answer.right.header;
  log.info('etcd answers', { endpoints, revision });
  return storeOf({ client, clock, clusterId }, endpoints);
};
