/**
 * Lifecycle: tells hosts of their life-cycle events, and reads what became of it. Key: the cluster. All state
 * is in records (events, Instance status, the Cluster's snapshot pointer); what is in memory here is only what they
 * say, kept to be read fast, and is thrown away whenever a write fails.
 */
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import { EMPTY, audit, defer, from, groupBy, merge, mergeMap, timer, type Observable } from 'rxjs';
import type { EventResult } from '../../api-types/kinds/lifecycle-event.js';
import { seconds } from '../../api-types/units.js';
import type { Clock } from '../../runtime/clock.js';
import { runAfter, settled, soonest, type Controller, type Outcome } from '../../runtime/controller.js';
import type { Failure } from '../../runtime/failure.js';
import type { Hosts } from '../../runtime/hosts.js';
import type { Log } from '../../runtime/log.js';
import { createPace } from '../../runtime/pace.js';
import { takeTurns } from '../../runtime/turns.js';
import type { Fence, Objects } from '../../store/objects/objects.js';
import type { Ownership } from '../../store/ownership.js';
import type { Store } from '../../store/store.js';
import type { Debounce } from './debounce.js';
import { resultsFeed, type ResultsFeed } from '../results-feed.js';
import { writeThrough } from '../write-through.js';
import { membersOf, observe, openRuns, type Observed } from './observe.js';
import { planLifecycle, type Plan } from './plan.js';
import { awaited, isAwaited, recall, type Recalled } from './recall.js';
import { awaitedRuns } from './run-verdicts.js';
import { runExpiry, runWrites } from './runs.js';
import { note } from './sent.js';
import { lifecycleSettings, type LifecycleSettings } from './settings.js';
import { clustersOf } from './wakes.js';
import { clusterWrites, memberWrite, sendingOf } from './steps.js';
import { toldWrites } from './told.js';

export interface LifecycleDependencies {
  readonly objects: Objects;
  readonly store: Store;
  readonly ownership: Ownership;
  readonly hosts: Hosts;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings?: LifecycleSettings;
  /** The load balancers that a cluster has at its cloud, membership's to keep; none unless told. */
  readonly balancersOf?: (cluster: string) => readonly unknown[];
}

/** What is known of one cluster under one fence. */
interface Memory extends Recalled {
  readonly fence: string;
  debounce: Debounce | null;
  /** The feed's epoch when pending results were last listed, and when (monotonic). */
  listedEpoch: number;
  listedAt: number;
}

/** A guard against a watch that lost something: while results are awaited, they are listed this often. */
const RELIST = seconds(30);

class Lifecycle implements Controller {
  readonly name = 'lifecycle';
  readonly wake$: Observable<string>;
  private readonly memories = new Map<string, Memory>();
  private readonly doomed = new Map<string, string>();
  private readonly pace = createPace();
  private readonly feed: ResultsFeed;
  private readonly settings: LifecycleSettings;

  constructor(private readonly on: LifecycleDependencies) {
    this.settings = on.settings ?? lifecycleSettings;
    const { store, clock, log } = on;
    this.feed = resultsFeed({ store, clock, log, watched: () => [...this.memories.keys()] });
    this.wake$ = merge(
      defer(() => from(on.objects.list('Cluster').map(({ ref }) => ref.name))),
      on.objects.changes$.pipe(mergeMap((changes) => clustersOf(on.objects, changes))),
      on.ownership.changes$,
      this.feed.arrived$,
      on.hosts.changes$.pipe(mergeMap((machine) => this.clusterOfDoomed(machine))),
    ).pipe(
      groupBy((cluster) => cluster),
      mergeMap((wakes$) => wakes$.pipe(audit((cluster) => timer(this.pause(cluster), clock.scheduler)))),
    );
  }

  reconcile(cluster: string): TaskEither<Failure, Outcome> {
    return async () => {
      const fence = this.on.ownership.of(cluster);
      const atCloud = (this.on.balancersOf?.(cluster) ?? []).length > 0;
      const observed = fence === null ? null : observe(this.on.objects, cluster, atCloud);
      if (fence === null || observed === null) {
        this.memories.delete(cluster);
        this.pace.forget(cluster);
        return E.right(settled);
      }
      const outcome = await this.run(observed, fence);
      if (E.isLeft(outcome)) this.memories.delete(cluster);
      return outcome;
    };
  }

  /** Wakes are gathered for a moment, longer in a large cluster: a run looks at all of its hosts. */
  private pause(cluster: string): number {
    const hosts = this.on.objects.list('Instance', cluster).length;
    return Math.max(20 + hosts / 10, this.pace.apart(cluster));
  }

  private clusterOfDoomed(machine: string): Observable<string> {
    const cluster = this.doomed.get(machine);
    return cluster === undefined ? EMPTY : from([cluster]);
  }

