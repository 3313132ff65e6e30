/**
 * What is on disk, and how: one LMDB environment with five tables. `current` is what is there now, `history` every
 * revision's events until compaction, `leases` their time to live, `leased` which keys go with a lease, `meta` counters.
 */
import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import type { KeyEvent, KeyValue, RevisionEvents } from '../store.js';
import { endOfPrefix } from '../limits.js';

/** value, createRevision, modRevision, version, lease. */
type Row = [string, number, number, number, string | null];
/** key, then the row, or the revision of the deletion. */
type EventRow = [string, Row] | [string];

const FORMAT = 1;
/** How much history is read in one go. */
const SLICE_BYTES = 256 * 1024;
const NEARLY_NOTHING = 4 * 1024 * 1024;
const bytes = (text: string): Buffer => Buffer.from(text);

const kvOf = (key: string, [value, createRevision, modRevision, version, lease]: Row): KeyValue => ({
  key,
  value,
  createRevision,
  modRevision,
  version,
  lease,
});
const rowOf = (kv: KeyValue): Row => [kv.value, kv.createRevision, kv.modRevision, kv.version, kv.lease];

const eventRow = (event: KeyEvent): EventRow =>
  event.type === 'put' ? [event.kv.key, rowOf(event.kv)] : [event.key];
const eventOf = (revision: number, [key, row]: EventRow): KeyEvent =>
  row === undefined ? { type: 'delete', key, modRevision: revision } : { type: 'put', kv: kvOf(key, row) };

const openTables = (root: RootDatabase) => ({
  current: root.openDB<Row, Buffer>('current', { keyEncoding: 'binary' }),
  history: root.openDB<EventRow[], number>('history', { keyEncoding: 'ordered-binary' }),
  leases: root.openDB<number, Buffer>('leases', { keyEncoding: 'binary' }),
  leased: root.openDB<string, Buffer>('leased', { keyEncoding: 'binary' }),
  meta: root.openDB<number, Buffer>('meta', { keyEncoding: 'binary' }),
});

/** A failed commit rejects with "see commitError", a promise that rejects with what it was. */
const causeOf = async (error: unknown): Promise<unknown> => {
  const inner: unknown = error instanceof Error && 'commitError' in error ? error.commitError : null;
  if (!(inner instanceof Promise)) return error;
  return inner.then(
    () => error,
    (cause: unknown) => cause,
  );
};

const leasePrefix = (lease: string): string => `${lease}/`;

/** Reads and, within `write`, writes. All reads of one turn of the event loop see one revision. */
export class Tables {
  private readonly root: RootDatabase;
  private readonly at: ReturnType<typeof openTables>;

  constructor(readonly file: string) {
    // without overlappingSync a commit is flushed before it is visible, to us and to our readers
    // and its batching by turns makes promises that nobody hears when a commit fails, which would end the process
    this.root = open({
      path: file,
      noSubdir: true,
      overlappingSync: false,
      eventTurnBatching: false,
      maxDbs: 8,
    });
    this.at = openTables(this.root);
  }

  /** Throws when the file was written by another version of this code. */
  async prepare(): Promise<void> {
    const format = this.counter('format');
    if (format === FORMAT) return;
    if (format !== 0) throw new Error(`${this.file} has format ${String(format)}; this version reads 1`);
    await this.write(() => {
      this.setCounter('format', FORMAT);
      this.setCounter('revision', 1);
    });
  }

  counter(name: 'format' | 'revision' | 'compacted'): number {
    return this.at.meta.get(bytes(name)) ?? 0;
  }

  setCounter(name: 'format' | 'revision' | 'compacted', value: number): void {
    this.at.meta.putSync(bytes(name), value);
  }

  get(key: string): KeyValue | null {
    const row = this.at.current.get(bytes(key));
    return row === undefined ? null : kvOf(key, row);
  }

  list(prefix: string): readonly KeyValue[] {
    const range = this.at.current.getRange({ start: bytes(prefix), end: bytes(endOfPrefix(prefix)) });
    return Array.from(range, ({ key, value }) => kvOf(key.toString(), value));
  }

  keys(prefix: string): readonly string[] {
    const range = this.at.current.getKeys({ start: bytes(prefix), end: bytes(endOfPrefix(prefix)) });
    return Array.from(range, (key) => key.toString());
  }

  put(kv: KeyValue, before: KeyValue | null): void {
    this.at.current.putSync(bytes(kv.key), rowOf(kv));
    this.relink(kv.key, before?.lease ?? null, kv.lease);
  }

  remove(kv: KeyValue): void {
    this.at.current.removeSync(bytes(kv.key));
    this.relink(kv.key, kv.lease, null);
  }

  private relink(key: string, from: string | null, to: string | null): void {
    if (from === to) return;
    if (from !== null) this.at.leased.removeSync(bytes(leasePrefix(from) + key));
    if (to !== null) this.at.leased.putSync(bytes(leasePrefix(to) + key), key);
  }

  record(revision: number, events: readonly KeyEvent[]): void {
    this.at.history.putSync(revision, events.map(eventRow));
  }

  /** The next revisions greater than `after` and not above `upTo`, in order: some of them, none when there are none. */
  history(after: number, upTo: number): readonly RevisionEvents[] {
    const slice: RevisionEvents[] = [];
    let size = 0;
    for (const { key, value } of this.at.history.getRange({ start: after + 1, end: upTo + 1 })) {
      slice.push({ revision: key, events: value.map((row) => eventOf(key, row)) });
      size += value.reduce((sum, [, row]) => sum + 100 + (row?.[0].length ?? 0), 0);
      if (size > SLICE_BYTES) break;
    }
    return slice;
  }

  /** Removes at most `limit` revisions at or below `upTo`; true when more are left. */
  prune(upTo: number, limit: number): boolean {
    const revisions = Array.from(this.at.history.getKeys({ start: 0, end: upTo + 1, limit }));
    for (const revision of revisions) this.at.history.removeSync(revision);
    return revisions.length === limit;
  }

  lease(id: string): number | null {
    return this.at.leases.get(bytes(id)) ?? null;
  }

  leases(): readonly { readonly id: string; readonly ttl: number }[] {
    return Array.from(this.at.leases.getRange(), ({ key, value }) => ({ id: key.toString(), ttl: value }));
  }

  leasedKeys(id: string): readonly string[] {
    const prefix = leasePrefix(id);
    const range = this.at.leased.getRange({ start: bytes(prefix), end: bytes(endOfPrefix(prefix)) });
    return Array.from(range, ({ value }) => value);
  }

  setLease(id: string, ttl: number): void {
    this.at.leases.putSync(bytes(id), ttl);
  }

  removeLease(id: string): void {
    this.at.leases.removeSync(bytes(id));
  }

  /** Resolves when everything that `work` wrote is on disk; nothing of it is when `work` throws or it cannot be. */
  async write<A>(work: () => A): Promise<A> {
    try {
      return await this.root.childTransaction(work);
    } catch (error) {
      throw await causeOf(error);
    } finally {
      // or a read later in this turn may still see the snapshot from before
      this.root.resetReadTxn();
    }
  }

  /** True when hardly anything more fits on the disk: LMDB then says "Input/output error" as often as not. */
  diskIsFull(): boolean {
    const { bavail, bsize } = statfsSync(dirname(this.file));
    return bavail * bsize < NEARLY_NOTHING;
  }

  async close(): Promise<void> {
    await this.root.close();
  }
}
