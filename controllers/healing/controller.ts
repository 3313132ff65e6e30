/**
 * Healing: says which hosts are well, and asks for a reboot or a replacement of those that are not. Key: the cluster.
 * It writes wishes (`remediation`); the instances controller carries them out.
 */
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import {
  EMPTY,
  audit,
  defer,
  filter,
  from,
  groupBy,
  merge,
  mergeMap,
  startWith,
  switchMap,
  timer,
} from 'rxjs';
import type { Observable } from 'rxjs';
import { seconds, type Millis } from '../../api-types/units.js';
import type { Clouds, OpenCloud } from '../../cloud/cloud.js';
import type { Clock } from '../../runtime/clock.js';
import { runAfter, settled, type Controller, type Outcome } from '../../runtime/controller.js';
import type { Failure } from '../../runtime/failure.js';
import type { Hosts } from '../../runtime/hosts.js';
import type { Log } from '../../runtime/log.js';
import { createPace } from '../../runtime/pace.js';
import { takeTurns } from '../../runtime/turns.js';
import type { Change, Fence, Live, Objects } from '../../store/objects/objects.js';
import type { Ownership } from '../../store/ownership.js';
import { impairedOf, signsOf } from './observe.js';
import { healingOf, judging, planJudged } from './plan.js';
import type { HostSigns } from './signs.js';
import { clusterWrites, hostWrites } from './status.js';

export interface HealingDependencies {
  readonly objects: Objects;
  readonly ownership: Ownership;
  readonly hosts: Hosts;
  readonly clouds: Clouds;
  readonly clock: Clock;
  readonly log: Log;
}

/** Silence makes no noise: hosts are looked at this often, and more often while one is doubtful. */
const LOOK = seconds(5);
const LOOK_AGAIN = seconds(1);
/** Of hosts that just disconnected the cloud is asked again and again, but not of thousands. */
const ASK_AT_MOST = 50;
const ASK_WITHIN_MS = 60_000;
const GRACE_MARGIN = 10;
const WAKE_PAUSE_MS = 20;
/** A look at a cluster costs as much as it has hosts: so large ones are woken less often. */
const WAKE_PAUSE_MS_A_HOST = 0.2;

interface Memory {
  readonly fence: string;
  /** Monotonic time at which this process began to own the cluster. */
  readonly since: number;
}

class Healing implements Controller {
  readonly name = 'healing';
  readonly wake$: Observable<string>;
  private readonly memories = new Map<string, Memory>();
  private readonly clusterOf = new Map<string, string>();
  private readonly pace = createPace();

  constructor(private readonly on: HealingDependencies) {
    const { objects, ownership, hosts, clock } = on;
    this.wake$ = merge(
      defer(() => from(this.everything())),
      objects.changes$.pipe(mergeMap((changes) => this.noticed(changes))),
      ownership.changes$,
      hosts.changes$.pipe(mergeMap((machine) => this.heardOf(machine))),
      this.machineChanges(),
    ).pipe(
      groupBy((cluster) => cluster),
      mergeMap((wakes$) => wakes$.pipe(audit((cluster) => timer(this.pause(cluster), clock.scheduler)))),
    );
  }

  reconcile(cluster: string): TaskEither<Failure, Outcome> {
    return async () => {
      const fence = this.on.ownership.of(cluster);
      const live = this.on.objects.get({ kind: 'Cluster', cluster: null, name: cluster });
      if (fence === null || live === null || live.deletion !== null) {
        this.memories.delete(cluster);
        this.pace.forget(cluster);
        return E.right(settled);
      }
      return this.run(live, fence);
    };
  }

  private async run(cluster: Live<'Cluster'>, fence: Fence): Promise<E.Either<Failure, Outcome>> {
    const { objects, clock, clouds, hosts } = this.on;
    const name = cluster.ref.name;
    const open = clouds.get(cluster.spec.cloud);
    const roles = new Map(objects.list('Role', name).map((role) => [role.ref.name, role]));
    const listenedFor = this.listenedFor(name, fence);
    const now = clock.now();
    const turns = takeTurns(clock);
    const sight = { open, roles, hosts, listenedFor, now };
    const first = await turns.map(objects.list('Instance', name), (one) => signsOf(one, sight));
    this.askAgain(first, open);
    const signs = await withChecks(first, roles, open);
    const judged = await turns.map(signs, judging(roles));
    const plan = planJudged({ cluster, now }, judged);
    const longest = Math.max(0, ...[...roles.values()].map((role) => healingOf(role).silentSeconds));
    const starting = listenedFor < (longest + GRACE_MARGIN) * 1000;
    const ofHosts = await turns.map(judged, hostWrites(plan, now));
    this.pace.spent(name, turns.spent());
    const writes = [
      ...clusterWrites(cluster, [...roles.values()], { plan, moment: { now, starting } }),
      ...ofHosts.flat(),
    ];
    if (writes.length > 0) {
      const written = await objects.write(fence, writes)();
      if (E.isLeft(written)) return written;
      await objects.caughtUp(written.right);
    }
    for (const { judged, action, held } of plan.remedies)
      if (held === null)
        this.on.log.warn('host needs mending', {
          cluster: name,
          instance: judged.signs.instance.ref.name,
          machine: judged.signs.machine?.id,
          finding: judged.finding,
          action,
        });
    return E.right(runAfter(this.nextLook(signs), 'heartbeats are watched'));
  }

