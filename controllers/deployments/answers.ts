/** What hosts have answered to events of Deployments: as it arrives, and listed where something may have been missed. */
import * as E from 'fp-ts/lib/Either.js';
import type { EventResult } from '../../api-types/kinds/lifecycle-event.js';
import { seconds } from '../../api-types/units.js';
import type { Clock } from '../../runtime/clock.js';
import type { Failure } from '../../runtime/failure.js';
import type { ResultsFeed } from '../results-feed.js';

/** A guard against a watch that lost something: while results are awaited, they are listed this often. */
export const RELIST = seconds(30);

type ByMachine = Map<string, EventResult>;

interface Listing {
  readonly fence: string;
  readonly epoch: number;
  readonly at: number;
}

export type AnswerTo = (event: string, machine: string) => EventResult | undefined;

const isOurs = ({ event }: EventResult): boolean => event.startsWith('release-');

export class Answers {
  /** By cluster, by event. */
  private readonly known = new Map<string, Map<string, ByMachine>>();
  /** Of each cluster, the keys of the controller that await something. */
  private readonly busy = new Map<string, Set<string>>();
  /** By key of the controller. */
  private readonly listings = new Map<string, Listing>();

  constructor(
    private readonly feed: () => ResultsFeed,
    private readonly clock: Clock,
  ) {}

  /** Clusters for which results are kept as they arrive. */
  watched(): readonly string[] {
    return [...this.known.keys()];
  }

  /** Nothing of this application is awaited any more; of a cluster that awaits nothing nothing is kept. */
  forget(key: string, events: readonly string[]): void {
    const cluster = clusterIn(key);
    this.listings.delete(key);
    for (const event of events) this.known.get(cluster)?.delete(event);
    const busy = this.busy.get(cluster);
    busy?.delete(key);
    if ((busy?.size ?? 0) > 0) return;
    this.busy.delete(cluster);
    this.known.delete(cluster);
  }

  /** From before something is told: no answer is missed. */
  private watch(key: string): void {
    const cluster = clusterIn(key);
    if (!this.known.has(cluster)) this.known.set(cluster, new Map());
    this.busy.set(cluster, (this.busy.get(cluster) ?? new Set()).add(key));
  }

  /** What is known of these events, and of others of the cluster that have arrived. */
  async read(key: string, fence: string, awaited: readonly string[]): Promise<E.Either<Failure, AnswerTo>> {
    const cluster = clusterIn(key);
    this.watch(key);
    this.take(cluster);
    const now = { fence, epoch: this.feed().epoch(), at: this.clock.monotonic() };
    if (awaited.length > 0 && this.isStale(this.listings.get(key), now)) {
      for (const event of awaited) {
        const listed = await this.feed().list(cluster, event);
        if (E.isLeft(listed)) return listed;
        for (const result of listed.right) this.note(cluster, result);
      }
      this.listings.set(key, now);
    }
    return E.right((event, machine) => this.known.get(cluster)?.get(event)?.get(machine));
  }

  private isStale(last: Listing | undefined, now: Listing): boolean {
    return last?.fence !== now.fence || last.epoch !== now.epoch || now.at - last.at >= RELIST;
  }

  private take(cluster: string): void {
    for (const result of this.feed().take(cluster)) if (isOurs(result)) this.note(cluster, result);
  }

  private note(cluster: string, result: EventResult): void {
    const events = this.known.get(cluster);
    if (events === undefined) return;
    const of = events.get(result.event) ?? new Map<string, EventResult>();
    events.set(result.event, of.set(result.machine, result));
  }
}

const clusterIn = (key: string): string => key.split('/')[0] ?? '';
