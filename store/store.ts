/**
 * The store port: a linearizable key-value store with revisions, as etcd has them. Two implementations:
 * `etcd/` (etcd3) and `embedded/` (LMDB); both pass test/conformance/store.ts.
 *
 * Contract
 * - Every successful transaction that writes gets the next revision; all its writes share it. Revisions only grow.
 * - A key's `version` starts at 1 when it is created and counts its writes; a deleted and re-created key has a
 *   new `createRevision`.
 * - An acknowledged write is durable.
 * - Keys and values are UTF-8. A value of more than 1 MiB or a transaction of more than 100 operations
 *   is refused (`Stalled`, reason `TooLarge`) before it reaches the back end, with the key named.
 * - Failures: `Transient` (`StoreUnavailable`: unreachable, no leader, timed out; the write may or may not have
 *   happened; `LeaseEnded`: a put named a lease that has ended, nothing was written), `Stalled` (`StoreFull`: out of
 *   space, `TooLarge`, `StoreForbidden`, `FutureRevision`), `Conflict` never: a failed compare is a value.
 * - A mistake in the calling code (a prefix without its `/`, a key written twice in a transaction) throws.
 */
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { Observable } from 'rxjs';
import type { Failure } from '../runtime/failure.js';
import type { Millis } from '../api-types/units.js';

export const MAX_VALUE_BYTES = 1024 * 1024;
export const MAX_TXN_OPERATIONS = 100;

export interface KeyValue {
  readonly key: string;
  readonly value: string;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
  /** The lease the key goes with, or null. */
  readonly lease: string | null;
}

/** What must hold for a transaction's writes to happen. A missing key has createRevision, modRevision and version 0. */
export type Compare =
  | { readonly key: string; readonly target: 'create' | 'mod' | 'version'; readonly equals: number }
  | { readonly key: string; readonly target: 'value'; readonly equals: string };

export type Operation =
  | { readonly op: 'put'; readonly key: string; readonly value: string; readonly lease?: string }
  | { readonly op: 'delete'; readonly key: string }
  /** Every key that starts with `prefix`, which ends in `/`. */
  | { readonly op: 'deletePrefix'; readonly prefix: string };

export interface Transaction {
  readonly compare: readonly Compare[];
  /** Carried out, all or none, when every compare holds. A key may be written once. */
  readonly then: readonly Operation[];
}

export interface TransactionResult {
  readonly succeeded: boolean;
  /** The store's revision after the transaction; its writes' revision when it succeeded and wrote something. */
  readonly revision: number;
}

export type KeyEvent =
  | { readonly type: 'put'; readonly kv: KeyValue }
  | { readonly type: 'delete'; readonly key: string; readonly modRevision: number };

/** All events of one revision under the watched prefix, in one piece; never split. */
export interface RevisionEvents {
  readonly revision: number;
  readonly events: readonly KeyEvent[];
}

export interface Listing {
  /** The revision at which the listing was taken. */
  readonly revision: number;
  /** Sorted by key (bytewise). */
  readonly items: readonly KeyValue[];
}

export interface Lease {
  readonly id: string;
  readonly ttl: Millis;
}

export interface StoreStatus {
  readonly revision: number;
  /** Revisions at or below this one can no longer be watched from. */
  readonly compactedRevision: number;
  readonly sizeBytes: number;
}

export interface Store {
  /** `embedded` or `etcd`, and where: for people. */
  readonly description: string;
  /** The key as of now (linearizable), or null. */
  get(key: string): TaskEither<Failure, KeyValue | null>;
  /** Everything below `prefix` (ends in `/`) as of one revision, however many. */
  list(prefix: string): TaskEither<Failure, Listing>;
  txn(transaction: Transaction): TaskEither<Failure, TransactionResult>;
  /**
   * Events below `prefix` (ends in `/`) with a revision greater than `after`, in order, without gap or repeat.
   * Errors with a Failure value: reason `Compacted` when `after` was compacted away, `WatchLost` when the stream
   * broke and cannot be resumed without a gap. The caller lists again and watches from there. Completes only when
   * the store is closed.
   */
  watch(prefix: string, after: number): Observable<RevisionEvents>;
  /** A lease that ends `ttl` after the last renewal; its keys are deleted then. `ttl` is at least one second. */
  grantLease(ttl: Millis): TaskEither<Failure, Lease>;
  /** Right(false) when the lease has already ended. */
  renewLease(id: string): TaskEither<Failure, boolean>;
  /** Ends the lease and deletes its keys; one that has already ended is fine. */
  revokeLease(id: string): TaskEither<Failure, void>;
  /** Forgets history at or below `revision`. */
  compact(revision: number): TaskEither<Failure, void>;
  status(): TaskEither<Failure, StoreStatus>;
  close(): Promise<void>;
}
