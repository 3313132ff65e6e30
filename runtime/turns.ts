/**
 * Long work in stretches. One thread serves everybody: whoever has much to do does a little, and lets the others have
 * their turn. However many have much to do, one of them goes on in each turn of the event loop, so that what is short
 * waits for one stretch at most.
 */
import { millis } from '../api-types/units.js';
import type { Clock } from './clock.js';

/** What is done at a stretch, in milliseconds. */
export const STRETCH = millis(2);

const waiting: (() => void)[] = [];

const next = (): void => {
  const goOn = waiting.shift();
  if (waiting.length > 0) setImmediate(next);
  goOn?.();
};

/** Resolves when it is the caller's turn to go on: after what came in meanwhile, and after those who asked before. */
export const turn = (): Promise<void> =>
  new Promise((resolve) => {
    waiting.push(resolve);
    if (waiting.length === 1) setImmediate(next);
  });

/** A long piece of work. */
export interface Turns {
  /** What `one` makes of each item, others having their turn in between. */
  map<A, B>(items: readonly A[], one: (item: A) => B): Promise<readonly B[]>;
  /** Milliseconds at work so far, without the turns of others. */
  spent(): number;
}

/** Begins a piece of work. */
export const takeTurns = (clock: Clock): Turns => {
  let spent = 0;
  return {
    map: async <A, B>(items: readonly A[], one: (item: A) => B): Promise<readonly B[]> => {
      const made: B[] = [];
      let begun = clock.monotonic();
      for (const item of items) {
        made.push(one(item));
        const stretch = clock.monotonic() - begun;
        if (stretch < STRETCH) continue;
        spent += stretch;
        await turn();
        begun = clock.monotonic();
      }
      spent += clock.monotonic() - begun;
      return made;
    },
    spent: () => spent,
  };
};
