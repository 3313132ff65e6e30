/**
 * What is known of every machine, and how fresh it is. Every answer is dated by when its call *began*, so that one
 * that was long on its way never overwrites a fresher one, and absence from it only counts for machines last seen
 * before. Pure bookkeeping: no calls, no timers.
 */
import { hours, seconds, type Millis } from '../api-types/units.js';
import { TAGS, type Machine, type Tags } from './cloud.js';

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
  /** Known machines that bear the batch's tag or token. */
  ofBatch(batch: string): readonly Machine[];
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

const sameTags = (a: Tags, b: Tags): boolean => {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
};

/** Asked of every machine in every sweep. */
const same = ({ tags, ...a }: Machine, { tags: others, ...b }: Machine): boolean =>
  sameTags(tags, others) && (Object.keys(b) as (keyof typeof b)[]).every((key) => a[key] === b[key]);

const missed = ({ misses, firstAt, seenAt }: Sighting, lastSweep: Millis | null): boolean =>
  misses >= MISSES && lastSweep !== null && lastSweep - firstAt >= CONSISTENCY_WINDOW && lastSweep > seenAt;

interface Books {
  readonly entries: Map<string, Sighting>;
  lastSweep: Millis | null;
  /** Ids by the batch that launched them. */
  readonly batches: Map<string, Set<string>>;
}

const isGone = (sighting: Sighting, lastSweep: Millis | null): boolean =>
  sighting.machine?.state === 'terminated' || missed(sighting, lastSweep);

const outdated = (before: Sighting, machine: Machine, begun: Millis): boolean =>
  begun < before.seenAt || (before.machine !== null && backFromTheDead(before.machine, machine));

const batchOf = ({ tags, clientToken }: Machine): string | null => tags[TAGS.batch] ?? clientToken;

/** A tag may come later than the machine: it is then listed by both, and `ofBatch` looks again. */
const note = ({ batches }: Books, machine: Machine): void => {
  const batch = batchOf(machine);
  if (batch === null) return;
  const there = batches.get(batch) ?? new Set<string>();
  batches.set(batch, there);
  there.add(machine.id);
};

const forget = ({ batches, entries }: Books, id: string): void => {
  const machine = entries.get(id)?.machine ?? null;
  entries.delete(id);
  const batch = machine === null ? null : batchOf(machine);
  if (batch === null) return;
  batches.get(batch)?.delete(id);
  if (batches.get(batch)?.size === 0) batches.delete(batch);
};

/** Takes one description in; true when it said something new. */
const seen = (books: Books, machine: Machine, begun: Millis): boolean => {
  const before = books.entries.get(machine.id) ?? { machine: null, firstAt: begun, seenAt: begun, misses: 0 };
  if (outdated(before, machine, begun)) return false;
  const unchanged = before.machine !== null && same(before.machine, machine);
  const entry = { machine: unchanged ? before.machine : machine, firstAt: before.firstAt };
  books.entries.set(machine.id, { ...entry, seenAt: begun, misses: 0 });
  const news = !unchanged || before.misses > 0;
  note(books, machine);
  return news;
};

/** Notes that a complete sweep did not list it; true when that says something of a machine not known to be gone. */
const miss = (books: Books, id: string, begun: Millis): boolean => {
  const sighting = books.entries.get(id);
  if (sighting === undefined || begun <= sighting.seenAt) return false;
  if (isGone(sighting, begun) && begun - sighting.seenAt > REMEMBERED) forget(books, id);
  else books.entries.set(id, { ...sighting, misses: sighting.misses + 1 });
  return sighting.machine?.state !== 'terminated';
};

const known = (sighting: Sighting, lastSweep: Millis | null): Machine | null =>
  missed(sighting, lastSweep) && sighting.machine?.state !== 'terminated' ? null : sighting.machine;

/** Opens empty books. */
export const createSightings = (): Sightings => {
  const books: Books = { entries: new Map(), lastSweep: null, batches: new Map() };
  const see: Sightings['see'] = (machines, begun) =>
    machines.filter((machine) => seen(books, machine, begun)).map(({ id }) => id);
  return {
    get: (id) => {
      const sighting = books.entries.get(id);
      return sighting === undefined ? null : known(sighting, books.lastSweep);
    },
    ofBatch: (batch) =>
      [...(books.batches.get(batch) ?? [])].flatMap((id) => {
        const sighting = books.entries.get(id);
        const machine = sighting === undefined || missed(sighting, books.lastSweep) ? null : sighting.machine;
        return machine !== null && batchOf(machine) === batch ? [machine] : [];
      }),
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
