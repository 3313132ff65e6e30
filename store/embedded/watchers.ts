/** Hands each watcher its events: from history until it has caught up, then as they are committed. */
import { Observable, type Subscriber } from 'rxjs';
import { transient, type Failure } from '../../runtime/failure.js';
import { requirePrefix } from '../limits.js';
import type { KeyEvent, RevisionEvents } from '../store.js';
import type { Tables } from './tables.js';

interface Watcher {
  readonly prefix: string;
  readonly subscriber: Subscriber<RevisionEvents>;
  /** The last revision that was looked at. */
  cursor: number;
  live: boolean;
}

const compacted = (after: number, revision: number): Failure =>
  transient(
    'Compacted',
    `revision ${String(after)} is gone: the history begins after ${String(revision)}; list again`,
  );

const keyOf = (event: KeyEvent): string => (event.type === 'put' ? event.kv.key : event.key);

const give = (watcher: Watcher, { revision, events }: RevisionEvents): void => {
  if (revision <= watcher.cursor) return;
  watcher.cursor = revision;
  const mine = events.filter((event) => keyOf(event).startsWith(watcher.prefix));
  if (mine.length > 0) watcher.subscriber.next({ revision, events: mine });
};

const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

export class Watchers {
  private readonly all = new Set<Watcher>();
  private published: number;

  constructor(private readonly tables: Tables) {
    this.published = tables.counter('revision');
  }

  /** To be called with revisions in order, once they are on disk. */
  publish(revisions: readonly RevisionEvents[]): void {
    this.published = revisions.at(-1)?.revision ?? this.published;
    for (const watcher of [...this.all]) {
      if (!watcher.live) continue;
      for (const revision of revisions) give(watcher, revision);
    }
  }

  watch(prefix: string, after: number): Observable<RevisionEvents> {
    requirePrefix(prefix);
    return new Observable((subscriber) => {
      const watcher: Watcher = { prefix, subscriber, cursor: after, live: false };
      const current = this.tables.counter('revision');
      if (after > current) {
        const message = `the store is at revision ${String(current)}, before ${String(after)}; list again`;
        subscriber.error(transient('WatchLost', message));
        return;
      }
      this.all.add(watcher);
      subscriber.add(() => this.all.delete(watcher));
      void this.catchUp(watcher);
    });
  }

  private async catchUp(watcher: Watcher): Promise<void> {
    try {
      while (this.giveSlice(watcher)) await turn();
      watcher.live = true;
    } catch (error) {
      watcher.subscriber.error(
        transient('WatchLost', 'the history could not be read; list again', { cause: error }),
      );
    }
  }

  /** Gives a slice, so that others get a turn in between; false when the watcher has seen everything that was published, or is gone. */
  private giveSlice(watcher: Watcher): boolean {
    if (watcher.subscriber.closed) return false;
    const gone = this.tables.counter('compacted');
    if (watcher.cursor < gone) {
      watcher.subscriber.error(compacted(watcher.cursor, gone));
      return false;
    }
    const slice = this.tables.history(watcher.cursor, this.published);
    for (const revision of slice) give(watcher, revision);
    return slice.length > 0;
  }

  close(): void {
    for (const watcher of [...this.all]) watcher.subscriber.complete();
  }
}
