/**
 * A behaving Objects in memory: revisions, incarnations, deletion, freezing and conflicts as the real one has them,
 * without a store. Records appear with their spec (as if the keeper were instantly there). Changes are told before
 * a write resolves.
 */
import * as E from 'fp-ts/lib/Either.js';
import type * as TE from 'fp-ts/lib/TaskEither.js';
import { Subject } from 'rxjs';
import { type KindName, kindEntry } from '../../api-types/kinds.js';
import { timestamp } from '../../runtime/clock.js';
import { type Failure, conflict } from '../../runtime/failure.js';
import { recordKey } from '../../store/keys.js';
import type { Change, Fence, Live, Objects, Ref, SpecDocument, Write } from '../../store/objects/objects.js';
import { Aborted, type Cell, type RawCell, Txn, liveOf } from './objects-cells.js';

export interface FakeObjects extends Objects {
  /** What `etcdctl put` on the spec key does: no check; a spec that does not decode freezes the object. */
  putRaw(ref: Ref, document: SpecDocument): void;
  /** What `etcdctl del` does. */
  deleteRaw(ref: Ref): void;
  /** Creates (or replaces) a spec and gives the object: for setting a scene. */
  has<K extends KindName>(ref: Ref<K>, document: SpecDocument, status?: object): Live<K>;
  /** The value of a key beside objects, or null. */
  raw(key: string): string | null;
  /** The next `times` writes fail with this, having done nothing. */
  failNext(failure: Failure, times?: number): void;
  /** Every write that was carried out, in order. */
  readonly written: readonly Write[];
}

/** Makes a Ref. */
export const ref = <K extends KindName>(kind: K, cluster: string | null, name: string): Ref<K> => ({
  kind,
  cluster,
  name,
});

class InMemory implements FakeObjects {
  readonly written: Write[] = [];
  readonly installation = 'fake';
  private cells = new Map<string, Cell>();
  private lives = new Map<string, Live>();
  private raws = new Map<string, RawCell>();
  private at = 1;
  private failures: Failure[] = [];
  private waiters: { readonly revision: number; readonly resolve: () => void }[] = [];
  private readonly changes = new Subject<readonly Change[]>();
  readonly changes$ = this.changes.asObservable();

  constructor(private readonly now: () => number) {}

  revision(): number {
    return this.at;
  }

  get<K extends KindName>(of: Ref<K>): Live<K> | null {
    return (this.lives.get(recordKey(of)) ?? null) as Live<K> | null;
  }

  list<K extends KindName>(kind: K, cluster?: string): readonly Live<K>[] {
    return [...this.lives.entries()]
      .filter(([, { ref: of }]) => of.kind === kind && (cluster === undefined || of.cluster === cluster))
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([, live]) => live as Live<K>);
  }

  caughtUp(revision: number): Promise<void> {
    if (revision <= this.at) return Promise.resolve();
    return new Promise((resolve) => {
      this.waiters.push({ revision, resolve });
    });
  }

  write(fence: Fence | null, writes: readonly Write[]): TE.TaskEither<Failure, number> {
    return async () => {
      await Promise.resolve();
      const failure = this.failures.shift();
      if (failure !== undefined) return E.left(failure);
      if (fence !== null && fence.left() <= 0) return E.left(conflict('the lease has ended', 'Fenced'));
      return this.inPieces(writes);
    };
  }

  private inPieces(writes: readonly Write[]): E.Either<Failure, number> {
    for (let start = 0; start < writes.length; start += 100) {
      const result = this.transact((txn) => {
        const done = writes.slice(start, start + 100).filter((write) => txn.carryOut(write));
        this.written.push(...done);
        return done.length > 0;
      });
      if (E.isLeft(result)) return result;
    }
    return E.right(this.at);
  }

  private transact(work: (txn: Txn) => boolean): E.Either<Failure, number> {
    const txn = new Txn(new Map(this.cells), new Map(this.raws), this.at + 1, timestamp(this.now()));
    try {
      if (!work(txn)) return E.right(this.at);
    } catch (error) {
      if (error instanceof Aborted) return E.left(error.failure);
      throw error;
    }
    const before = this.cells;
    this.cells = txn.cells;
    this.raws = txn.raws;
    this.at = txn.revision;
    this.tell(before);
    return E.right(this.at);
  }

  private tell(before: ReadonlyMap<string, Cell>): void {
    const touched = [...this.cells].filter(([key, cell]) => before.get(key) !== cell);
    const changes = touched.map(([key, cell]) => {
      const last = this.lives.get(key) ?? null;
      const after = liveOf(cell);
      if (after === null) this.lives.delete(key);
      else this.lives.set(key, after);
      return { ref: cell.ref, revision: this.at, before: last, after };
    });
    if (changes.length > 0) this.changes.next(changes);
    const due = this.waiters.filter(({ revision }) => revision <= this.at);
    this.waiters = this.waiters.filter(({ revision }) => revision > this.at);
    for (const { resolve } of due) resolve();
  }

  putRaw(of: Ref, document: SpecDocument): void {
    this.transact((txn) => {
      txn.putSpec(of, document);
      return true;
    });
  }

  deleteRaw(of: Ref): void {
    this.transact((txn) => {
      txn.deleteSpec(of);
      return true;
    });
  }

  has<K extends KindName>(of: Ref<K>, document: SpecDocument, status?: object): Live<K> {
    if (kindEntry(of.kind).home === 'spec') this.putRaw(of, document);
    this.transact((txn) => status !== undefined && txn.status(of, status, undefined));
    const live = this.get(of);
    if (live === null) throw new Error(`the fake refused ${of.kind} ${of.name}: its spec does not decode`);
    return live;
  }

  raw(key: string): string | null {
    return this.raws.get(key)?.value ?? null;
  }

  failNext(failure: Failure, times = 1): void {
    this.failures.push(...Array.from({ length: times }, () => failure));
  }
}

/** An empty Objects; `now` dates creations and deletions. */
export const fakeObjects = (now: () => number = () => 0): FakeObjects => new InMemory(now);
