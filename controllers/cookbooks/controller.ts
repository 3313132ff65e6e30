/**
 * Cookbooks: resolves each source of a Cluster once, packs it for hosts, and keeps the packs as long as a cluster names
 * them. Key: the cluster; or GLOBAL, for the files of this control plane, whoever owns the clusters.
 */
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import { tap, type Observable } from 'rxjs';
import { hours, minutes } from '../../api-types/units.js';
import { timestamp } from '../../runtime/clock.js';
import { runAfter, settled, type Controller, type Outcome } from '../../runtime/controller.js';
import { transient, type Failure } from '../../runtime/failure.js';
import type { Log } from '../../runtime/log.js';
import { eventWrite } from '../../store/objects/events.js';
import type { Fence, Live, Write } from '../../store/objects/objects.js';
import { GLOBAL } from '../../store/ownership.js';
import { Fetches, type FetchDependencies } from './fetches.js';
import { clusterOf, factsOf, namedDigests, wakeOn } from './observe.js';
import { planCookbooks } from './plan.js';
import { eventOf, isOfNow, problemsIn, statusPatch, stillMeant } from './status.js';
import type { StepOutcome } from './steps.js';

export interface CookbooksDependencies extends FetchDependencies {
  readonly log: Log;
}

const SWEEP_EVERY = hours(1);
const KEPT_FOR = hours(24);
/** To see that packs are still there. */
const LOOK_EVERY = minutes(10);

class Cookbooks implements Controller {
  readonly name = 'cookbooks';
  readonly wake$: Observable<string>;
  /** Most of them wait for servers of others; how many are fetched from at once is bounded apart. */
  readonly concurrency = 64;
  private readonly fetches: Fetches;

  constructor(private readonly on: CookbooksDependencies) {
    this.fetches = new Fetches(on);
    this.wake$ = wakeOn(on).pipe(
      tap((key) => {
        this.fetches.review(key);
      }),
    );
  }

  reconcile(key: string): TaskEither<Failure, Outcome> {
    return async () => {
      if (key === GLOBAL) return this.sweep();
      const fence = this.on.ownership.of(key);
      const cluster = clusterOf(this.on.objects, key);
      return fence === null || cluster === null ? E.right(settled) : this.run(cluster, fence);
    };
  }

  private async run(cluster: Live<'Cluster'>, fence: Fence): Promise<E.Either<Failure, Outcome>> {
    const { shelf, log, stopped } = this.on;
    const { name } = cluster.ref;
    const steps = planCookbooks(await factsOf(cluster, shelf));
    for (const { action, source } of steps)
      log.info('cookbooks', { cluster: name, action, source: source.name });
    const outcomes = await this.fetches.carryOut(name, steps);
    // what was cut off says nothing of the sources
    if (stopped.aborted) return E.right(settled);
    const written = await this.write(name, fence, outcomes);
    if (E.isLeft(written)) return written;
    return after(outcomes, (cluster.spec.cookbooks ?? []).length);
  }

  /** On the Cluster as it is now: fetching may have taken minutes. */
  private async write(
    name: string,
    fence: Fence,
    all: readonly StepOutcome[],
  ): Promise<E.Either<Failure, unknown>> {
    const { objects, clock, log } = this.on;
    const cluster = clusterOf(objects, name);
    if (cluster === null) return E.right(null);
    const outcomes = stillMeant(cluster, all);
    const now = clock.now();
    const patch = statusPatch({ cluster, outcomes, now: timestamp(now) });
    const status: readonly Write[] =
      Object.keys(patch).length === 0 ? [] : [{ write: 'status', ref: cluster.ref, patch }];
    const events = outcomes
      .filter(isOfNow)
      .flatMap((one) => eventWrite(objects, eventOf({ cluster }, one), now) ?? []);
    for (const outcome of outcomes)
      if (outcome._tag === 'Failed' && !isOfNow(outcome))
        log.info('a pack of before is lost', { cluster: name, problem: outcome.problem });
    if (status.length + events.length === 0) return E.right(null);
    const written = await objects.write(fence, [...status, ...events])();
    if (E.isRight(written)) await objects.caughtUp(written.right);
    return written;
  }

  private async sweep(): Promise<E.Either<Failure, Outcome>> {
    const { shelf, objects, log } = this.on;
    const removed = await shelf.sweep(namedDigests(objects), KEPT_FOR);
    if (removed.length > 0) log.info('packs that no cluster names are removed', { digests: removed });
    return E.right(runAfter(SWEEP_EVERY, 'packs that no cluster names'));
  }
}

const after = (outcomes: readonly StepOutcome[], sources: number): E.Either<Failure, Outcome> => {
  const problems = problemsIn(outcomes);
  if (problems.length > 0) return E.left(transient('Unresolved', problems.join('; '), { outside: true }));
  return E.right(sources === 0 ? settled : runAfter(LOOK_EVERY, 'to see that packs are there'));
};

/** The controller that resolves cookbooks. */
export const cookbooksController = (dependencies: CookbooksDependencies): Controller =>
  new Cookbooks(dependencies);
