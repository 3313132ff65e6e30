/** How long to wait before the next try: full jitter, so that a thousand agents do not come back as one. */
import { millis, type Millis } from '../api-types/units.js';
import type { Chance } from '../runtime/chance.js';

export interface BackOff {
  readonly first: Millis;
  readonly longest: Millis;
}

/** Anything from nothing to `first · 2^failures`, at most `longest`; `failures` counts from 0. */
export const delayAfter = (failures: number, { first, longest }: BackOff, chance: Chance): Millis =>
  millis(chance.number() * Math.min(longest, first * 2 ** Math.min(failures, 30)));

/** For gateways that cannot be reached. */
export const RECONNECT: BackOff = { first: millis(500), longest: millis(15_000) };
/** For gateways that answer, and refuse: it is not they who must change. */
export const REFUSED: BackOff = { first: millis(5_000), longest: millis(60_000) };
/** For a gateway that said it is leaving: just enough to spread the agents. */
export const LEAVING: BackOff = { first: millis(400), longest: millis(400) };
