/**
 * Group commit: transactions that wait while the disk flushes are carried out together in the next flush, each
 * with a revision of its own. Nothing is acknowledged or shown to watchers before it is on disk.
 */
import * as E from 'fp-ts/lib/Either.js';
import { stalled, transient, type Failure } from '../../runtime/failure.js';
import type { Log } from '../../runtime/log.js';
import type { KeyEvent, RevisionEvents } from '../store.js';
import type { Tables } from './tables.js';

const MAX_GROUP = 500;
const MAX_GROUP_BYTES = 8 * 1024 * 1024;

/** What a piece of work wrote (null or empty: nothing that has a revision) and what it answers. */
export interface Outcome<A> {
  readonly events: readonly KeyEvent[] | null;
  readonly answer: (revision: number) => A;
}

interface Job {
  readonly bytes: number;
  /** Does the work as `revision`; returns its events. */
  readonly run: (revision: number) => readonly KeyEvent[] | null;
  readonly succeeded: (revision: number) => void;
  readonly failed: (failure: Failure) => void;
}

interface Done {
  readonly job: Job;
  readonly revision: number;
}

const asFailure = (error: unknown, diskIsFull: boolean): Failure => {
  const message = error instanceof Error ? error.message : String(error);
  if (diskIsFull || /MDB_MAP_FULL|ENOSPC|No space left|EDQUOT|quota/i.test(message)) {
    return stalled(
      'StoreFull',
      `the store's disk is full (${message}): free some space, it goes on by itself`,
      error,
    );
  }
  return transient('StoreUnavailable', `the store could not write: ${message}`, { cause: error });
};

export class Committer {
  private readonly queue: Job[] = [];
  private running: Promise<void> | null = null;
  private closed = false;

  constructor(
    private readonly tables: Tables,
    private readonly log: Log,
    private readonly publish: (revisions: readonly RevisionEvents[]) => void,
  ) {}

  /** Runs `work` in a group with others; `work` gets the revision that its writes will have. */
  submit<A>(bytes: number, work: (revision: number) => Outcome<A>): Promise<E.Either<Failure, A>> {
    if (this.closed)
      return Promise.resolve(E.left(transient('StoreUnavailable', 'the store has been closed')));
    return new Promise((resolve) => {
      let answer: ((revision: number) => A) | null = null;
      this.queue.push({
        bytes,
        run: (revision) => {
          const outcome = work(revision);
          answer = outcome.answer;
          return outcome.events;
        },
        succeeded: (revision) => {
          if (answer !== null) resolve(E.right(answer(revision)));
        },
        failed: (failure) => {
          resolve(E.left(failure));
        },
      });
      this.running ??= this.drain();
    });
  }

  private async drain(): Promise<void> {
    while (this.queue.length > 0) await this.commitGroup();
    this.running = null;
  }

  private takeGroup(): readonly Job[] {
    let bytes = 0;
    let count = 0;
    for (const job of this.queue) {
      bytes += job.bytes;
      if (count > 0 && (count >= MAX_GROUP || bytes > MAX_GROUP_BYTES)) break;
      count += 1;
    }
    return this.queue.splice(0, count);
  }

  private async commitGroup(): Promise<void> {
    let group: readonly Job[] = [];
    const revisions: RevisionEvents[] = [];
    const done: Done[] = [];
    try {
      await this.tables.write(() => {
        group = this.takeGroup();
        this.runGroup(group, revisions, done);
      });
    } catch (error) {
      this.log.error('a write to the embedded store failed', { error, transactions: group.length });
      const failure = asFailure(error, this.tables.diskIsFull());
      // the transaction may not even have begun
      for (const job of group.length > 0 ? group : this.takeGroup()) job.failed(failure);
      return;
    }
    for (const { job, revision } of done) job.succeeded(revision);
    if (revisions.length > 0) this.publish(revisions);
  }

  private runGroup(group: readonly Job[], revisions: RevisionEvents[], done: Done[]): void {
    const before = this.tables.counter('revision');
    let revision = before;
    for (const job of group) {
      const events = job.run(revision + 1) ?? [];
      if (events.length > 0) {
        revision += 1;
        this.tables.record(revision, events);
        revisions.push({ revision, events });
      }
      done.push({ job, revision });
    }
    if (revision !== before) this.tables.setCounter('revision', revision);
  }

  /** Refuses further work and resolves when what was submitted is done. */
  async close(): Promise<void> {
    this.closed = true;
    await this.running;
  }
}
