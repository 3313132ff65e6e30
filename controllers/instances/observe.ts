/** Reads what a run needs, from the cache, the cloud's view and what hosts said. */
import type { AgentRelease } from '../../api-types/agent-release.js';
import type { LaunchBatch } from '../../api-types/kinds/role.js';
import { TAGS, type Clouds, type Machine, type Machines, type OpenCloud } from '../../cloud/cloud.js';
import type { Clock } from '../../runtime/clock.js';
import type { Hosts } from '../../runtime/hosts.js';
import type { Pace } from '../../runtime/pace.js';
import type { Live, Objects } from '../../store/objects/objects.js';
import { inLaunchOrder, requestOf } from './batches.js';
import type { Blindness } from './blindness.js';
import { BELONGINGS, type ClusterView } from './cluster-plan.js';
import type { Fleets } from './fleets.js';
import type { Memory } from './memory.js';
import { slotNumber } from './slot-names.js';
import { mostUserData } from './user-data.js';
import type { BatchView, CloudView, InstancesSettings, RoleView, Seen, Slot } from './view.js';

export interface Sources {
  readonly objects: Objects;
  readonly clouds: Clouds;
  readonly hosts: Hosts;
  readonly clock: Clock;
  readonly installationKey: Buffer;
  readonly gateways: () => readonly string[];
  readonly authority: string | null;
  readonly release: () => AgentRelease | null;
  readonly settings: InstancesSettings;
  readonly memory: Memory;
  readonly blindness: Blindness;
  readonly fleets: Fleets;
  readonly pace: Pace;
}

/** A host that lost its connection a moment ago may be on another gateway already. */
const RECONNECTS_WITHIN = 10_000;

/** The endpoint of a cluster, when it is usable. */
export const openCloudOf = ({ objects, clouds }: Sources, cluster: string): OpenCloud | null => {
  const live = objects.get({ kind: 'Cluster', cluster: null, name: cluster });
  return live === null ? null : clouds.get(live.spec.cloud);
};

const cloudOf = ({ objects }: Sources, cluster: Live<'Cluster'> | null): Live<'Cloud'> | null =>
  cluster === null ? null : objects.get({ kind: 'Cloud', cluster: null, name: cluster.spec.cloud });

const cloudState = (sources: Sources, cluster: Live<'Cluster'> | null): 'missing' | 'unusable' =>
  cloudOf(sources, cluster) === null ? 'missing' : 'unusable';

const usable = (sources: Sources, cluster: Live<'Cluster'> | null, open: OpenCloud): CloudView => {
  const { honoursClientTokens } = open.capabilities;
  const cloud = cloudOf(sources, cluster);
  const userDataBytes = cloud === null ? {} : { userDataBytes: mostUserData(cloud.spec.provider) };
  return { state: 'usable', honoursClientTokens, ...userDataBytes };
};

/** The local cloud's hosts are booted with the agent of this very program. */
const releaseFor = (sources: Sources, cluster: Live<'Cluster'> | null): AgentRelease | null => {
  const cloud = cloudOf(sources, cluster);
  return cloud === null || cloud.spec.provider === 'local' ? null : sources.release();
};

const connected = ({ hosts, settings }: Sources, machine: string): boolean | null => {
  const host = hosts.get(machine);
  if (host?.connected === true) return true;
  if (host !== null && host.silentFor < RECONNECTS_WITHIN) return null;
  return hosts.listeningFor() < settings.startGrace ? null : false;
};

const seenBy =
  (sources: Sources, machines: Machines | null) =>
  (id: string): Seen => {
    const machine = machines?.get(id) ?? null;
    const reach = connected(sources, id);
    const ended = machine?.state === 'terminated';
    return { machine, gone: ended || (machines?.gone(id) === true && reach !== true), connected: reach };
  };

