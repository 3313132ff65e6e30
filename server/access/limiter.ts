/** How often something may fail: a bucket of tries per key, refilled over time. */
import type { Millis } from '../../api-types/units.js';
import type { Clock } from '../../runtime/clock.js';

/** Keys remembered; beyond it the one that was used longest ago is forgotten. */
const REMEMBERED = 20_000;

export interface Bounds {
  /** Tries at once. */
  readonly burst: number;
  /** One more try comes back after this. */
  readonly every: Millis;
}

/** What counts as one client: whoever has an IPv6 address has the 2^64 that begin like it. */
export const clientOf = (address: string): string => {
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('%', 1)[0]?.split('::') ?? [];
  const [first, last] = [head, tail ?? ''].map((part) => (part === '' ? [] : part.split(':')));
  const groups = first ?? [];
  const missing = tail === undefined ? 0 : 8 - groups.length - (last ?? []).length;
  const all = [...groups, ...Array<string>(Math.max(0, missing)).fill('0'), ...(last ?? [])];
  return `${all.slice(0, 4).join(':')}::/64`;
};

/** A bucket of tries for each key. */
export class Limiter {
  private readonly spent = new Map<string, { readonly left: number; readonly at: number }>();

  constructor(
    private readonly clock: Clock,
    private readonly bounds: Bounds,
  ) {}

  /** Takes a try before the work is done, so that many at once count as many; gives seconds to wait, 0: go on. */
  take(key: string): number {
    const left = this.left(key);
    if (left < 1) return Math.max(1, Math.ceil(((1 - left) * this.bounds.every) / 1000));
    this.set(key, left - 1);
    return 0;
  }

  /** Gives a try back: it was none (the password was right). */
  giveBack(key: string): void {
    this.set(key, Math.min(this.bounds.burst, this.left(key) + 1));
  }

  private set(key: string, left: number): void {
    this.spent.delete(key);
    if (left >= this.bounds.burst) return;
    this.spent.set(key, { left, at: this.clock.monotonic() });
    const [oldest] = this.spent.keys();
    if (this.spent.size > REMEMBERED && oldest !== undefined) this.spent.delete(oldest);
  }

  private left(key: string): number {
    const held = this.spent.get(key);
    if (held === undefined) return this.bounds.burst;
    const back = (this.clock.monotonic() - held.at) / this.bounds.every;
    return Math.min(this.bounds.burst, held.left + back);
  }
}
