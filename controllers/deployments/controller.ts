/**
 * Deployments: brings what people want of an application onto its hosts, batch by batch. Key: `<cluster>/<application>`;
 * or GLOBAL, for the packs of this control plane. All state is in records (Deployments, Applications, Instances and the
 * events that hosts were told); what is in memory is on its way, and is begun again when it is lost.
 */
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import {
  audit,
  defer,
  filter,
  from,
  groupBy,
  ignoreElements,
  merge,
  mergeMap,
  of,
  timer,
  type Observable,
} from 'rxjs';
import { hours, millis } from '../../api-types/units.js';
import { runAfter, settled, soonest, type Controller, type Outcome } from '../../runtime/controller.js';
import type { Failure } from '../../runtime/failure.js';
import { createPace } from '../../runtime/pace.js';
import type { Fence } from '../../store/objects/objects.js';
import { GLOBAL, type Ownership } from '../../store/ownership.js';
import type { Store } from '../../store/store.js';
import { resultsFeed, type ResultsFeed } from '../results-feed.js';
import { writeThrough } from '../write-through.js';
import type { Plan, Step } from './actions.js';
import { Answers, RELIST } from './answers.js';
import { Fetches, type FetchDependencies } from './fetches.js';
import { Measurements, prometheus, type Metrics } from './metrics.js';
import { awaitedIn, endedEvents, isBusy, observe, withAnswers, type Seen } from './observe.js';
import { Packs } from './packs.js';
import { Patience } from './patience.js';
import { planDeployments } from './plan.js';
import { beginSteps, endings, sorted, type Carrying } from './steps.js';
import { keysOfChanges, keysOfCluster } from './wakes.js';

export interface DeploymentsDependencies extends FetchDependencies {
  readonly store: Store;
  readonly ownership: Ownership;
  readonly metrics?: Metrics;
}

const SWEEP_EVERY = hours(1);
/** Changes that follow each other within it are looked at together; a host's next step waits no longer than that. */
const GATHER = 5;
const GATHER_A_HOST = 0.1;

class Deployments implements Controller {
  readonly name = 'deployments';
  readonly concurrency = 8;
  readonly wake$: Observable<string>;
  private readonly feed: ResultsFeed;
  private readonly answers: Answers;
  private readonly fetches: Fetches;
  private readonly measurements: Measurements;
  private readonly packs: Packs;
  private readonly patience: Patience;
  private readonly pace = createPace();
  /** The owner key's revision that the cache has been waited for. */
  private readonly fences = new Map<string, string>();

  constructor(private readonly on: DeploymentsDependencies) {
    const { store, clock, log } = on;
    this.answers = new Answers(() => this.feed, clock);
    this.feed = resultsFeed({ store, clock, log, watched: () => this.answers.watched() });
    this.patience = new Patience(clock);
    this.fetches = new Fetches(on);
    this.measurements = new Measurements(on.metrics ?? prometheus(clock), clock);
    this.packs = new Packs(on);
    this.wake$ = this.wakes();
  }

  private wakes(): Observable<string> {
    const { objects, ownership, artifacts, clock } = this.on;
    const all = (cluster: string): readonly string[] => keysOfCluster(objects, cluster);
    const keys$ = merge(
      defer(() => from(objects.list('Cluster').flatMap(({ ref }) => all(ref.name)))),
      objects.changes$.pipe(mergeMap((changes) => keysOfChanges(objects, changes))),
      ownership.changes$.pipe(
        filter((cluster) => cluster !== GLOBAL),
        mergeMap(all),
      ),
      this.feed.arrived$.pipe(mergeMap(all)),
      this.fetches.done$,
      this.measurements.done$,
    ).pipe(
      groupBy((key) => key),
      mergeMap((wakes$) => wakes$.pipe(audit((key) => timer(this.pause(key), clock.scheduler)))),
    );
    const lost$ = artifacts.lacking$.pipe(
      mergeMap((cluster) => this.packs.mend(cluster)),
      ignoreElements(),
    );
    return merge(of(GLOBAL), keys$, lost$);
  }

  private pause(key: string): number {
    const [cluster = ''] = key.split('/');
    const hosts = this.on.objects.list('Instance', cluster).length;
    return Math.max(GATHER + hosts * GATHER_A_HOST, this.pace.apart(cluster));
  }

