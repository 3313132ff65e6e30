/**
 * Watching without etcd3's watcher, which resumes with a gap. One bare stream a subscription: it gives everything
 * after a revision in order, and when anything happens to it, it ends with a Failure and the caller lists again.
 */
import type { IWatchResponse } from 'etcd3';
import * as E from 'fp-ts/lib/Either.js';
import { Observable, type Subscriber } from 'rxjs';
import type { Millis } from '../../api-types/units.js';
import type { Clock } from '../../runtime/clock.js';
import { transient, type Failure } from '../../runtime/failure.js';
import { requirePrefix } from '../limits.js';
import type { RevisionEvents } from '../store.js';
import type { EtcdClient, WatchStream } from './client.js';
import { byRevision, rangeOf } from './codec.js';
import { etcdFailure } from './failures.js';

const CREATED_WITHIN = 10_000 as Millis;

export interface WatchDependencies {
  readonly client: EtcdClient;
  readonly clock: Clock;
  /** Of the cluster that was opened: another one at the same address has another history. */
  readonly clusterId: string;
}

const lost = (why: string, cause?: unknown): Failure =>
  transient('WatchLost', `the watch on etcd was lost: ${why}; list again`, { cause });

const canceled = (response: IWatchResponse): Failure => {
  if (response.compact_revision === '0') return lost(response.cancel_reason || 'etcd canceled it');
  return transient('Compacted', `the history begins after revision ${response.compact_revision}; list again`);
};

/** One watch on one stream, from creation to its only end. */
class Watching {
  private stream: WatchStream | null = null;
  private ended = false;
  private last: number;

  constructor(
    private readonly to: WatchDependencies,
    private readonly subscriber: Subscriber<RevisionEvents>,
    private readonly prefix: string,
    private readonly after: number,
  ) {
    this.last = after;
  }

  async start(): Promise<void> {
    const { client, clock } = this.to;
    const timer = clock.after(CREATED_WITHIN, () => {
      this.fail(lost('etcd did not answer'));
    });
    this.subscriber.add(() => {
      timer.cancel();
      this.end();
    });
    try {
      const stream = await client.watchStream();
      this.stream = stream;
      this.listen(stream, () => {
        timer.cancel();
      });
    } catch (error) {
      this.fail(lost(etcdFailure(error).message, error));
    }
  }

  private listen(stream: WatchStream, created: () => void): void {
    stream.on('error', (error) => {
      this.fail(lost(error.message, error));
    });
    stream.on('end', () => {
      this.fail(lost('etcd ended the stream'));
    });
    stream.on('data', (response) => {
      // a throw in a listener of a stream would end the process
      try {
        if (response.created) created();
        this.take(response);
      } catch (error) {
        this.fail(lost('its events could not be read', error));
      }
    });
    if (this.ended) {
      stream.cancel();
      return;
    }
    // etcd says "compacted" when the first revision asked for is below the compacted one, but an event *at* that one
    // may be gone too. So the last revision that the caller knows is asked for as well, and dropped.
    const start_revision = Math.max(this.after, 1);
    stream.write({ create_request: { ...rangeOf(this.prefix), start_revision, fragment: false } });
  }

  private take(response: IWatchResponse): void {
    if (this.ended) return;
    if (response.canceled) {
      this.fail(canceled(response));
      return;
    }
    if (response.header.cluster_id !== this.to.clusterId) {
      this.fail(lost('another etcd cluster answers at this address now'));
      return;
    }
    if (response.created) void this.checkNotAhead(Number(response.header.revision));
    for (const group of byRevision(response.events)) this.give(group, response.events.length);
  }

  private give(group: RevisionEvents, size: number): void {
    if (this.ended || group.revision <= this.after) return;
    if (group.revision <= this.last) {
      this.fail(
        lost(`revision ${String(group.revision)} came in two pieces or twice (${String(size)} events)`),
      );
      return;
    }
    this.last = group.revision;
    this.subscriber.next(group);
  }

  /** A store that was put back to an earlier state would stay silent until it is where it was. */
  private async checkNotAhead(revision: number): Promise<void> {
    if (revision >= this.after) return;
    // a member that lags may say so too: ask for the truth
    const asked = { ...rangeOf(this.prefix), revision: this.after, limit: 1, keys_only: true };
    const answer = await this.to.client.reading(() => this.to.client.kv.range(asked));
    if (E.isLeft(answer)) this.fail(lost(answer.left.message, answer.left));
  }

  private fail(failure: Failure): void {
    if (this.ended) return;
    this.end();
    this.subscriber.error(failure);
  }

  private end(): void {
    this.ended = true;
    this.stream?.cancel();
  }
}

/** Events below `prefix` after a revision; see the port. */
export const watchEtcd = (
  to: WatchDependencies,
  prefix: string,
  after: number,
): Observable<RevisionEvents> => {
  requirePrefix(prefix);
  return new Observable((subscriber) => {
    void new Watching(to, subscriber, prefix, after).start();
  });
};

/** The revision up to which etcd's history is gone; only a watch from before it tells. */
export const compactedRevision = ({ client, clock }: WatchDependencies): Promise<number> =>
  new Promise((resolve, reject) => {
    const timer = clock.after(CREATED_WITHIN, () => {
      reject(new Error('etcd did not say which revision it is compacted to'));
    });
    const ask = async (): Promise<void> => {
      const stream = await client.watchStream();
      stream.on('error', reject);
      stream.on('data', (response) => {
        if (!response.canceled) return;
        timer.cancel();
        stream.cancel();
        resolve(Number(response.compact_revision));
      });
      stream.write({ create_request: { key: Buffer.from('\0'), start_revision: 1 } });
    };
    ask().catch(reject);
  });
