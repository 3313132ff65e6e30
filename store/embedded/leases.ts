/** Leases: which are alive is on disk, how long each still has is not: an opened store gives all of them their full time. */
import * as E from 'fp-ts/lib/Either.js';
import type { Millis } from '../../api-types/units.js';
import { hex, type Chance } from '../../runtime/chance.js';
import type { Clock, Timer } from '../../runtime/clock.js';
import type { Failure } from '../../runtime/failure.js';
import type { Log } from '../../runtime/log.js';
import type { Lease } from '../store.js';
import { removeKeys } from './apply.js';
import type { Committer } from './committer.js';
import type { Tables } from './tables.js';

interface Alive {
  readonly ttl: Millis;
  deadline: number;
  timer: Timer;
}

export interface LeaseDependencies {
  readonly tables: Tables;
  readonly committer: Committer;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
}

const SECOND = 1000;

export class Leases {
  private readonly alive = new Map<string, Alive>();
  private closed = false;

  constructor(private readonly to: LeaseDependencies) {
    for (const { id, ttl } of to.tables.leases()) this.arm(id, ttl as Millis);
  }

  async grant(wanted: Millis): Promise<E.Either<Failure, Lease>> {
    const ttl = Math.max(wanted, SECOND) as Millis;
    const id = hex(this.to.chance, 8);
    const granted = await this.to.committer.submit(0, () => {
      this.to.tables.setLease(id, ttl);
      return { events: null, answer: () => ({ id, ttl }) };
    });
    if (E.isRight(granted)) this.arm(id, ttl);
    return granted;
  }

  renew(id: string): boolean {
    const lease = this.alive.get(id);
    // a process that slept past the deadline must not revive what is about to be taken from it
    if (lease === undefined || this.to.clock.monotonic() >= lease.deadline) return false;
    lease.timer.cancel();
    this.arm(id, lease.ttl);
    return true;
  }

  /** Ends the lease and deletes its keys in one revision. */
  async revoke(id: string): Promise<E.Either<Failure, void>> {
    const ttl = this.alive.get(id)?.ttl;
    this.alive.get(id)?.timer.cancel();
    this.alive.delete(id);
    const ended = await this.to.committer.submit(0, (revision) => {
      const { tables } = this.to;
      const events = removeKeys(tables, revision, tables.leasedKeys(id));
      tables.removeLease(id);
      return { events, answer: () => undefined };
    });
    // its keys are still there: it must not be forgotten
    if (E.isLeft(ended) && ttl !== undefined && !this.closed) this.arm(id, ttl);
    return ended;
  }

  private arm(id: string, ttl: Millis): void {
    const deadline = this.to.clock.monotonic() + ttl;
    const timer = this.to.clock.after(ttl, () => {
      void this.expire(id);
    });
    this.alive.set(id, { ttl, deadline, timer });
  }

  private async expire(id: string): Promise<void> {
    const ended = await this.revoke(id);
    if (E.isLeft(ended))
      this.to.log.warn('could not end an expired lease', { lease: id, failure: ended.left });
  }

  close(): void {
    this.closed = true;
    for (const { timer } of this.alive.values()) timer.cancel();
    this.alive.clear();
  }
}
