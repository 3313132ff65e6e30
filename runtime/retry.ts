/** The one retry policy. */
import { millis, minutes, seconds, type Millis } from '../api-types/units.js';
import type { Chance } from './chance.js';
import type { Failure } from './failure.js';

/** Something thrown: a mistake of ours. Retried slowly, since trying again rarely mends it. */
export interface Defect {
  readonly _tag: 'Defect';
  readonly cause: unknown;
}

export const defect = (cause: unknown): Defect => ({ _tag: 'Defect', cause });

interface BackOff {
  readonly first: Millis;
  readonly most: Millis;
}

const CONFLICT: BackOff = { first: millis(20), most: seconds(1) };
const TRANSIENT: BackOff = { first: millis(500), most: minutes(1) };
const OUTSIDE: BackOff = { first: seconds(5), most: minutes(10) };
const DEFECT: BackOff = { first: seconds(1), most: minutes(5) };

/** Doubles with each attempt up to `most`; half of it is chance, so that those who failed together do not return together. */
const backOff = ({ first, most }: BackOff, attempt: number, chance: Chance): Millis => {
  const full = Math.min(most, first * 2 ** Math.min(attempt - 1, 30));
  return millis(Math.round(full / 2 + (chance.number() * full) / 2));
};

/**
 * How long to wait before the next run after `attempt` failures in a row (1: the first); null: not until somebody
 * wakes the key.
 */
export const retryDelay = (failure: Failure | Defect, attempt: number, chance: Chance): Millis | null => {
  switch (failure._tag) {
    case 'Conflict':
      return backOff(CONFLICT, attempt, chance);
    case 'Waiting':
      return failure.after;
    case 'Transient': {
      const delay = backOff(failure.outside === true ? OUTSIDE : TRANSIENT, attempt, chance);
      return millis(Math.max(delay, failure.retryAfter ?? 0));
    }
    case 'Defect':
      return backOff(DEFECT, attempt, chance);
    case 'Stalled':
      return null;
  }
};
