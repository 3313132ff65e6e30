/** Results as gateways write them: watched from one revision on; what may have been missed is listed again. */
import * as E from 'fp-ts/lib/Either.js';
import { Observable, concatMap, defer, from, map, mergeMap, retry, tap, timer } from 'rxjs';
import { ResultChunk, type EventResult } from '../api-types/kinds/lifecycle-event.js';
import type { Clock } from '../runtime/clock.js';
import type { Failure } from '../runtime/failure.js';
import type { Log } from '../runtime/log.js';
import { RESULTS, resultsOf } from '../store/keys.js';
import type { KeyValue, RevisionEvents, Store } from '../store/store.js';

export interface ResultsFeed {
  /** Clusters for which results have arrived, or may have been missed. */
  readonly arrived$: Observable<string>;
  /** Grows whenever something may have been missed: then pending events are listed again. */
  epoch(): number;
  /** What has arrived since the last take. */
  take(cluster: string): readonly EventResult[];
  /** Everything stored of one event. */
  list(cluster: string, event: string): Promise<E.Either<Failure, readonly EventResult[]>>;
}

export interface FeedOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** Clusters that somebody looks at: results of others are not kept. */
  readonly watched: () => readonly string[];
}

const RETRY_MS = 1000;

class Feed implements ResultsFeed {
  private readonly arrived = new Map<string, EventResult[]>();
  private missed = 0;
  readonly arrived$: Observable<string>;

  constructor(private readonly options: FeedOptions) {
    const { clock, log } = options;
    this.arrived$ = defer(() => from(this.begin())).pipe(
      concatMap(({ revision }) => this.watchFrom(revision)),
      retry({
        delay: (error: unknown) => {
          log.warn('the watch on results broke; watching again', { error });
          return timer(RETRY_MS, clock.scheduler);
        },
      }),
    );
  }

  epoch(): number {
    return this.missed;
  }

  take(cluster: string): readonly EventResult[] {
    const found = this.arrived.get(cluster) ?? [];
    this.arrived.delete(cluster);
    return found;
  }

  async list(cluster: string, event: string): Promise<E.Either<Failure, readonly EventResult[]>> {
    const listed = await this.options.store.list(resultsOf(cluster, event))();
    return E.map(({ items }: { readonly items: readonly KeyValue[] }) =>
      items.flatMap((kv) => this.decode(kv)),
    )(listed);
  }

  private async begin(): Promise<{ readonly revision: number }> {
    const status = await this.options.store.status()();
    if (E.isLeft(status)) throw new Error(status.left.message, { cause: status.left });
    return status.right;
  }

  /** The stream starts with everybody who looks: whatever came before this revision must be listed. */
  private watchFrom(revision: number): Observable<string> {
    return new Observable<string>((subscriber) => {
      this.missed += 1;
      for (const cluster of this.options.watched()) subscriber.next(cluster);
      const inner = this.options.store
        .watch(RESULTS, revision)
        .pipe(
          map((events) => this.sort(events)),
          mergeMap((clusters) => clusters),
          tap({
            complete: () => {
              throw new Error('the watch ended');
            },
          }),
        )
        .subscribe(subscriber);
      return inner;
    });
  }

  private sort({ events }: RevisionEvents): readonly string[] {
    const touched = new Set<string>();
    const watched = new Set(this.options.watched());
    for (const event of events) {
      if (event.type !== 'put') continue;
      const cluster = event.kv.key.slice(RESULTS.length).split('/')[0] ?? '';
      if (!watched.has(cluster)) continue;
      this.arrived.set(cluster, [...(this.arrived.get(cluster) ?? []), ...this.decode(event.kv)]);
      touched.add(cluster);
    }
    return [...touched];
  }

  private decode(kv: KeyValue): readonly EventResult[] {
    const chunk = ResultChunk.decode(parsed(kv.value));
    if (E.isRight(chunk)) return chunk.right.results;
    this.options.log.error('a result chunk that nobody can read', { key: kv.key });
    return [];
  }
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
};

/** The results feed; it watches while somebody is subscribed to `arrived$`. */
export const resultsFeed = (options: FeedOptions): ResultsFeed => new Feed(options);
