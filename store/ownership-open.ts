/**
 * Owner leases: one store lease a process, one key a cluster under it. The key's create revision is the fence: it
 * changes when the key goes to another process, so a write that compares it fails from then on. How much lease is left
 * is counted on the monotonic clock from *before* the renewal was asked for, so it never ends later here than there.
 */
import * as E from 'fp-ts/lib/Either.js';
import { Subject, type Subscription } from 'rxjs';
import { millis, seconds, type Millis } from '../api-types/units.js';
import type { Chance } from '../runtime/chance.js';
import type { Clock, Timer } from '../runtime/clock.js';
import type { Log } from '../runtime/log.js';
import { ownerKey } from './keys.js';
import type { Fence, Objects } from './objects/objects.js';
import { clustersOf, clustersSeen } from './ownership-clusters.js';
import { GLOBAL, type Ownership } from './ownership.js';
import type { Store } from './store.js';

export interface OwnershipArguments {
  readonly store: Store;
  readonly objects: Objects;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  /**
   * Who this is, for people and for taking over: unique to what only one process can hold, as a data directory, so that
   * a restart takes its own keys over at once instead of waiting for the old lease.
   */
  readonly identity: string;
  /** How long a silent owner keeps its clusters. */
  readonly ttl: Millis;
}

export interface OpenedOwnership extends Ownership {
  start(): void;
  /** Gives everything up in order, so that a standby takes over at once. */
  close(): Promise<void>;
}

const OWNERS = ownerKey('');
const RETRY = seconds(1);

interface HeldLease {
  readonly id: string;
  /** On the monotonic clock. */
  validUntil: number;
}

class Owner implements OpenedOwnership {
  private readonly log: Log;
  private readonly changes = new Subject<string>();
  readonly changes$ = this.changes.asObservable();
  private lease: HeldLease | null = null;
  private readonly fences = new Map<string, Fence>();
  /** What was last told through changes$. */
  private readonly told = new Set<string>();
  private readonly wanted = new Set<string>([GLOBAL]);
  private readonly closing = new AbortController();
  private expiry: Timer | null = null;
  private awake = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private readonly subscriptions: Subscription[] = [];

  constructor(private readonly args: OwnershipArguments) {
    this.log = args.log.with({ component: 'ownership', identity: args.identity });
  }

  of(cluster: string): Fence | null {
    const fence = this.fences.get(cluster);
    return fence !== undefined && fence.left() > 0 ? fence : null;
  }

  start(): void {
    const { objects } = this.args;
    for (const cluster of clustersOf(objects)) this.wanted.add(cluster);
    this.subscriptions.push(
      objects.changes$.subscribe((changes) => {
        const fresh = clustersSeen(changes).filter((cluster) => !this.wanted.has(cluster));
        for (const cluster of fresh) this.wanted.add(cluster);
        if (fresh.length > 0) this.wake();
      }),
    );
    this.running = this.run();
  }

  async close(): Promise<void> {
    this.closing.abort();
    this.wake();
    for (const subscription of this.subscriptions) subscription.unsubscribe();
    await this.running;
    const { lease } = this;
    this.drop();
    if (lease !== null) await this.args.store.revokeLease(lease.id)();
    this.changes.complete();
  }

  private wake(): void {
    this.awake.abort();
  }

  private async run(): Promise<void> {
    const { clock, ttl, chance } = this.args;
    let renewAt = 0;
    let watching = this.watchOwners();
    while (!this.closing.signal.aborted) {
      this.awake = new AbortController();
      if (clock.monotonic() >= renewAt || this.lease === null) {
        const renewed = await this.keepLease();
        // a little chance, so that replicas do not all renew at the same moment
        renewAt = clock.monotonic() + (renewed ? (ttl / 3) * (0.9 + 0.2 * chance.number()) : RETRY);
      }
      if (watching.closed) watching = this.watchOwners();
      const claimed = this.lease === null || (await this.claimAll());
      this.tell();
      const wait = claimed ? renewAt - clock.monotonic() : Math.min(RETRY, renewAt - clock.monotonic());
      await clock.sleep(millis(Math.max(0, wait)), this.awake.signal);
    }
    watching.unsubscribe();
  }

