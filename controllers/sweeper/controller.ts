/** Compares two full lists, the cloud's and the store's, every few minutes. Key: the Cloud. */
import * as E from 'fp-ts/lib/Either.js';
import { defer, from, merge, mergeMap } from 'rxjs';
import { minutes, seconds, type Millis } from '../../api-types/units.js';
import { TAGS, type Clouds, type Machine, type OpenCloud } from '../../cloud/cloud.js';
import type { Clock } from '../../runtime/clock.js';
import { runAfter, settled, type Controller, type Outcome } from '../../runtime/controller.js';
import { at, type Failure } from '../../runtime/failure.js';
import type { Log } from '../../runtime/log.js';
import { eventWrite, type NewEvent } from '../../store/objects/events.js';
import type { Fence, Objects } from '../../store/objects/objects.js';
import { GLOBAL, type Ownership } from '../../store/ownership.js';
import { homelessTeller, type TellHomeless } from './homeless.js';
import { planSweep, type SweepPlan } from './plan.js';

export interface SweeperSettings {
  readonly every: Millis;
  readonly launchWindow: Millis;
  readonly callTimeout: Millis;
}

export interface SweeperDependencies {
  readonly objects: Objects;
  readonly clouds: Clouds;
  readonly ownership: Ownership;
  readonly clock: Clock;
  readonly log: Log;
  /** True: nothing is terminated, only reported; after a restore, until a person says go. */
  readonly hold: () => boolean;
  readonly settings?: Partial<SweeperSettings>;
}

const DEFAULTS: SweeperSettings = { every: minutes(5), launchWindow: minutes(10), callTimeout: seconds(2) };

type Parts = SweeperDependencies & {
  readonly bounds: SweeperSettings;
  readonly tellHomeless: TellHomeless;
};

const byCluster = (machines: readonly Machine[]): ReadonlyMap<string, readonly Machine[]> => {
  const groups = new Map<string, Machine[]>();
  for (const machine of machines) {
    const cluster = machine.tags[TAGS.cluster] ?? '';
    const group = groups.get(cluster) ?? [];
    group.push(machine);
    groups.set(cluster, group);
  }
  return groups;
};

const terminate = async (
  parts: Parts,
  open: OpenCloud,
  fence: Fence,
  ids: readonly string[],
): Promise<E.Either<Failure, void>> => {
  if (ids.length === 0 || fence.left() <= parts.bounds.callTimeout) return E.right(undefined);
  parts.log.warn('terminating released machines that were found again', { machines: ids });
  const outcome = await open.cloud.terminate(ids)();
  if (E.isLeft(outcome)) return E.left(at('terminating released machines')(outcome.left));
  open.machines.look(ids);
  return E.right(undefined);
};

const stranger = (cluster: string, id: string): NewEvent => ({
  regarding: { kind: 'Cluster', cluster: null, name: cluster },
  type: 'Warning',
  reason: 'Stranger',
  message: `machine ${id} bears this installation's tag and no record names it; it is left alone. Terminate it yourself if it is not needed`,
  source: 'sweeper',
});

const noteStrangers = async (
  parts: Parts,
  fence: Fence,
  cluster: string,
  { strangers }: SweepPlan,
): Promise<E.Either<Failure, void>> => {
  const ref = { kind: 'Cluster', cluster: null, name: cluster } as const;
  const before = parts.objects.get(ref)?.status.strangers ?? [];
  if (JSON.stringify(before) === JSON.stringify(strangers)) return E.right(undefined);
  const fresh = strangers.filter((id) => !before.includes(id));
  if (fresh.length > 0)
    parts.log.warn('machines of this installation that no record names; they are left alone', {
      cluster,
      machines: fresh,
    });
  const told = fresh.flatMap(
    (id) => eventWrite(parts.objects, stranger(cluster, id), parts.clock.now()) ?? [],
  );
  const patch = { strangers };
  const written = await parts.objects.write(fence, [{ write: 'status', ref, patch }, ...told])();
  return E.isLeft(written) ? written : E.right(undefined);
};

const sweepCluster = async (
  parts: Parts,
  open: OpenCloud,
  cluster: string,
  machines: readonly Machine[],
): Promise<E.Either<Failure, void>> => {
  const { objects, clock, bounds } = parts;
  const fence = parts.ownership.of(cluster);
  if (fence === null || objects.get({ kind: 'Cluster', cluster: null, name: cluster }) === null)
    return E.right(undefined);
  const { target, equals } = fence.compare;
  if (target === 'create' && typeof equals === 'number') await objects.caughtUp(equals);
  const plan = planSweep({
    now: clock.now(),
    installation: objects.installation,
    machines,
    roles: objects.list('Role', cluster),
    instances: objects.list('Instance', cluster),
    launchWindow: bounds.launchWindow,
    hold: parts.hold(),
  });
  // the write proves the fence: a call follows only what it let through
  const noted = await noteStrangers(parts, fence, cluster, plan);
  return E.isLeft(noted) ? noted : terminate(parts, open, fence, plan.terminate);
};

const clustersOf = ({ objects }: Parts, cloud: string): readonly string[] =>
  objects
    .list('Cluster')
    .filter(({ spec }) => spec.cloud === cloud)
    .map(({ ref }) => ref.name);

const sweep = async (parts: Parts, cloud: string): Promise<E.Either<Failure, Outcome>> => {
  const open = parts.clouds.get(cloud);
  if (open === null) return E.right(settled);
  const clusters = clustersOf(parts, cloud).filter((cluster) => parts.ownership.of(cluster) !== null);
  const again = runAfter(parts.bounds.every, 'the next sweep');
  if (clusters.length === 0 && parts.ownership.of(GLOBAL) === null) return E.right(again);
  const listed = await open.cloud.describeTagged({ [TAGS.installation]: parts.objects.installation })();
  if (E.isLeft(listed)) return E.left(at(`listing the machines of Cloud ${cloud}`)(listed.left));
  const groups = byCluster(listed.right);
  for (const cluster of clusters) {
    const swept = await sweepCluster(parts, open, cluster, groups.get(cluster) ?? []);
    if (E.isLeft(swept)) return swept;
  }
  const told = await parts.tellHomeless(cloud, listed.right, parts.bounds.launchWindow);
  return E.isLeft(told) ? told : E.right(again);
};

/** The sweeper. */
export const sweeperController = (dependencies: SweeperDependencies): Controller => {
  const { objects, clouds, ownership } = dependencies;
  const log = dependencies.log.with({ controller: 'sweeper' });
  const parts: Parts = {
    ...dependencies,
    log,
    tellHomeless: homelessTeller({ ...dependencies, log }),
    bounds: { ...DEFAULTS, ...dependencies.settings },
  };
  const names = (): readonly string[] => objects.list('Cloud').map(({ ref }) => ref.name);
  const cloudsOf = (owned: string): readonly string[] => {
    if (owned === GLOBAL) return names();
    const cloud = objects.get({ kind: 'Cluster', cluster: null, name: owned })?.spec.cloud;
    return cloud === undefined ? [] : [cloud];
  };
  return {
    name: 'sweeper',
    concurrency: 1,
    wake$: merge(
      defer(() => from(names())),
      clouds.changes$,
      ownership.changes$.pipe(mergeMap(cloudsOf)),
    ),
    reconcile: (cloud) => () => sweep(parts, cloud),
  };
};
