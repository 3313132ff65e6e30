/**
 * Objects: the two-key model over a Store. One cache fed by one watcher on `/scalarium/`; server and controllers
 * read from it and write through it. The rules (incarnation, deletion, freezing, owners of fields) are in
 * docs/architecture.md.
 */
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { Observable } from 'rxjs';
import type { KindName, SpecOf, StatusOf } from '../../api-types/kinds.js';
import type { ManagedFieldsEntry, OwnersKnown } from '../../api-types/managed-fields.js';
import type { Labels, Owner } from '../../api-types/metadata.js';
import type { Problem } from '../../api-types/problems.js';
import type { Failure } from '../../runtime/failure.js';
import type { Compare, Operation } from '../store.js';

/** Which object: `cluster` is the namespace, null for cluster-wide kinds. */
export interface Ref<K extends KindName = KindName> {
  readonly kind: K;
  readonly cluster: string | null;
  readonly name: string;
}

/** An object as it is in force: the last valid spec with its defaults, and what controllers know of it. */
export interface Live<K extends KindName = KindName> {
  readonly ref: Ref<K>;
  /** UUIDv5 of installation, key and the spec key's create revision. */
  readonly uid: string;
  /** The spec key's create revision (for record-only kinds the record key's). */
  readonly incarnation: number;
  /** The spec key's version within its incarnation. While frozen: of the newest edit, which is not in force. */
  readonly generation: number;
  /** The generation of the spec in force; less than `generation` while frozen. */
  readonly specGeneration: number;
  /** The greatest revision at which either key was put or deleted. */
  readonly resourceVersion: number;
  readonly createdAt: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly owner: Owner | null;
  readonly spec: SpecOf<K>;
  readonly status: StatusOf<K>;
  /** Set once the spec key is gone and the record is stamped. */
  readonly deletion: { readonly at: string; readonly revision: number } | null;
  /** A new incarnation's spec is there already and waits for this one's end. */
  readonly succeeded: boolean;
  /**
   * The newest edit does not decode: nothing may be launched, stopped or removed for this object. Look here first: one
   * that never was valid is served with an empty `spec` and `specGeneration` 0. A deletion ends it (deletion is valid).
   */
  readonly frozen: { readonly revision: number; readonly problems: readonly Problem[] } | null;
  /** Modification revisions of the two keys; 0 where a key is absent. Writes compare them. */
  readonly specRevision: number;
  readonly recordRevision: number;
  /** Who owns which field: what the record notes, and the documents to bring it up to date with. None for record-only kinds. */
  readonly owners?: OwnersKnown;
}

/** An object that nothing is stored of: what is only imagined begins with it. */
export const unstoredObject = (ref: Ref): Live => ({
  ref,
  uid: '00000000-0000-0000-0000-000000000000',
  incarnation: 0,
  generation: 0,
  specGeneration: 1,
  resourceVersion: 0,
  createdAt: '',
  labels: {},
  annotations: {},
  owner: null,
  spec: {},
  status: {},
  deletion: null,
  succeeded: false,
  frozen: null,
  specRevision: 0,
  recordRevision: 0,
});

export interface Change {
  readonly ref: Ref;
  readonly revision: number;
  readonly before: Live | null;
  readonly after: Live | null;
}

/** What is written to a spec key. */
export interface SpecDocument {
  readonly labels?: Labels;
  readonly annotations?: Labels;
  readonly owner?: Owner;
  readonly spec: unknown;
}

/** Proof that this process owns a cluster: compared in every write of a controller. */
export interface Fence {
  readonly compare: Compare;
  /** Milliseconds of lease left, on the monotonic clock; not above zero: act no more. */
  left(): number;
}

/** One object's part in a write; all parts of one call are one transaction while they fit (100 operations). */
export type Write =
  /**
   * RFC 7386 merge patch on the record's status; creates the record where there is none (record-only kinds).
   * With `unchangedSince` (a recordRevision, 0: there is none) it conflicts when somebody wrote since; without, it is
   * merged onto whatever is there and retried. A patch that changes nothing is not written. For a spec kind it
   * conflicts when the object's incarnation is not the one in the cache.
   */
  | {
      readonly write: 'status';
      readonly ref: Ref;
      readonly patch: Readonly<Record<string, unknown>>;
      readonly unchangedSince?: number;
    }
  /** Creates the spec key; fails with Conflict when it (or a record that is being deleted) is there. */
  | { readonly write: 'create'; readonly ref: Ref; readonly document: SpecDocument }
  /**
   * Replaces the spec key when its revision is still `unchangedSince`. `owners` go to the record in the same
   * transaction; where the record is another incarnation's they are dropped (and belong to `etcdctl` then).
   */
  | {
      readonly write: 'replace';
      readonly ref: Ref;
      readonly document: SpecDocument;
      readonly unchangedSince: number;
      readonly owners?: readonly ManagedFieldsEntry[];
    }
  /** Notes who owns the fields of the spec document that is there, when the spec key's revision is still `unchangedSince`. */
  | {
      readonly write: 'owners';
      readonly ref: Ref;
      readonly owners: readonly ManagedFieldsEntry[];
      readonly unchangedSince: number;
    }
  /** Deletes the spec key: begins the deletion. */
  | { readonly write: 'delete'; readonly ref: Ref; readonly unchangedSince: number }
  /** Deletes the record: the end of a deletion, or of a record-only object. */
  | { readonly write: 'forget'; readonly ref: Ref; readonly unchangedSince: number }
  /** A key of our own beside objects (snapshots, result chunks). */
  | { readonly write: 'raw'; readonly compare: readonly Compare[]; readonly operation: Operation };

export interface Objects {
  readonly installation: string;
  /** The revision the cache has reached. */
  revision(): number;
  get<K extends KindName>(ref: Ref<K>): Live<K> | null;
  /** Sorted by name; `cluster` undefined: of all clusters. Copies nothing: treat as read-only. */
  list<K extends KindName>(kind: K, cluster?: string): readonly Live<K>[];
  /** Changes from now on, after the cache has taken them in; all of one revision in one piece. Never errors. */
  readonly changes$: Observable<readonly Change[]>;
  /** Resolves when the cache has reached `revision`: read your own writes. */
  caughtUp(revision: number, signal?: AbortSignal): Promise<void>;
  /**
   * Writes; Right(revision of the last transaction). Parts are cut into transactions of at most 100 operations, in
   * order; on Conflict none of the transaction that failed, and none after it, was written.
   * `fence` null: a write that is not a controller's (server, gateway).
   * Reasons of a Conflict: `AlreadyExists`, `Terminating` (create), `NotFound`, `NotDeleted` (forget), `NotOwner` (the
   * fence), else `Conflict`. Stalled: `TooLarge`, `RecordUnreadable`. A status its kind's codec refuses throws.
   */
  write(fence: Fence | null, writes: readonly Write[]): TaskEither<Failure, number>;
}