  /** Wakes the loop when an owner's key goes. The loop asks anew when this breaks. */
  private watchOwners(): Subscription {
    return this.args.store.watch(OWNERS, this.args.objects.revision()).subscribe({
      next: ({ events }) => {
        const gone = events.filter((event) => event.type === 'delete');
        for (const { key, modRevision } of gone) this.lost(key.slice(OWNERS.length), modRevision);
        if (gone.length > 0) this.wake();
      },
      error: (cause: unknown) => {
        this.log.debug('the watch on owners broke', { cause });
      },
    });
  }

  /** Somebody deleted an owner key; if it was the one we hold, its fence is void. */
  private lost(cluster: string, revision: number): void {
    const held = this.fences.get(cluster)?.compare.equals;
    if (typeof held === 'number' && held < revision) this.fences.delete(cluster);
  }

  /** False: not renewed, try again soon. */
  private async keepLease(): Promise<boolean> {
    const { store, clock, ttl } = this.args;
    const asked = clock.monotonic();
    if (this.lease === null) {
      const granted = await store.grantLease(ttl)();
      if (E.isLeft(granted)) {
        this.log.warn('no owner lease to be had; trying again', { cause: granted.left });
        return false;
      }
      this.lease = { id: granted.right.id, validUntil: 0 };
      this.extend(this.lease, asked);
      return true;
    }
    const { lease } = this;
    const renewed = await store.renewLease(lease.id)();
    if (E.isLeft(renewed)) {
      this.log.warn('the owner lease was not renewed; trying again', { cause: renewed.left });
      return false;
    }
    if (renewed.right) this.extend(lease, asked);
    else {
      this.log.warn('the owner lease has ended');
      this.drop();
    }
    return renewed.right;
  }

  private extend(lease: HeldLease, asked: number): void {
    const { clock, ttl } = this.args;
    lease.validUntil = asked + ttl;
    this.expiry?.cancel();
    this.expiry = clock.after(millis(Math.max(0, lease.validUntil - clock.monotonic())), () => {
      this.tell();
    });
  }

  /** The lease is no more: every fence made under it ends. */
  private drop(): void {
    if (this.lease !== null) this.lease.validUntil = -Infinity;
    this.lease = null;
    this.expiry?.cancel();
    this.fences.clear();
    this.tell();
  }

  /** False: something was not claimed that might be had soon. */
  private async claimAll(): Promise<boolean> {
    let all = true;
    for (const cluster of this.wanted) {
      const { lease } = this;
      if (lease === null || this.closing.signal.aborted) return false;
      if (this.fences.has(cluster)) continue;
      all = (await this.claim(cluster, lease)) && all;
    }
    return all;
  }

  private async claim(cluster: string, lease: HeldLease): Promise<boolean> {
    const { store, clock, identity } = this.args;
    const key = ownerKey(cluster);
    const claimed = await store.txn({
      compare: [{ key, target: 'create', equals: 0 }],
      then: [{ op: 'put', key, value: JSON.stringify({ identity }), lease: lease.id }],
    })();
    if (E.isLeft(claimed)) return false;
    if (!claimed.right.succeeded) return this.standBy(key, lease);
    this.fences.set(cluster, {
      compare: { key, target: 'create', equals: claimed.right.revision },
      left: () => lease.validUntil - clock.monotonic(),
    });
    return true;
  }

  /** Somebody owns it: ours from before a restart, or our own claim whose answer was lost, is taken back; else we wait. */
  private async standBy(key: string, lease: HeldLease): Promise<boolean> {
    const { store, identity } = this.args;
    const read = await store.get(key)();
    if (E.isLeft(read) || read.right === null) return false;
    const { value, modRevision, lease: heldBy } = read.right;
    if (value !== JSON.stringify({ identity }) && heldBy !== lease.id) return true;
    this.log.info('taking back an owner key of ours', { key });
    // delete and create, never put: only a new create revision fences off what may be left of the last owner
    await store.txn({
      compare: [{ key, target: 'mod', equals: modRevision }],
      then: [{ op: 'delete', key }],
    })();
    return false;
  }

  /** Tells who follows ownership what was gained and lost since the last time. */
  private tell(): void {
    for (const cluster of new Set([...this.told, ...this.fences.keys()])) {
      const owned = this.of(cluster) !== null;
      if (owned === this.told.has(cluster)) continue;
      if (owned) this.told.add(cluster);
      else this.told.delete(cluster);
      this.log.info(owned ? 'owns the cluster now' : 'owns the cluster no more', { cluster });
      this.changes.next(cluster);
    }
  }
}

/** Ownership of clusters by this process; claims nothing before `start()`. */
export const openOwnership = (args: OwnershipArguments): OpenedOwnership => new Owner(args);