const slotOf = (
  live: Live<'Instance'>,
  number: number,
  seen: (id: string) => Seen,
  repeatDue: (id: string) => boolean,
): Slot => ({
  name: live.ref.name,
  number,
  live,
  seen: live.status.machine == null ? null : seen(live.status.machine.id),
  doomed: (live.status.doomed ?? []).map((entry) => ({
    entry,
    seen: seen(entry.machine),
    repeatDue: repeatDue(entry.machine),
  })),
});

const slotsOf = (
  sources: Sources,
  instances: readonly Live<'Instance'>[],
  role: string,
  machines: Machines | null,
): readonly Slot[] => {
  const seen = seenBy(sources, machines);
  const { clock, memory, settings } = sources;
  const repeatDue = (id: string): boolean => {
    const ago = memory.terminateAgo(id, clock.monotonic());
    return ago === null || ago >= settings.repeatTerminate;
  };
  return instances
    .map((live) => slotOf(live, slotNumber(role, live.ref.name) ?? 0, seen, repeatDue))
    .sort((left, right) => left.number - right.number);
};

const launchedBy = (machines: Machines | null, batch: string, cluster: string): readonly Machine[] =>
  (machines?.ofBatch(batch) ?? []).filter(({ tags }) => tags[TAGS.cluster] === cluster);

const batchesOf = (
  { memory, clock, settings }: Sources,
  batches: readonly LaunchBatch[],
  machines: Machines | null,
  cluster: string,
): readonly BatchView[] => {
  const now = clock.monotonic();
  return batches.map((batch) => ({
    batch,
    machines: inLaunchOrder(launchedBy(machines, batch.id, cluster)),
    answer: memory.answer(batch.id, now),
    sweepsSince: memory.sweepsSince(
      batch.id,
      machines?.lastFullSweep() ?? null,
      settings.consistencyWindow,
      now,
    ),
  }));
};

/** The view of a role; null when there is no such role. */
export const observeRole = (sources: Sources, cluster: string, name: string): RoleView | null => {
  const { objects, clock, hosts, settings } = sources;
  const role = objects.get({ kind: 'Role', cluster, name });
  if (role === null) return null;
  const fleet = sources.fleets.of(cluster);
  const open = openCloudOf(sources, cluster);
  const machines = open?.machines ?? null;
  const batches = role.status.batches ?? [];
  sources.memory.keepOnly(`${cluster}/${name}`, new Set(batches.map(({ id }) => id)));
  const cloud: CloudView =
    open === null ? { state: cloudState(sources, fleet.cluster) } : usable(sources, fleet.cluster, open);
  const context = {
    installation: objects.installation,
    installationKey: sources.installationKey,
    cluster,
    role: name,
  };
  return {
    now: clock.now(),
    role,
    cluster: fleet.cluster,
    cloud,
    slots: slotsOf(sources, fleet.slotsOf(name), name, machines),
    batches: batchesOf(sources, batches, machines, cluster),
    consent: fleet.consent(),
    blind: sources.blindness.of(cluster, fleet.instances, machines),
    listening: hosts.listeningFor() >= settings.startGrace,
    gateways: sources.gateways(),
    authority: sources.authority,
    agent: releaseFor(sources, fleet.cluster),
    settings,
    request: (batch) => requestOf(context, batch),
  };
};

/** The view of a cluster; null when there is none. */
export const observeCluster = (sources: Sources, name: string): ClusterView | null => {
  const fleet = sources.fleets.of(name);
  if (fleet.cluster === null) return null;
  const open = openCloudOf(sources, name);
  return {
    now: sources.clock.now(),
    cluster: fleet.cluster,
    roles: fleet.roles,
    instances: fleet.instances,
    belongings:
      fleet.cluster.deletion === null ? [] : BELONGINGS.flatMap((kind) => sources.objects.list(kind, name)),
    consent: fleet.consent(),
    cloud: open?.capabilities ?? cloudState(sources, fleet.cluster),
  };
};
