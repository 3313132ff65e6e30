/** Objects by kind and cluster, with sorted lists that are made when asked for and kept until a member changes. */
import type { KindName } from '../../api-types/kinds.js';
import type { Live, Ref } from './objects.js';

export interface Shelves {
  /** Puts, replaces or (null) takes away. */
  set(ref: Ref, live: Live | null): void;
  /** Sorted by cluster, then name. */
  list(kind: KindName, cluster?: string): readonly Live[];
}

interface Shelf {
  readonly byName: Map<string, Live>;
  /** Sorted names; null since a member came or went. */
  names: readonly string[] | null;
  /** Objects in the order of names; null since a member changed. */
  lives: readonly Live[] | null;
}

const listed = (shelf: Shelf): readonly Live[] => {
  shelf.names ??= [...shelf.byName.keys()].sort();
  shelf.lives ??= shelf.names.flatMap((name) => shelf.byName.get(name) ?? []);
  return shelf.lives;
};

const change = (shelf: Shelf, name: string, live: Live | null): void => {
  if (live === null || !shelf.byName.has(name)) shelf.names = null;
  shelf.lives = null;
  if (live === null) shelf.byName.delete(name);
  else shelf.byName.set(name, live);
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
        .flatMap(([, shelf]) => listed(shelf));
    whole.set(kind, made);
    return made;
  };
  return {
    set: ({ kind, cluster, name }, live) => {
      const clusters = clustersOf(kind);
      const shelf = clusters.get(cluster ?? '') ?? { byName: new Map(), names: null, lives: null };
      clusters.set(cluster ?? '', shelf);
      change(shelf, name, live);
      if (shelf.byName.size === 0) clusters.delete(cluster ?? '');
      whole.delete(kind);
    },
    list: (kind, cluster) => {
      if (cluster === undefined) return all(kind);
      const shelf = clustersOf(kind).get(cluster);
      return shelf === undefined ? [] : listed(shelf);
    },
  };
};