  private async run(observed: Observed, fence: Fence): Promise<E.Either<Failure, Outcome>> {
    const { clock, hosts } = this.on;
    const memory = await this.remember(observed, fence);
    if (E.isLeft(memory)) return memory;
    const { sent } = memory.right;
    const results = await this.results(observed, memory.right);
    if (E.isLeft(results)) return results;
    const now = clock.now();
    const turns = takeTurns(clock);
    const members = membersOf(observed, { results: results.right, sent, now });
    this.noteDoomed(observed);
    const input = {
      observed,
      members,
      sent,
      connected: (machine: string) => hosts.get(machine)?.connected === true,
      now,
      elapsed: clock.monotonic(),
      debounce: memory.right.debounce,
      settings: this.settings,
    };
    const plan = await planLifecycle(input, turns);
    const done = await this.send(plan, memory.right, { observed, fence });
    if (E.isLeft(done)) return done;
    // read again: those that were told just now have their events
    const runs = openRuns(this.on.objects, observed.cluster.ref.name);
    const told = { runs, members, results: results.right, now };
    const ofMembers = await turns.map(members, memberWrite(now));
    this.pace.spent(observed.cluster.ref.name, turns.spent());
    const writes = [
      ...ofMembers.filter((write) => write !== null),
      ...clusterWrites(observed.cluster, members, plan.unconfirmed, now),
      ...runWrites(told),
      ...toldWrites(plan.told),
    ];
    const written = await writeThrough(this.on.objects, fence, writes);
    if (E.isLeft(written)) return written;
    const waits = isAwaited(observed.instances, sent) || awaitedRuns(runs).length > 0;
    const relist = waits ? runAfter(RELIST, 'results are awaited') : settled;
    return E.right(soonest([plan.next, relist, runExpiry(runs, now)]));
  }

  private async send(
    plan: Plan,
    memory: Memory,
    { observed, fence }: { readonly observed: Observed; readonly fence: Fence },
  ): Promise<E.Either<Failure, null>> {
    if (plan.events.length === 0) {
      memory.debounce = plan.debounce;
      return E.right(null);
    }
    const cluster = observed.cluster.ref.name;
    const now = this.on.clock.now();
    const sending = sendingOf(plan, { cluster, last: memory.snapshot, sent: memory.sent, now });
    const written = await writeThrough(this.on.objects, fence, sending.writes);
    if (E.isLeft(written)) return written;
    memory.debounce = plan.debounce;
    memory.snapshot = sending.snapshot;
    for (const { name, planned } of sending.events) {
      this.on.log.info('event sent', {
        cluster,
        event: name,
        targets: planned.targets.length,
        cause: planned.cause,
      });
      if (planned.run !== undefined || planned.event === 'undeploy') continue;
      const expiresAt = now + planned.timeoutSeconds * 1000;
      for (const { machine } of planned.targets) {
        const input = planned.inputs.get(machine) ?? null;
        note(memory.sent, machine, planned.event, { event: name, at: now, expiresAt, input });
      }
    }
    return E.right(null);
  }

  /** A host driver reports a doomed machine's agent back: its shutdown may be sent after all. */
  private noteDoomed({ cluster, instances }: Observed): void {
    const name = cluster.ref.name;
    for (const [machine, of] of this.doomed) if (of === name) this.doomed.delete(machine);
    for (const { status } of instances)
      for (const { machine } of status.doomed ?? []) this.doomed.set(machine, name);
  }

  private async remember(observed: Observed, fence: Fence): Promise<E.Either<Failure, Memory>> {
    const cluster = observed.cluster.ref.name;
    const key = JSON.stringify(fence.compare);
    const known = this.memories.get(cluster);
    if (known?.fence === key) return E.right(known);
    // what a predecessor sent is in the store before the owner key is ours: recalled from an older cache it is sent twice
    const { target, equals } = fence.compare;
    if (target === 'create' && typeof equals === 'number') await this.on.objects.caughtUp(equals);
    const recalled = await recall(this.on, observed);
    if (E.isLeft(recalled)) return recalled;
    const memory = { ...recalled.right, fence: key, debounce: null, listedEpoch: -1, listedAt: 0 };
    this.memories.set(cluster, memory);
    return E.right(memory);
  }

  /** What has arrived; and, when something may have been missed, everything stored of events that wait. */
  private async results(
    observed: Observed,
    memory: Memory,
  ): Promise<E.Either<Failure, readonly EventResult[]>> {
    const cluster = observed.cluster.ref.name;
    const epoch = this.feed.epoch();
    const now = this.on.clock.monotonic();
    const arrived = this.feed.take(cluster);
    if (memory.listedEpoch === epoch && now - memory.listedAt < RELIST) return E.right(arrived);
    const listed = [...arrived];
    for (const event of [...awaited(observed.instances, memory.sent), ...awaitedRuns(observed.runs)]) {
      const found = await this.feed.list(cluster, event);
      if (E.isLeft(found)) return found;
      listed.push(...found.right);
    }
    memory.listedEpoch = epoch;
    memory.listedAt = now;
    return E.right(listed);
  }
}

/** The controller that tells hosts of their life-cycle events. */
export const lifecycleController = (dependencies: LifecycleDependencies): Controller =>
  new Lifecycle(dependencies);
