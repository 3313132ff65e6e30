/**
 * Membership: load balancers of the cloud have exactly the hosts that serve. Key: the cluster. What is there is asked of the
 * cloud each time; when it cannot be asked nothing is changed. What was taken out because it was down is remembered for the
 * budget only.
 */
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import { audit, defer, filter, from, groupBy, merge, mergeMap, timer, type Observable } from 'rxjs';
import { millis, minutes, seconds } from '../../api-types/units.js';
import type { BatchOutcome } from '../../cloud/cloud.js';
import type { Clock } from '../../runtime/clock.js';
import { runAfter, settled, type Controller, type Outcome } from '../../runtime/controller.js';
import type { Failure } from '../../runtime/failure.js';
import type { Log } from '../../runtime/log.js';
import type { Change, Fence, Objects } from '../../store/objects/objects.js';
import type { Ownership } from '../../store/ownership.js';
import { awaitsMove, movedWrites, newlyMoved, type Looked } from './moved.js';
import { observe, verdictsFor, type Balancer, type Observed } from './observe.js';
import { planMembership, type MembershipPlan } from './plan.js';

export interface MembershipDependencies {
  readonly objects: Objects;
  readonly ownership: Ownership;
  readonly clock: Clock;
  readonly log: Log;
  /** The load balancers that a cluster has at its cloud. */
  readonly balancersOf: (cluster: string) => readonly Balancer[];
}

/** While somebody joins, drains or waits. */
const LOOK_AGAIN = seconds(2);
/** Hands other than ours may be at it. */
const LOOK_ANYWAY = seconds(60);
/** A batch of hosts changes in many records. */
const GATHER = millis(50);
const BUDGET_WINDOW = minutes(5);
/** No call begins with less of the lease left than it may take. */
const CALL = seconds(15);

const KINDS: readonly string[] = ['Cluster', 'Role', 'Instance', 'Deployment'];

const clusterOf = ({ ref }: Change): readonly string[] =>
  KINDS.includes(ref.kind) ? [ref.cluster ?? ref.name] : [];

/** What became of one load balancer in one run. */
interface Seen {
  readonly looked: Looked;
  readonly plan: MembershipPlan;
}

const isMoving = ({ looked, plan }: Seen): boolean =>
  plan.register.length + plan.deregister.length + plan.held.length > 0 ||
  looked.members.some(({ health }) => health === 'joining' || health === 'draining');

class Membership implements Controller {
  readonly name = 'membership';
  readonly wake$: Observable<string>;
  /** By cluster and load balancer: when members were taken out because they were down (monotonic). */
  private readonly down = new Map<string, readonly number[]>();
  /** What was said last of members that stay although they should leave. */
  private readonly told = new Map<string, string>();

  constructor(private readonly on: MembershipDependencies) {
    const { objects, ownership, clock, balancersOf } = on;
    this.wake$ = merge(
      defer(() => from(objects.list('Cluster').map(({ ref }) => ref.name))),
      objects.changes$.pipe(mergeMap((changes) => new Set(changes.flatMap(clusterOf)))),
      ownership.changes$,
    ).pipe(
      filter((cluster) => balancersOf(cluster).length > 0),
      groupBy((cluster) => cluster),
      mergeMap((wakes$) => wakes$.pipe(audit(() => timer(GATHER, clock.scheduler)))),
    );
  }

  reconcile(cluster: string): TaskEither<Failure, Outcome> {
    return async () => {
      const { objects, ownership, balancersOf } = this.on;
      const fence = ownership.of(cluster);
      const balancers = balancersOf(cluster);
      if (fence === null || balancers.length === 0) return E.right(settled);
      // before the cloud is asked: what it says then is at least as new
      const observed = observe(objects, cluster);
      const seen: Seen[] = [];
      const failures: Failure[] = [];
      for (const balancer of balancers) {
        const found = await this.keep(cluster, balancer, { observed, fence });
        if (E.isRight(found)) seen.push(found.right);
        else failures.push(found.left);
      }
      const [failure] = failures;
      if (failure !== undefined) return E.left(failure);
      const written = await this.confirm(observed, seen, fence);
      if (E.isLeft(written)) return written;
      const moving = seen.some(isMoving) || observed.open.some(awaitsMove);
      return E.right(
        moving ? runAfter(LOOK_AGAIN, 'members join or leave') : runAfter(LOOK_ANYWAY, 'a look'),
      );
    };
  }

  private async confirm(
    { open }: Observed,
    seen: readonly Seen[],
    fence: Fence,
  ): Promise<E.Either<Failure, number | null>> {
    const moved = newlyMoved(
      open,
      seen.map(({ looked }) => looked),
    );
    return moved.length === 0 ? E.right(null) : this.on.objects.write(fence, movedWrites(moved))();
  }

  /** New members first: who leaves waits for them. */
  private async keep(
    cluster: string,
    balancer: Balancer,
    { observed, fence }: { readonly observed: Observed; readonly fence: Fence },
  ): Promise<E.Either<Failure, Seen>> {
    const { name, port } = balancer;
    const members = await port.members(name)();
    if (E.isLeft(members)) return members;
    const key = `${cluster}/${name}`;
    const verdicts = verdictsFor(observed, balancer);
    const recentlyDown = this.recent(key).length;
    const plan = planMembership({ members: members.right, verdicts, recentlyDown });
    const seen = { looked: { members: members.right, verdicts }, plan };
    this.tellHeld(cluster, name, plan.held);
    const calls = [
      { call: 'register', machines: plan.register },
      { call: 'deregister', machines: plan.deregister },
    ] as const;
    for (const { call, machines } of calls) {
      if (machines.length === 0 || fence.left() < CALL) continue;
      const done = await port[call](name, machines)();
      if (E.isLeft(done)) return done;
      this.tell(cluster, { balancer: name, call }, done.right);
    }
    this.noteDown(key, plan.deregister.filter((machine) => verdicts.get(machine) === 'down').length);
    return E.right(seen);
  }

  private tellHeld(cluster: string, balancer: string, held: MembershipPlan['held']): void {
    const key = `${cluster}/${balancer}`;
    const text = JSON.stringify(held);
    if ((this.told.get(key) ?? '[]') === text) return;
    this.told.set(key, text);
    if (held.length > 0)
      this.on.log.warn('members stay in their load balancer for now', { cluster, balancer, held });
  }

  private tell(
    cluster: string,
    what: { readonly balancer: string; readonly call: string },
    { done, failed, unknown }: BatchOutcome,
  ): void {
    this.on.log.info('members of a load balancer changed', { cluster, ...what, machines: done });
    for (const { id, failure } of failed)
      this.on.log.warn('a machine was refused by its load balancer', {
        ...{ cluster, ...what, machine: id },
        error: failure.message,
      });
    if (unknown.length > 0)
      this.on.log.warn('a load balancer does not know these machines', {
        ...{ cluster, ...what },
        machines: unknown,
      });
  }

  private recent(key: string): readonly number[] {
    const since = this.on.clock.monotonic() - BUDGET_WINDOW;
    return (this.down.get(key) ?? []).filter((at) => at > since);
  }

  private noteDown(key: string, count: number): void {
    const at = this.on.clock.monotonic();
    const all = [...this.recent(key), ...Array.from({ length: count }, () => at)];
    if (all.length === 0) this.down.delete(key);
    else this.down.set(key, all);
  }
}

/** The controller that keeps members of the cloud's load balancers. */
export const membershipController = (dependencies: MembershipDependencies): Controller =>
  new Membership(dependencies);
