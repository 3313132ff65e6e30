/**
 * Drift: asks hosts from time to time what a run of their recipes would change, by Runs that only look, and keeps the
 * answer in a condition. Key: the cluster. Nothing is written while nothing changes but the Runs themselves, which go
 * once they are read.
 */
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import { audit, defer, from, groupBy, merge, mergeMap, timer, type Observable } from 'rxjs';
import { millis, seconds } from '../../api-types/units.js';
import type { Clock } from '../../runtime/clock.js';
import { runAfter, settled, type Controller, type Outcome } from '../../runtime/controller.js';
import type { Failure } from '../../runtime/failure.js';
import type { Log } from '../../runtime/log.js';
import type { Change, Fence, Live, Objects, Write } from '../../store/objects/objects.js';
import type { Ownership } from '../../store/ownership.js';
import { writeThrough } from '../write-through.js';
import { DRIFT_LABEL, observe, type Observed } from './observe.js';
import { copyOf, knownAfter, planDrift, type Check, type Memory } from './plan.js';
import { driftedWrites, sumOf, type Verdict } from './status.js';

export interface DriftDependencies {
  readonly objects: Objects;
  readonly ownership: Ownership;
  readonly clock: Clock;
  readonly log: Log;
}

/** Changes are gathered: a Run that ends moves many records. */
const GATHER = seconds(1);

/** A host that takes longer to say what it would do is told of as unknown. */
const CHECK_TIMEOUT_SECONDS = 300;

const KINDS: readonly string[] = ['Cluster', 'Run', 'Instance'];

const clusterOf = ({ ref }: Change): readonly string[] =>
  KINDS.includes(ref.kind) ? [ref.cluster ?? ref.name] : [];

const runOf = ({ cluster }: Observed, { label, instances }: Check, now: number): Write => ({
  write: 'create',
  ref: {
    kind: 'Run',
    cluster: cluster.ref.name,
    name: `drift-${label}-${Math.floor(now).toString(36)}`,
  },
  document: {
    labels: { [DRIFT_LABEL]: label },
    annotations: {},
    spec: { event: 'configure', dryRun: true, instances, timeoutSeconds: CHECK_TIMEOUT_SECONDS },
  },
});

const removal = ({ ref, specRevision }: Live<'Run'>): Write => ({
  write: 'delete',
  ref,
  unchangedSince: specRevision,
});

/** Of a cluster that is not looked after any more, nothing is said. */
const farewell = ({ cluster, instances, checks }: Observed, now: number): readonly Write[] => [
  ...instances.flatMap((instance) => driftedWrites(instance, null, now)),
  ...driftedWrites(cluster, null, now),
  ...checks.map(removal),
];

const conditionWrites = (
  observed: Observed,
  verdicts: ReadonlyMap<string, Verdict>,
  now: number,
): readonly Write[] => [
  ...observed.instances.flatMap((instance) => {
    const verdict = verdicts.get(instance.ref.name);
    return verdict === undefined ? [] : driftedWrites(instance, verdict, now);
  }),
  ...driftedWrites(observed.cluster, sumOf(knownAfter(observed, verdicts)), now),
];

class Drift implements Controller {
  readonly name = 'drift';
  readonly concurrency = 1;
  readonly wake$: Observable<string>;
  private readonly memories = new Map<string, Memory>();

  constructor(private readonly on: DriftDependencies) {
    const { objects, ownership, clock } = on;
    this.wake$ = merge(
      defer(() => from(objects.list('Cluster').map(({ ref }) => ref.name))),
      objects.changes$.pipe(mergeMap((changes) => [...new Set(changes.flatMap(clusterOf))])),
      ownership.changes$,
    ).pipe(
      groupBy((cluster) => cluster),
      mergeMap((wakes$) => wakes$.pipe(audit(() => timer(GATHER, clock.scheduler)))),
    );
  }

  reconcile(name: string): TaskEither<Failure, Outcome> {
    return async () => {
      const fence = this.on.ownership.of(name);
      const observed = fence === null ? null : observe(this.on.objects, name);
      if (fence === null || observed === null) {
        this.memories.delete(name);
        return E.right(settled);
      }
      return observed.interval === 0 ? this.ends(observed, fence) : this.looks(observed, fence);
    };
  }

  private async ends(observed: Observed, fence: Fence): Promise<E.Either<Failure, Outcome>> {
    this.memories.delete(observed.cluster.ref.name);
    const written = await writeThrough(this.on.objects, fence, farewell(observed, this.on.clock.now()));
    return E.isLeft(written) ? written : E.right(settled);
  }

  private async looks(observed: Observed, fence: Fence): Promise<E.Either<Failure, Outcome>> {
    const now = this.on.clock.now();
    const cluster = observed.cluster.ref.name;
    const memory = this.memoryOf(cluster, now);
    const { checks, verdicts, wait } = planDrift(observed, memory, now);
    const read = observed.checks.filter(({ status }) => status.finishedAt !== undefined);
    // what could not be written is found again: verdicts in Runs that are still there
    const written = await writeThrough(this.on.objects, fence, [
      ...conditionWrites(observed, verdicts, now),
      ...read.map(removal),
      ...checks.map((check) => runOf(observed, check, now)),
    ]);
    if (E.isLeft(written)) return written;
    this.memories.set(cluster, memory);
    for (const { label, instances } of checks)
      this.on.log.info('hosts are asked whether they have drifted', {
        cluster,
        group: label,
        hosts: instances.length,
      });
    return E.right(wait === Infinity ? settled : runAfter(millis(wait), 'hosts are to be asked'));
  }

  private memoryOf(cluster: string, now: number): Memory {
    const fresh = { since: now, asked: new Map(), answered: new Map(), again: new Map() };
    const known = this.memories.get(cluster) ?? fresh;
    this.memories.set(cluster, known);
    return copyOf(known);
  }
}

/** The controller that asks hosts whether they have drifted. */
export const driftController = (dependencies: DriftDependencies): Controller => new Drift(dependencies);
