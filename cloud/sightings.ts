/**
 * What is known of every machine, and how fresh it is. Every answer is dated by when its call *began*, so that one
 * that was long on its way never overwrites a fresher one, and absence from it only counts for machines last seen
 * before. Pure bookkeeping: no calls, no timers.
 */
import { hours, seconds, type Millis } from '../api-types/units.js';
import { TAGS, type Machine } from './cloud.js';

/** How long after it first heard of a machine an endpoint may fail to list it although it lives. */
const CONSISTENCY_WINDOW = seconds(60);
/** Complete sweeps that must have missed it. */
const MISSES = 2;
/** How long what went is remembered. */
const REMEMBERED = hours(2);

interface Sighting {
  /** Null: asked about, never seen. */
  readonly machine: Machine | null;
  /** When we first saw it or were asked about it. */
  readonly firstAt: Millis;
  /** Begin of the freshest call that described it; of the first question when none did. */
  readonly seenAt: Millis;
  /** Complete sweeps begun after `seenAt` that did not list it. */
  readonly misses: number;
}

export interface Sightings {
  get(id: string): Machine | null;
  byCluster(cluster: string): readonly Machine[];
  /** Takes in descriptions from a call that began at `begun`; gives the ids that changed. */
  see(machines: readonly Machine[], begun: Millis): readonly string[];
  /** Takes in a complete listing; gives the ids that changed or were missing from it. */
  sweep(machines: readonly Machine[], begun: Millis): readonly string[];
  /** `now` dates the question, for ids never heard of: absence is then counted from it. */
  gone(id: string, now: Millis): boolean;
}

const ENDED: ReadonlySet<string> = new Set(['shutting-down', 'terminated']);

/** A machine never comes back from its end, whatever a stale replica says. */
const backFromTheDead = (before: Machine, next: Machine): boolean =>
  before.state === 'terminated'
    ? next.state !== 'terminated'
    : before.state === 'shutting-down' && !ENDED.has(next.state);

const same = (a: Machine, b: Machine): boolean => JSON.stringify(a) === JSON.stringify(b);

const missed = ({ misses, firstAt, seenAt }: Sighting, lastSweep: Millis | null): boolean =>
  misses >= MISSES && lastSweep !== null && lastSweep - firstAt >= CONSISTENCY_WINDOW && lastSweep > seenAt;

interface Books {
  readonly entries: Map<string, Sighting>;
  lastSweep: Millis | null;
  /** Machines by cluster; null: to be made again. */
  clusters: ReadonlyMap<string, readonly Machine[]> | null;
}

const isGone = (sighting: Sighting, lastSweep: Millis | null): boolean =>
  sighting.machine?.state === 'terminated' || missed(sighting, lastSweep);

const outdated = (before: Sighting, machine: Machine, begun: Millis): boolean =>
  begun < before.seenAt || (before.machine !== null && backFromTheDead(before.machine, machine));

/** Takes one description in; true when it said something new. */
const seen = (books: Books, machine: Machine, begun: Millis): boolean => {
  const before = books.entries.get(machine.id) ?? { machine: null, firstAt: begun, seenAt: begun, misses: 0 };
  if (outdated(before, machine, begun)) return false;
  const unchanged = before.machine !== null && same(before.machine, machine);
  const entry = { machine: unchanged ? before.machine : machine, firstAt: before.firstAt };
  books.entries.set(machine.id, { ...entry, seenAt: begun, misses: 0 });
  const news = !unchanged || before.misses > 0;
  if (news) books.clusters = null;
  return news;
};

/** Notes that a complete sweep did not list it; true when that says something of a machine not known to be gone. */
const miss = (books: Books, id: string, begun: Millis): boolean => {
  const sighting = books.entries.get(id);
  if (sighting === undefined || begun <= sighting.seenAt) return false;
  books.clusters = null;
  if (isGone(sighting, begun) && begun - sighting.seenAt > REMEMBERED) books.entries.delete(id);
  else books.entries.set(id, { ...sighting, misses: sighting.misses + 1 });
  return sighting.machine?.state !== 'terminated';
};

const grouped = ({ entries, lastSweep }: Books): ReadonlyMap<string, readonly Machine[]> => {
  const groups = new Map<string, Machine[]>();
  for (const sighting of entries.values()) {
    const { machine } = sighting;
    const cluster = machine?.tags[TAGS.cluster];
    if (machine === null || cluster === undefined || missed(sighting, lastSweep)) continue;
    const group = groups.get(cluster) ?? [];
    group.push(machine);
    groups.set(cluster, group);
  }
  return groups;
};

const known = (sighting: Sighting, lastSweep: Millis | null): Machine | null =>
  missed(sighting, lastSweep) && sighting.machine?.state !== 'terminated' ? null : sighting.machine;

/** Opens empty books. */
export const createSightings = (): Sightings => {
  const books: Books = { entries: new Map(), lastSweep: null, clusters: null };
  const see: Sightings['see'] = (machines, begun) =>
    machines.filter((machine) => seen(books, machine, begun)).map(({ id }) => id);
  return {
    get: (id) => {
      const sighting = books.entries.get(id);
      return sighting === undefined ? null : known(sighting, books.lastSweep);
    },
    byCluster: (cluster) => {
      books.clusters ??= grouped(books);
      return books.clusters.get(cluster) ?? [];
    },
    see,
    sweep: (machines, begun) => {
      const changed = see(machines, begun);
      const present = new Set(machines.map(({ id }) => id));
      const absent = [...books.entries.keys()].filter((id) => !present.has(id));
      books.lastSweep = begun;
      return [...changed, ...absent.filter((id) => miss(books, id, begun))];
    },
    gone: (id, now) => {
      const sighting = books.entries.get(id);
      if (sighting !== undefined) return isGone(sighting, books.lastSweep);
      books.entries.set(id, { machine: null, firstAt: now, seenAt: now, misses: 0 });
      return false;
    },
  };
};