  private pause(cluster: string): number {
    const hosts = this.on.objects.list('Instance', cluster).length;
    return Math.max(WAKE_PAUSE_MS, hosts * WAKE_PAUSE_MS_A_HOST, this.pace.apart(cluster));
  }

  /** The grace begins anew when the cluster was lost and won back: nobody listened for it meanwhile. */
  private listenedFor(cluster: string, fence: Fence): number {
    const { hosts, clock } = this.on;
    const key = JSON.stringify(fence.compare);
    const known = this.memories.get(cluster);
    const memory = known?.fence === key ? known : { fence: key, since: clock.monotonic() };
    this.memories.set(cluster, memory);
    return Math.min(hosts.listeningFor(), clock.monotonic() - memory.since);
  }

  private isDoubtful({ machine, cloud, enrolled }: HostSigns): boolean {
    if (machine === null || !enrolled || cloud === 'gone') return false;
    const heard = this.on.hosts.get(machine.id);
    return heard !== null && !heard.connected && heard.silentFor < ASK_WITHIN_MS;
  }

  private nextLook(signs: readonly HostSigns[]): Millis {
    return signs.some((host) => this.isDoubtful(host)) ? LOOK_AGAIN : LOOK;
  }

  private askAgain(signs: readonly HostSigns[], open: OpenCloud | null): void {
    const ids = signs.filter((host) => this.isDoubtful(host)).map(({ machine }) => machine?.id ?? '');
    if (ids.length > 0 && ids.length <= ASK_AT_MOST) open?.machines.look(ids);
  }

  private everything(): readonly string[] {
    for (const { ref, status } of this.on.objects.list('Instance'))
      if (status.machine && ref.cluster !== null) this.clusterOf.set(status.machine.id, ref.cluster);
    return this.on.objects.list('Cluster').map(({ ref }) => ref.name);
  }

  /** Wakes for what changes what healing wants. */
  private noticed(changes: readonly Change[]): readonly string[] {
    const woken = changes.flatMap((change) => {
      const { kind, cluster, name } = change.ref;
      if (kind === 'Cluster' || kind === 'Role') return [cluster ?? name];
      return kind === 'Instance' && cluster !== null && this.rebound(change, cluster) ? [cluster] : [];
    });
    return [...new Set(woken)];
  }

  /** Keeps the index from machines to clusters; false when the slot has the machine it had. */
  private rebound({ before, after }: Change, cluster: string): boolean {
    const old = machineOf(before);
    const now = machineOf(after);
    if (old === now) return false;
    if (old !== null) this.clusterOf.delete(old);
    if (now !== null) this.clusterOf.set(now, cluster);
    return true;
  }

  /** A lost connection: the cloud is asked at once whether the machine is still there. */
  private heardOf(machine: string): Observable<string> {
    const cluster = this.clusterOf.get(machine);
    if (cluster === undefined) return EMPTY;
    if (this.on.hosts.get(machine)?.connected !== true) this.openCloud(cluster)?.machines.look([machine]);
    return from([cluster]);
  }

  private openCloud(cluster: string): OpenCloud | null {
    const live = this.on.objects.get({ kind: 'Cluster', cluster: null, name: cluster });
    return live === null ? null : this.on.clouds.get(live.spec.cloud);
  }

  /** Machines in use that are not running any more; of those that come up the agents tell. */
  private machineChanges(): Observable<string> {
    const { clouds, objects } = this.on;
    const names = (): readonly string[] => objects.list('Cloud').map(({ ref }) => ref.name);
    const changesOf = (open: OpenCloud): Observable<string> =>
      open.machines.changes$.pipe(
        filter((id) => this.clusterOf.has(id) && open.machines.get(id)?.state !== 'pending'),
        mergeMap((id) => from([this.clusterOf.get(id) ?? ''])),
      );
    return clouds.changes$.pipe(
      startWith(''),
      switchMap(() =>
        merge(
          ...names()
            .flatMap((name) => clouds.get(name) ?? [])
            .map(changesOf),
        ),
      ),
    );
  }
}

const machineOf = (live: Live | null): string | null =>
  (live as Live<'Instance'> | null)?.status.machine?.id ?? null;

/** Status checks are asked of silent machines that the cloud calls running, and of no others. */
const withChecks = async (
  signs: readonly HostSigns[],
  roles: ReadonlyMap<string, Live<'Role'>>,
  open: OpenCloud | null,
): Promise<readonly HostSigns[]> => {
  const limitOf = ({ instance }: HostSigns): number =>
    healingOf(roles.get(instance.spec.role) ?? null).silentSeconds * 1000;
  const ids = signs
    .filter((host) => host.cloud === 'running' && host.enrolled && (host.silentFor ?? 0) >= limitOf(host))
    .flatMap(({ machine }) => machine?.id ?? []);
  const impaired = await impairedOf(open, ids);
  return impaired.size === 0
    ? signs
    : signs.map((host) => ({ ...host, impaired: impaired.has(host.machine?.id ?? '') }));
};

/** The controller that judges hosts and asks for what they need. */
export const healingController = (dependencies: HealingDependencies): Controller => new Healing(dependencies);