  reconcile(key: string): TaskEither<Failure, Outcome> {
    return async () => {
      if (key === GLOBAL) {
        const swept = await this.packs.sweep();
        if (E.isLeft(swept)) return swept;
        return E.right(runAfter(SWEEP_EVERY, 'packs that no release names'));
      }
      const [cluster = '', name = ''] = key.split('/');
      const fence = this.on.ownership.of(cluster);
      if (fence !== null) await this.caughtUpWith(cluster, fence);
      const seen = fence === null ? null : observe(this.on.objects, cluster, name);
      if (fence === null || seen === null) {
        this.leave(key, cluster);
        return E.right(settled);
      }
      return this.run(key, seen, fence);
    };
  }

  /** What a predecessor wrote is in the store before the owner key is ours. */
  private async caughtUpWith(cluster: string, fence: Fence): Promise<void> {
    const { target, equals } = fence.compare;
    const mark = JSON.stringify(fence.compare);
    if (this.fences.get(cluster) === mark) return;
    if (target === 'create' && typeof equals === 'number') await this.on.objects.caughtUp(equals);
    this.fences.set(cluster, mark);
  }

  private leave(key: string, cluster: string): void {
    this.fetches.dropAll(key);
    this.answers.forget(key, []);
    this.patience.forget(key);
    this.fences.delete(cluster);
    this.pace.forget(key);
  }

  private async run(key: string, seen: Seen, fence: Fence): Promise<E.Either<Failure, Outcome>> {
    const { clock } = this.on;
    const awaited = awaitedIn(seen);
    const answerTo = await this.heard(key, seen, { fence, awaited });
    if (E.isLeft(answerTo)) return answerTo;
    const begun = clock.monotonic();
    const now = clock.now();
    const known = {
      now,
      answerTo: answerTo.right,
      fetchedFor: (uid: string) => this.fetches.of(uid),
      measuredFor: (uid: string) => this.measurements.of(uid),
      waitedFor: this.patience.look(key, JSON.stringify(fence.compare), seen),
    };
    const plan = planDeployments(withAnswers(seen, known));
    this.pace.spent(key, clock.monotonic() - begun);
    const { fetches, measurements } = this;
    const carrying: Carrying = {
      key,
      cluster: seen.cluster,
      objects: this.on.objects,
      fetches,
      measurements,
      now,
    };
    const done = await this.carryOut(carrying, fence, plan.steps);
    if (E.isLeft(done)) return done;
    return E.right(outcomeOf(plan, awaited));
  }

  private async heard(
    key: string,
    seen: Seen,
    { fence, awaited }: { readonly fence: Fence; readonly awaited: readonly string[] },
  ): ReturnType<Answers['read']> {
    if (!isBusy(seen)) {
      this.answers.forget(key, endedEvents(seen));
      return E.right(() => undefined);
    }
    return this.answers.read(key, JSON.stringify(fence.compare), awaited);
  }

  private async carryOut(
    on: Carrying,
    fence: Fence,
    steps: readonly Step[],
  ): Promise<E.Either<Failure, null>> {
    const { before, together, after } = sorted(on, steps);
    for (const writes of [before, together]) {
      const written = await writeThrough(this.on.objects, fence, writes);
      if (E.isLeft(written)) return written;
    }
    beginSteps(on, after);
    this.tell(on, steps);
    return E.right(null);
  }

  private tell({ cluster }: Carrying, steps: readonly Step[]): void {
    const { log } = this.on;
    for (const step of steps)
      if (step.action === 'order')
        log.info('hosts are told', {
          cluster: cluster.ref.name,
          event: step.name,
          targets: step.targets.length,
          cause: step.cause,
        });
    for (const { name, phase } of endings(steps))
      log.info('a Deployment has ended', { cluster: cluster.ref.name, deployment: name, phase });
  }
}

const outcomeOf = ({ wait }: Plan, awaited: readonly string[]): Outcome =>
  soonest([
    wait === null ? settled : runAfter(millis(wait.after), wait.why),
    awaited.length > 0 ? runAfter(RELIST, 'results are awaited') : settled,
  ]);

/** The controller that carries Deployments out. */
export const deploymentsController = (dependencies: DeploymentsDependencies): Controller =>
  new Deployments(dependencies);
