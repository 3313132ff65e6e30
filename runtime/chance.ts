/** Chance, as an argument: the only file that draws random numbers or bytes. */
import { randomBytes } from 'node:crypto';

export interface Chance {
  /** A number in [0, 1). */
  number(): number;
  /** `count` random bytes; `seededChance`'s are predictable and only for tests and benchmarks. */
  bytes(count: number): Buffer;
}

export const systemChance: Chance = { number: Math.random, bytes: randomBytes };

/** The same draws for the same seed (mulberry32). */
export const seededChance = (seed: number): Chance => {
  let state = seed >>> 0;
  const number = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    number,
    bytes: (count) => Buffer.from(Array.from({ length: count }, () => Math.floor(number() * 256))),
  };
};

/** `count` random bytes as lower-case hex. */
export const hex = (chance: Chance, count: number): string => chance.bytes(count).toString('hex');
