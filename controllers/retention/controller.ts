/**
 * Retention: forgets core Events, life-cycle events with their results, Runs, Deployments, and snapshots that nothing
 * names. Key: the cluster; or GLOBAL, for what is left of clusters that are gone and for events of no cluster.
 */
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import { defer, from, merge, mergeMap, type Observable } from 'rxjs';
import { minutes } from '../../api-types/units.js';
import type { Clock } from '../../runtime/clock.js';
import { runAfter, settled, type Controller, type Outcome } from '../../runtime/controller.js';
import type { Failure } from '../../runtime/failure.js';
import type { Log } from '../../runtime/log.js';
import { RESULTS, recordKey, resultsOf, snapshotKey, snapshotsOf } from '../../store/keys.js';
import type { Live, Objects, Write } from '../../store/objects/objects.js';
import { GLOBAL, type Ownership } from '../../store/ownership.js';
import type { Compare, Operation } from '../../store/store.js';
import { planRetention, retentionSettings, type Pruning, type RetentionSettings } from './plan.js';

export interface RetentionDependencies {
  readonly objects: Objects;
  readonly ownership: Ownership;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings?: RetentionSettings;
}

const EVERY = minutes(1);

const forget = ({ ref, recordRevision }: Live): Write => ({
  write: 'forget',
  ref,
  unchangedSince: recordRevision,
});

const raw = (operation: Operation, compare: readonly Compare[] = []): Write => ({
  write: 'raw',
  compare,
  operation,
});

/**
 * A snapshot may be named again by an event that is being sent just now; that write also moves the Cluster's record,
 * so that comparing it keeps the snapshot.
 */
const snapshotWrites = (cluster: Live<'Cluster'>, digests: readonly string[]): readonly Write[] => {
  const same: Compare = { key: recordKey(cluster.ref), target: 'mod', equals: cluster.recordRevision };
  return digests.map((digest) => raw({ op: 'delete', key: snapshotKey(cluster.ref.name, digest) }, [same]));
};

/** Of these only the spec has to go: its record follows. */
const specWrites = (lives: readonly Live<'Run' | 'Deployment'>[]): readonly Write[] =>
  lives
    .filter(({ deletion, specRevision }) => deletion === null && specRevision > 0)
    .map(({ ref, specRevision }) => ({ write: 'delete', ref, unchangedSince: specRevision }));

const eventWrites = (name: string, { events, lifecycle, runs, deployments }: Pruning): readonly Write[] => [
  ...events.map(forget),
  ...lifecycle.flatMap((event) => [
    raw({ op: 'deletePrefix', prefix: resultsOf(name, event.ref.name) }),
    forget(event),
  ]),
  ...specWrites(runs),
  ...specWrites(deployments),
];

/** Everything that is beside the objects of a cluster that is gone. */
const leftovers = (name: string): readonly Write[] => [
  raw({ op: 'deletePrefix', prefix: `${RESULTS}${name}/` }),
  raw({ op: 'deletePrefix', prefix: snapshotsOf(name) }),
];

class Retention implements Controller {
  readonly name = 'retention';
  readonly concurrency = 1;
  readonly wake$: Observable<string>;
  private readonly settings: RetentionSettings;

  constructor(private readonly on: RetentionDependencies) {
    const { objects, ownership } = on;
    this.settings = on.settings ?? retentionSettings;
    const all = (): readonly string[] => [GLOBAL, ...objects.list('Cluster').map(({ ref }) => ref.name)];
    this.wake$ = merge(
      defer(() => from(all())),
      ownership.changes$.pipe(mergeMap((key) => [key])),
    );
  }

  reconcile(key: string): TaskEither<Failure, Outcome> {
    return async () => {
      const fence = this.on.ownership.of(key);
      if (fence === null) return E.right(settled);
      const writes = key === GLOBAL ? this.ofGone() : this.ofCluster(key);
      if (writes.length > 0) {
        const written = await this.on.objects.write(fence, writes)();
        if (E.isLeft(written)) return written;
        this.on.log.info('history pruned', { cluster: key, writes: writes.length });
      }
      return E.right(runAfter(EVERY, 'history grows old'));
    };
  }

  private plan(name: string, cluster: Live<'Cluster'> | null): Pruning {
    const { objects, clock } = this.on;
    const events = objects.list('Event', name);
    const lifecycle = objects.list('LifecycleEvent', name);
    const runs = objects.list('Run', name);
    const deployments = objects.list('Deployment', name);
    return planRetention({ cluster, events, lifecycle, runs, deployments, now: clock.now() }, this.settings);
  }

  private ofCluster(name: string): readonly Write[] {
    const cluster = this.on.objects.get({ kind: 'Cluster', cluster: null, name });
    if (cluster === null) return [];
    const pruning = this.plan(name, cluster);
    return [...eventWrites(name, pruning), ...snapshotWrites(cluster, pruning.snapshots)];
  }

  private ofGone(): readonly Write[] {
    const { objects } = this.on;
    const kinds = ['Event', 'LifecycleEvent', 'Run', 'Deployment'] as const;
    const history = kinds.flatMap((kind): readonly Live[] => objects.list(kind));
    const names = new Set(history.flatMap(({ ref }) => ref.cluster ?? []));
    const gone = [...names].filter((name) => objects.get({ kind: 'Cluster', cluster: null, name }) === null);
    return gone.flatMap((name) => {
      const pruning = this.plan(name, null);
      const last = pruning.lifecycle.length > 0 ? leftovers(name) : [];
      const told = [...pruning.events.map(forget), ...last, ...pruning.lifecycle.map(forget)];
      return [...told, ...specWrites(pruning.runs), ...specWrites(pruning.deployments)];
    });
  }
}

/** The controller that forgets what is old. */
export const retentionController = (dependencies: RetentionDependencies): Controller =>
  new Retention(dependencies);
