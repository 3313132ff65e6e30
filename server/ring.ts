/**
 * The recent changes of the cache, in order and bounded, so that a watch can begin at a recent revision and a slow
 * watcher costs nothing: it holds a position here, not a buffer of its own.
 */
import { Subject, type Subscription } from 'rxjs';
import type { Change, Objects } from '../store/objects/objects.js';

export interface Ring {
  /** Changes after this revision can be had from here. */
  floor(): number;
  /** The revision up to which every change is here. */
  head(): number;
  /** Position of the first change after `revision`. */
  after(revision: number): number;
  /** The change at a position; null: not there yet. Positions below `oldest()` are gone. */
  at(position: number): Change | null;
  oldest(): number;
  /** Fires when there are more. */
  readonly more$: Subscribable;
  close(): void;
}

interface Subscribable {
  subscribe(next: () => void): Subscription;
}

/** Follows `objects.changes$` from now on, keeping the last `capacity` changes. */
export const openRing = (objects: Objects, capacity = 8192): Ring => {
  const more = new Subject<void>();
  let kept: Change[] = [];
  let oldest = 0;
  let floor = objects.revision();
  let head = floor;
  const subscription = objects.changes$.subscribe((changes) => {
    kept.push(...changes);
    head = changes.at(-1)?.revision ?? head;
    // cut in bulk: shifting an array of thousands for each change costs more than keeping twice as many
    if (kept.length > 2 * capacity) {
      const cut = kept.length - capacity;
      floor = kept[cut - 1]?.revision ?? floor;
      kept = kept.slice(cut);
      oldest += cut;
    }
    more.next();
  });
  return {
    floor: () => floor,
    head: () => head,
    after: (revision) => {
      const index = kept.findIndex((change) => change.revision > revision);
      return oldest + (index === -1 ? kept.length : index);
    },
    at: (position) => kept[position - oldest] ?? null,
    oldest: () => oldest,
    more$: more.asObservable(),
    close: () => {
      subscription.unsubscribe();
      more.complete();
    },
  };
};
