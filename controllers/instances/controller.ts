/** Keeps each role's slots filled: key `<cluster>/<role>`; the cluster's own part: key `<cluster>`. */
import * as E from 'fp-ts/lib/Either.js';
import type { AgentRelease } from '../../api-types/agent-release.js';
import { millis } from '../../api-types/units.js';
import type { Clouds } from '../../cloud/cloud.js';
import type { Chance } from '../../runtime/chance.js';
import type { Clock } from '../../runtime/clock.js';
import { runAfter, settled, type Controller, type Outcome } from '../../runtime/controller.js';
import type { Failure } from '../../runtime/failure.js';
import type { Hosts } from '../../runtime/hosts.js';
import type { Log } from '../../runtime/log.js';
import { createPace } from '../../runtime/pace.js';
import type { Fence, Objects, Write } from '../../store/objects/objects.js';
import type { Ownership } from '../../store/ownership.js';
import type { RolePlan } from './actions.js';
import { planCluster } from './cluster-plan.js';
import { createFleets } from './fleets.js';
import { createMemory } from './memory.js';
import { observeCluster, observeRole, openCloudOf, type Sources } from './observe.js';
import { planRole } from './plan.js';
import { roleStatusPatch } from './status.js';
import { carryOut, commit, type Run } from './steps.js';
import { createBlindness } from './blindness.js';
import { createTagging } from './tagging.js';
import { DEFAULT_SETTINGS, type InstancesSettings } from './view.js';
import { wakes } from './wake.js';

export interface InstancesDependencies {
  readonly objects: Objects;
  readonly clouds: Clouds;
  readonly ownership: Ownership;
  readonly hosts: Hosts;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  readonly installationKey: Buffer;
  /** Base URLs of the gateways that new hosts are told of. */
  readonly gateways: () => readonly string[];
  /** PEM of the authority that signs the gateways' certificates; none: one that everybody trusts. */
  readonly authority?: string | null;
  /** The agent that bare images fetch; none: images have it. */
  readonly release?: () => AgentRelease | null;
  readonly settings?: Partial<InstancesSettings>;
}

interface Parts {
  readonly sources: Sources;
  readonly log: Log;
  readonly tagLater: Run['tagLater'];
}

type Result = E.Either<Failure, Outcome>;

/** A new owner must first have seen everything its predecessor wrote: all of it is older than the owner key. */
const caughtUpWithOwner = async ({ objects }: Sources, fence: Fence): Promise<void> => {
  const { target, equals } = fence.compare;
  if (target === 'create' && typeof equals === 'number') await objects.caughtUp(equals);
};

const writeStatus = async (parts: Parts, fence: Fence, key: readonly [string, string], plan: RolePlan) => {
  const view = observeRole(parts.sources, ...key);
  const patch = view === null ? null : roleStatusPatch(view, plan);
  if (view === null || patch === null) return E.right(undefined);
  return commit(parts.sources, fence, [{ write: 'status', ref: view.role.ref, patch }]);
};

const outcomeOf = (plan: RolePlan): Outcome => {
  if (plan.steps.some(({ action }) => action === 'launch'))
    return runAfter(millis(0), 'launch calls were answered');
  return plan.wait === null ? settled : runAfter(millis(plan.wait), 'machines or launches are in motion');
};

const gone = ({ pace }: Sources, key: string): Result => {
  pace.forget(key);
  return E.right(settled);
};

const reconcileRole = async (parts: Parts, fence: Fence, cluster: string, role: string): Promise<Result> => {
  const { sources, tagLater } = parts;
  const begun = sources.clock.monotonic();
  const view = observeRole(sources, cluster, role);
  const key = `${cluster}/${role}`;
  if (view === null) return gone(sources, key);
  const plan = planRole(view);
  sources.pace.spent(key, sources.clock.monotonic() - begun);
  const log = parts.log.with({ cluster, role });
  const open = openCloudOf(sources, cluster);
  const done = await carryOut({ sources, log, fence, view, open, tagLater }, plan.steps);
  const status = await writeStatus(parts, fence, [cluster, role], plan);
  if (E.isLeft(done)) return done;
  return E.isLeft(status) ? status : E.right(outcomeOf(plan));
};

const reconcileCluster = async ({ sources }: Parts, fence: Fence, name: string): Promise<Result> => {
  const begun = sources.clock.monotonic();
  const view = observeCluster(sources, name);
  if (view === null) return gone(sources, name);
  const { remove, forget, patch } = planCluster(view);
  sources.pace.spent(name, sources.clock.monotonic() - begun);
  const { ref, recordRevision } = view.cluster;
  const writes: readonly Write[] = [
    ...(patch === null ? [] : [{ write: 'status' as const, ref, patch }]),
    ...remove.map((live) => ({
      write: 'delete' as const,
      ref: live.ref,
      unchangedSince: live.specRevision,
    })),
    ...(forget ? [{ write: 'forget' as const, ref, unchangedSince: recordRevision }] : []),
  ];
  if (writes.length === 0) return E.right(settled);
  const written = await commit(sources, fence, writes);
  return E.isLeft(written) ? written : E.right(settled);
};

/** The instances controller. */
export const instancesController = (dependencies: InstancesDependencies): Controller => {
  const {
    objects,
    clouds,
    hosts,
    clock,
    installationKey,
    gateways,
    authority = null,
    release = () => null,
    ownership,
  } = dependencies;
  const log = dependencies.log.with({ controller: 'instances' });
  const settings = { ...DEFAULT_SETTINGS, ...dependencies.settings };
  const sources = {
    objects,
    clouds,
    hosts,
    clock,
    installationKey,
    gateways,
    authority,
    release,
    settings,
    memory: createMemory(),
    blindness: createBlindness(),
    fleets: createFleets(objects),
    pace: createPace(),
  };
  const parts: Parts = { sources, log, tagLater: createTagging() };
  return {
    name: 'instances',
    wake$: wakes(sources, ownership),
    reconcile: (key) => async () => {
      const [cluster = '', role] = key.split('/');
      const fence = ownership.of(cluster);
      if (fence === null) return E.right(settled);
      await caughtUpWithOwner(sources, fence);
      return role === undefined
        ? reconcileCluster(parts, fence, cluster)
        : reconcileRole(parts, fence, cluster, role);
    },
  };
};
