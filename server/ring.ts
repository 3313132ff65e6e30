/**
 * The recent changes of the cache, in order and bounded, so that a watch can begin at a recent revision, a list can be
 * told as it was a while ago, and a slow watcher costs nothing: it holds a position here, not a buffer of its own.
 */
import { Subject, type Subscription } from 'rxjs';
import type { Change, Objects } from '../store/objects/objects.js';

export interface Ring {
  /** Changes after this revision can be had from here. */
  floor(): number;
  /** Position of the first change after `revision`. */
  after(revision: number): number;
  /** The change at a position; null: not there yet. Positions below `oldest()` are gone. */
  at(position: number): Change | null;
  oldest(): number;
  /** Every change after `revision`, which is not below `floor()`, in order. */
  since(revision: number): readonly Change[];
  /** Fires when there are more. */
  readonly more$: Subscribable;
  close(): void;
}

interface Subscribable {
  subscribe(next: () => void): Subscription;
}

/** The index of the first change after `revision`, by halving: revisions only grow. */
const firstAfter = (changes: readonly Change[], revision: number): number => {
  let low = 0;
  let high = changes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((changes[middle]?.revision ?? 0) > revision) high = middle;
    else low = middle + 1;
  }
  return low;
};

/** Follows `objects.changes$` from now on, keeping the last `capacity` changes. */
export const openRing = (objects: Objects, capacity = 8192): Ring => {
  const more = new Subject<void>();
  let kept: Change[] = [];
  let oldest = 0;
  let floor = objects.revision();
  const cutTo = (count: number): void => {
    const cut = kept.length - count;
    floor = kept[cut - 1]?.revision ?? floor;
    kept = kept.slice(cut);
    oldest += cut;
  };
  const take = (changes: readonly Change[]): void => {
    const [first] = changes;
    // a store that was restored to an older state: what was told before is of another history
    if (first !== undefined && first.revision < (kept.at(-1)?.revision ?? floor)) {
      cutTo(0);
      // past what is there, so that every watcher has fallen behind
      oldest += 1;
      floor = first.revision;
    } else kept.push(...changes);
    // cut in bulk: shifting an array of thousands for each change costs more than keeping twice as many
    if (kept.length > 2 * capacity) cutTo(capacity);
  };
  const subscription = objects.changes$.subscribe((changes) => {
    take(changes);
    more.next();
  });
  return {
    floor: () => floor,
    after: (revision) => oldest + firstAfter(kept, revision),
    at: (position) => kept[position - oldest] ?? null,
    oldest: () => oldest,
    since: (revision) => kept.slice(firstAfter(kept, revision)),
    more$: more.asObservable(),
    close: () => {
      subscription.unsubscribe();
      more.complete();
    },
  };
};
