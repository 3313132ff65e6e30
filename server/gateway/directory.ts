/** Which gateways are alive: each holds a key under its own lease, and all watch the keys. */
import * as E from 'fp-ts/lib/Either.js';
import { type Observable, Subject, type Subscription } from 'rxjs';
import { seconds } from '../../api-types/units.js';
import type { Clock } from '../../runtime/clock.js';
import type { Log } from '../../runtime/log.js';
import { GATEWAYS, gatewayKey } from '../../store/keys.js';
import type { KeyEvent, Store } from '../../store/store.js';

const LEASE = seconds(10);
const RENEW_EVERY = seconds(3);
const TRY_AGAIN = seconds(1);

export interface Directory {
  /** URL by id, this one's included; while the store is away, what was last known. */
  live(): ReadonlyMap<string, string>;
  /** Ids that came or went. */
  readonly changes$: Observable<{ readonly id: string; readonly alive: boolean }>;
  /** Takes this gateway out. */
  close(): Promise<void>;
}

export interface DirectoryDependencies {
  readonly store: Store;
  readonly id: string;
  readonly url: string;
  readonly clock: Clock;
  readonly log: Log;
}

const urlIn = (value: string): string | null => {
  try {
    const { url } = JSON.parse(value) as { readonly url?: unknown };
    return typeof url === 'string' ? url : null;
  } catch {
    return null;
  }
};

class LeasedDirectory implements Directory {
  private readonly known = new Map<string, string>();
  private readonly changes = new Subject<{ readonly id: string; readonly alive: boolean }>();
  readonly changes$ = this.changes.asObservable();
  private readonly stopping = new AbortController();
  private lease: string | null = null;
  private readonly renewing: Promise<void>;
  private readonly watching: Promise<void>;

  constructor(private readonly with_: DirectoryDependencies) {
    this.known.set(with_.id, with_.url);
    this.renewing = this.renew();
    this.watching = this.watch();
  }

  live(): ReadonlyMap<string, string> {
    return this.known;
  }

  async close(): Promise<void> {
    this.stopping.abort();
    await Promise.all([this.renewing, this.watching]);
    if (this.lease !== null) await this.with_.store.revokeLease(this.lease)();
  }

  private get stopped(): boolean {
    return this.stopping.signal.aborted;
  }

  private async renew(): Promise<void> {
    const { clock, log } = this.with_;
    while (!this.stopped) {
      const held = this.lease === null ? await this.register() : await this.keep(this.lease);
      if (!held) log.warn('this gateway is not in the directory: the store did not take its lease');
      await clock.sleep(held ? RENEW_EVERY : TRY_AGAIN, this.stopping.signal);
    }
  }

  private async register(): Promise<boolean> {
    const { store, id, url } = this.with_;
    const granted = await store.grantLease(LEASE)();
    if (E.isLeft(granted)) return false;
    const lease = granted.right.id;
    const put = { op: 'put', key: gatewayKey(id), value: JSON.stringify({ url }), lease } as const;
    const written = await store.txn({ compare: [], then: [put] })();
    if (E.isRight(written)) this.lease = lease;
    return E.isRight(written);
  }

  /** A lease that has ended is replaced at once; a store that does not answer is asked again. */
  private async keep(lease: string): Promise<boolean> {
    const renewed = await this.with_.store.renewLease(lease)();
    if (E.isLeft(renewed)) return false;
    if (renewed.right) return true;
    this.lease = null;
    return this.register();
  }

  private async watch(): Promise<void> {
    while (!this.stopped) {
      const listed = await this.with_.store.list(GATEWAYS)();
      if (E.isRight(listed)) {
        this.replace(new Map(listed.right.items.map(({ key, value }) => [key, value])));
        await this.follow(listed.right.revision);
      }
      await this.with_.clock.sleep(TRY_AGAIN, this.stopping.signal);
    }
  }

  /** Resolves when the watch broke or the directory closes. */
  private follow(after: number): Promise<void> {
    return new Promise((resolve) => {
      let subscription: Subscription | null = null;
      const end = (): void => {
        subscription?.unsubscribe();
        resolve();
      };
      this.stopping.signal.addEventListener('abort', end, { once: true });
      if (this.stopped) {
        end();
        return;
      }
      const over = (): void => {
        this.stopping.signal.removeEventListener('abort', end);
        resolve();
      };
      subscription = this.with_.store.watch(GATEWAYS, after).subscribe({
        next: ({ events }) => {
          for (const event of events) this.take(event);
        },
        error: over,
        complete: over,
      });
    });
  }

  private replace(items: ReadonlyMap<string, string>): void {
    for (const id of this.known.keys()) if (!items.has(gatewayKey(id))) this.gone(id);
    for (const [key, value] of items) this.found(key, value);
  }

  private take(event: KeyEvent): void {
    if (event.type === 'put') this.found(event.kv.key, event.kv.value);
    else this.gone(event.key.slice(GATEWAYS.length));
  }

  private found(key: string, value: string): void {
    const id = key.slice(GATEWAYS.length);
    const url = urlIn(value);
    if (url === null || this.known.get(id) === url) return;
    this.known.set(id, url);
    this.changes.next({ id, alive: true });
  }

  private gone(id: string): void {
    if (id === this.with_.id) return; // we are alive, whatever became of our lease
    if (this.known.delete(id)) this.changes.next({ id, alive: false });
  }
}

/** Registers this gateway and begins to watch for others. */
export const openDirectory = (dependencies: DirectoryDependencies): Directory =>
  new LeasedDirectory(dependencies);
