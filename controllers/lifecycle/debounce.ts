/** Waiting for changes to settle before hosts are told: pure, times on the monotonic clock. */

export interface Debounce {
  /** What is waiting to be told, as one text; another text is another change. */
  readonly wanted: string;
  readonly first: number;
  readonly last: number;
}

export interface Waits {
  readonly idle: number;
  readonly max: number;
}

/** The state after seeing `wanted` (empty: nothing waits any more). */
export const seen = (state: Debounce | null, wanted: string, now: number): Debounce | null => {
  if (wanted === '') return null;
  if (state === null) return { wanted, first: now, last: now };
  return state.wanted === wanted ? state : { wanted, first: state.first, last: now };
};

/** Milliseconds until it may be told; 0 or less: now. */
export const dueIn = (state: Debounce, { idle, max }: Waits, now: number): number =>
  Math.min(state.last + idle, state.first + max) - now;
