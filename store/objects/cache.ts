/**
 * The cache of objects: both keys of each as they were read, and the object they make. Work done for a revision grows
 * with what changed in it, not with what there is; lists are made when asked for and kept until a member changes.
 */
import type { KindName } from '../../api-types/kinds.js';
import { RECORDS, SPECS, parsePlace, recordKey, specKey } from '../keys.js';
import type { KeyEvent, Listing, RevisionEvents } from '../store.js';
import { readRecord, readSpec } from './documents.js';
import { join, type Sides } from './join.js';
import type { Change, Live, Ref } from './objects.js';
import { shelves, type Shelves } from './shelves.js';

export interface ObjectCache {
  revision(): number;
  get(ref: Ref): Live | null;
  list(kind: KindName, cluster?: string): readonly Live[];
  /** Both keys of an object, or null when neither is there. */
  sides(ref: Ref): Sides | null;
  /** Every object that has a key. */
  refs(): readonly Ref[];
  /** Takes in the events of one revision; one already taken in changes nothing. */
  apply(events: RevisionEvents): readonly Change[];
  /** Takes in a full listing, newer by any number of revisions (or older: the store was restored). */
  replace(listing: Listing): readonly Change[];
}

interface Cell extends Sides {
  readonly ref: Ref;
  readonly live: Live | null;
}

type Side = 'spec' | 'record';

interface Spot {
  readonly side: Side;
  readonly place: string;
  readonly ref: Ref;
}

const spotOf = (key: string): Spot | null => {
  const side = key.startsWith(SPECS) ? 'spec' : key.startsWith(RECORDS) ? 'record' : null;
  if (side === null) return null;
  const place = key.slice(side === 'spec' ? SPECS.length : RECORDS.length);
  const ref = parsePlace(place);
  return ref === null ? null : { side, place, ref };
};

const placeOf = ({ kind, cluster, name }: Ref): string => `${kind}/${cluster ?? ''}/${name}`;

interface State {
  readonly installation: string;
  readonly now: () => string;
  readonly cells: Map<string, Cell>;
  readonly shelves: Shelves;
}

/** Cells as they were before a batch of events touched them. */
type Touched = Map<string, Cell | null>;

const cellAt = (state: State, ref: Ref): Cell =>
  state.cells.get(placeOf(ref)) ?? {
    ref,
    spec: null,
    record: null,
    cut: 0,
    seenAt: state.now(),
    live: null,
  };

const put = (state: State, touched: Touched, cell: Cell): void => {
  const place = placeOf(cell.ref);
  if (!touched.has(place)) touched.set(place, state.cells.get(place) ?? null);
  state.cells.set(place, cell);
};

const takeIn = (state: State, touched: Touched, event: KeyEvent): void => {
  const spot = spotOf(event.type === 'put' ? event.kv.key : event.key);
  if (spot === null) return;
  const { ref, side } = spot;
  const cell = cellAt(state, ref);
  if (event.type === 'put')
    put(state, touched, {
      ...cell,
      ...(side === 'spec' ? { spec: readSpec(ref, event.kv) } : { record: readRecord(ref, event.kv) }),
    });
  else if (side === 'spec') put(state, touched, { ...cell, spec: null, cut: event.modRevision });
  else put(state, touched, { ...cell, record: null });
};

const joined = (state: State, touched: Touched, revision: number): readonly Change[] =>
  [...touched].flatMap(([place, last]) => {
    const cell = state.cells.get(place);
    if (cell === undefined) return [];
    const after = join(cell.ref, { installation: state.installation, before: cell.live }, cell);
    if (cell.spec === null && cell.record === null) state.cells.delete(place);
    else state.cells.set(place, { ...cell, live: after });
    state.shelves.set(cell.ref, after);
    const before = last?.live ?? null;
    return before === null && after === null ? [] : [{ ref: cell.ref, revision, before, after }];
  });

const missing = (state: State, present: ReadonlySet<string>, revision: number): readonly KeyEvent[] =>
  [...state.cells.values()].flatMap(({ ref, spec, record }) => {
    const gone = (side: Side): KeyEvent[] => {
      const key = side === 'spec' ? specKey(ref) : recordKey(ref);
      return present.has(key) ? [] : [{ type: 'delete', key, modRevision: revision }];
    };
    return [...(spec === null ? [] : gone('spec')), ...(record === null ? [] : gone('record'))];
  });

const isNews = (state: State, key: string, mod: number): boolean => {
  const spot = spotOf(key);
  if (spot === null) return false;
  return state.cells.get(placeOf(spot.ref))?.[spot.side]?.mod !== mod;
};

const differences = (state: State, { items, revision }: Listing): readonly KeyEvent[] => [
  ...missing(state, new Set(items.map(({ key }) => key)), revision),
  ...items
    .filter(({ key, modRevision }) => isNews(state, key, modRevision))
    .map((kv): KeyEvent => ({ type: 'put', kv })),
];

/** An empty cache; `now` gives the present time as a timestamp. */
export const objectCache = (installation: string, now: () => string): ObjectCache => {
  const state: State = { installation, now, cells: new Map(), shelves: shelves() };
  let reached = 0;
  const take = (events: readonly KeyEvent[], revision: number): readonly Change[] => {
    const touched: Touched = new Map();
    for (const event of events) takeIn(state, touched, event);
    reached = revision;
    return joined(state, touched, revision);
  };
  return {
    revision: () => reached,
    get: (ref) => state.cells.get(placeOf(ref))?.live ?? null,
    list: (kind, cluster) => state.shelves.list(kind, cluster),
    sides: (ref) => state.cells.get(placeOf(ref)) ?? null,
    refs: () => [...state.cells.values()].map(({ ref }) => ref),
    apply: ({ events, revision }) => (revision <= reached ? [] : take(events, revision)),
    replace: (listing) => take(differences(state, listing), listing.revision),
  };
};
