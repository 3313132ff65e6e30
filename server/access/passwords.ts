/** Passwords: Argon2id on libuv's threads, a few at a time. */
import { hash, verify } from '@node-rs/argon2';
import type { Chance } from '../../runtime/chance.js';

/** OWASP's least for Argon2id; one at a time takes 19 MiB and tens of milliseconds. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 };
/** At once: libuv has four threads, and files and names are looked up on them too. */
const AT_ONCE = 2;
const WAITING = 64;

/** A hash that no password has: who is not there costs as much as who is. */
const NOBODY = `$argon2id$v=19$m=${String(COST.memoryCost)},t=${String(COST.timeCost)},p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`;

/** Hashes and checks passwords, two at a time, off the main thread. */
export class Passwords {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly chance: Chance) {}

  /** So many are being checked that one more would wait too long. */
  get busy(): boolean {
    return this.waiting.length >= WAITING;
  }

  hash(password: string): Promise<string> {
    return this.inTurn(() => hash(password, { ...COST, salt: this.chance.bytes(16) }));
  }

  /** `known` null: there is no such password; that takes as long. */
  async right(known: string | null, password: string): Promise<boolean> {
    const same = await this.inTurn(async () => {
      try {
        return await verify(known ?? NOBODY, password);
      } catch {
        return false;
      }
    });
    return same && known !== null;
  }

  private async inTurn<A>(work: () => Promise<A>): Promise<A> {
    // the turn is handed over: nobody who comes now gets in between
    if (this.running >= AT_ONCE) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.running += 1;
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.running -= 1;
      else next();
    }
  }
}
