/** Objects by kind and cluster, in sorted lists. A change costs a copy of the list that was given out, and no sorting. */
import type { KindName } from '../../api-types/kinds.js';
import type { Live, Ref } from './objects.js';

export interface Shelves {
  /** Puts, replaces or (null) takes away. */
  set(ref: Ref, live: Live | null): void;
  /** Sorted by cluster, then name. */
  list(kind: KindName, cluster?: string): readonly Live[];
}

interface Shelf {
  /** Sorted. */
  readonly names: string[];
  /** In the order of names. */
  lives: Live[];
  /** Somebody has `lives`: it is copied before it changes. */
  given: boolean;
}

/** Where a name is among sorted ones, or would be. */
const placeOf = (names: readonly string[], name: string): number => {
  let low = 0;
  let high = names.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((names[middle] ?? '') < name) low = middle + 1;
    else high = middle;
  }
  return low;
};

const change = (shelf: Shelf, name: string, live: Live | null): void => {
  const place = placeOf(shelf.names, name);
  const there = shelf.names[place] === name ? 1 : 0;
  if (there === 0 && live === null) return;
  if (shelf.given) shelf.lives = [...shelf.lives];
  shelf.given = false;
  if (there === 1 && live !== null) {
    shelf.lives[place] = live;
    return;
  }
  shelf.names.splice(place, there, ...(live === null ? [] : [name]));
  shelf.lives.splice(place, there, ...(live === null ? [] : [live]));
};

/** Empty shelves. */
export const shelves = (): Shelves => {
  const byKind = new Map<KindName, Map<string, Shelf>>();
  const whole = new Map<KindName, readonly Live[]>();
  const clustersOf = (kind: KindName): Map<string, Shelf> => {
    const there = byKind.get(kind) ?? new Map<string, Shelf>();
    byKind.set(kind, there);
    return there;
  };
  const all = (kind: KindName): readonly Live[] => {
    const made =
      whole.get(kind) ??
      [...clustersOf(kind)]
        .sort(([left], [right]) => (left < right ? -1 : 1))
        .map(([, { lives }]) => lives)
        .flat();
    whole.set(kind, made);
    return made;
  };
  return {
    set: ({ kind, cluster, name }, live) => {
      const clusters = clustersOf(kind);
      const shelf = clusters.get(cluster ?? '') ?? { names: [], lives: [], given: false };
      clusters.set(cluster ?? '', shelf);
      change(shelf, name, live);
      if (shelf.names.length === 0) clusters.delete(cluster ?? '');
      whole.delete(kind);
    },
    list: (kind, cluster) => {
      if (cluster === undefined) return all(kind);
      const shelf = clustersOf(kind).get(cluster);
      if (shelf === undefined) return [];
      shelf.given = true;
      return shelf.lives;
    },
  };
};
