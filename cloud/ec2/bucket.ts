/**
 * Token buckets as pure arithmetic. The endpoint counts a call when it arrives, which we do not see; so a call is
 * held to arrive as late as it can have (its answer, or `MAX_TRANSIT` after it was sent): a later arrival never
 * leaves more tokens, hence our count is never above the endpoint's, whatever the latencies.
 */
import { millis, type Millis } from '../../api-types/units.js';

export interface Bucket {
  readonly burst: number;
  readonly perSecond: number;
}

/** Spent by a call that is on its way. */
export interface Flight {
  readonly id: number;
  readonly sent: number;
  readonly cost: number;
}

export interface Level {
  /** As of `at`, before what flies. */
  readonly tokens: number;
  readonly at: number;
  /** In the order sent. */
  readonly flights: readonly Flight[];
}

/** No request takes longer to be counted by the endpoint. */
const MAX_TRANSIT = millis(2000);

export const full = (bucket: Bucket, now: number): Level => ({
  tokens: bucket.burst,
  at: now,
  flights: [],
});

const refilled = (bucket: Bucket, level: Level, now: number): Level => {
  const gained = (Math.max(0, now - level.at) / 1000) * bucket.perSecond;
  return {
    ...level,
    tokens: Math.min(bucket.burst, level.tokens + gained),
    at: Math.max(level.at, now),
  };
};

const landed = (bucket: Bucket, level: Level, flight: Flight, at: number): Level => {
  const then = refilled(bucket, level, at);
  return {
    ...then,
    tokens: then.tokens - flight.cost,
    flights: then.flights.filter((other) => other.id !== flight.id),
  };
};

/** The level at `now`, with those landed that must have. */
export const advanced = (bucket: Bucket, level: Level, now: number): Level => {
  const due = level.flights.filter((flight) => flight.sent + MAX_TRANSIT <= now);
  const settled = due.reduce(
    (current, flight) => landed(bucket, current, flight, flight.sent + MAX_TRANSIT),
    level,
  );
  return refilled(bucket, settled, now);
};

const flying = (level: Level): number => level.flights.reduce((sum, flight) => sum + flight.cost, 0);

/** Tokens that may be spent; of an advanced level. */
const available = (level: Level): number => level.tokens - flying(level);

export const spent = (level: Level, flight: Flight): Level => ({
  ...level,
  flights: [...level.flights, flight],
});

/** The answer to a flight has come. */
export const answered = (bucket: Bucket, level: Level, id: number, now: number): Level => {
  const current = advanced(bucket, level, now);
  const flight = current.flights.find((candidate) => candidate.id === id);
  return flight === undefined ? current : landed(bucket, current, flight, now);
};

/** The endpoint refused a call: whatever we believed, its bucket is empty. */
export const drained = (bucket: Bucket, level: Level, now: number): Level => ({
  ...advanced(bucket, level, now),
  tokens: Math.min(0, advanced(bucket, level, now).tokens),
});

/** How long until `cost` can be spent, at most; 0: now. Infinity: more than the bucket ever holds. */
export const waitFor = (bucket: Bucket, level: Level, cost: number, now: number): Millis => {
  if (cost > bucket.burst) return millis(Infinity);
  const current = advanced(bucket, level, now);
  if (available(current) >= cost) return millis(0);
  const last = current.flights.at(-1);
  const landing = last === undefined ? now : last.sent + MAX_TRANSIT;
  const then = advanced(bucket, current, landing);
  const missing = Math.max(0, cost - then.tokens);
  return millis(Math.ceil(landing - now + (missing / bucket.perSecond) * 1000));
};
