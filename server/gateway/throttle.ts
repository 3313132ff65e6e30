/** Keeps whoever guesses from filling the log: refusals per remote address. Good credentials are never held up. */
import type { Clock } from '../../runtime/clock.js';

const BURST = 20;
const A_SECOND = 1;
/** Addresses remembered; over it all are forgotten, which only makes guessing a little cheaper. */
const REMEMBERED = 10_000;

export class Throttle {
  private readonly spent = new Map<string, { tokens: number; at: number }>();

  constructor(private readonly clock: Clock) {}

  /** Counts a refusal; false: this address was refused too often lately, its refusals need no log line each. */
  refused(address: string): boolean {
    const left = this.left(address);
    if (left < 1) return false;
    if (this.spent.size >= REMEMBERED) this.spent.clear();
    this.spent.set(address, { tokens: left - 1, at: this.clock.monotonic() });
    return true;
  }

  private left(address: string): number {
    const held = this.spent.get(address);
    if (held === undefined) return BURST;
    return Math.min(BURST, held.tokens + ((this.clock.monotonic() - held.at) / 1000) * A_SECOND);
  }
}
