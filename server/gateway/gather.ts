/** Gathers what comes singly and hands it on together: many hosts, few writes. */
import type { Millis } from '../../api-types/units.js';
import type { Clock, Timer } from '../../runtime/clock.js';

export interface Gatherer<T> {
  add(item: T): void;
  /** Hands on what is there; resolves when all that was handed on is dealt with. */
  flush(): Promise<void>;
}

export interface GatherSettings {
  readonly clock: Clock;
  /** The longest an item waits. */
  readonly delay: Millis;
}

/** `deal` is never run twice at once: what comes meanwhile waits for the next time. It must not reject. */
export const gather = <T>(
  { clock, delay }: GatherSettings,
  deal: (items: readonly T[]) => Promise<void>,
): Gatherer<T> => {
  let items: T[] = [];
  let timer: Timer | null = null;
  let dealing: Promise<void> = Promise.resolve();
  const flush = (): Promise<void> => {
    timer?.cancel();
    timer = null;
    dealing = dealing.then(() => {
      const batch = items;
      items = [];
      return batch.length === 0 ? undefined : deal(batch);
    });
    return dealing;
  };
  const add = (item: T): void => {
    items.push(item);
    timer ??= clock.after(delay, () => {
      void flush();
    });
  };
  return { add, flush };
};
