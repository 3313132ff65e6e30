/** Carrying a plan out: events first, in one transaction with their snapshot; then statuses, in batches. */
import type { InstanceStatus } from '../../api-types/kinds/instance.js';
import type { LifecycleEventStatus } from '../../api-types/kinds/lifecycle-event.js';
import { withCondition, type Condition } from '../../api-types/metadata.js';
import { canonicalJson, snapshotDigest } from '../../api-types/snapshot-digest.js';
import type { Snapshot } from '../../api-types/snapshot.js';
import { sha256 } from '../../recipes/members.js';
import { timestamp } from '../../runtime/clock.js';
import { snapshotKey } from '../../store/keys.js';
import type { Live, Ref, Write } from '../../store/objects/objects.js';
import { patchBetween } from './diff.js';
import { shutdownMachines } from './fold.js';
import { isMember, type Member } from './observe.js';
import type { Plan, PlannedEvent, PlannedRun } from './plan.js';
import { STEPS, type SentLog } from './sent.js';
import { conditionChanges, isWaiting } from './status.js';

/** A snapshot that is in the store. */
export interface StoredSnapshot {
  readonly version: number;
  readonly digest: string;
  /** Null: its content was not read since this process began. */
  readonly value: Snapshot | null;
}

/** A larger diff saves nobody a fetch. */
const MAX_DIFF_CHARACTERS = 256 * 1024;

const diffOf = (
  before: StoredSnapshot | null,
  next: StoredSnapshot,
  whole: number,
): LifecycleEventStatus['diff'] => {
  if (before === null || before.value === null || next.value === null) return undefined;
  if (before.digest === next.digest) return undefined;
  const patch = patchBetween(before.value, next.value);
  if (patch === null) return undefined;
  const size = JSON.stringify(patch).length;
  return size < whole && size < MAX_DIFF_CHARACTERS ? { base: before.digest, patch } : undefined;
};

const lastOf = (sent: SentLog, machine: string, event: PlannedEvent['event']): string | undefined =>
  event === 'undeploy' ? undefined : sent.get(machine)?.[event]?.event;

/** Named by what is sent to whom after what, so that a write that was answered late is not made a second time. */
const eventName = (event: PlannedEvent, version: number, sent: SentLog): string => {
  const before = event.targets.map(({ machine }) => lastOf(sent, machine, event.event) ?? machine);
  const digest = sha256(`${event.event} ${before.join(' ')}`).slice(0, 12);
  return `${event.event}-${String(version).padStart(6, '0')}-${digest}`;
};

export interface NamedEvent {
  readonly name: string;
  readonly planned: PlannedEvent;
}

export interface Sending {
  readonly writes: readonly Write[];
  readonly snapshot: StoredSnapshot;
  readonly events: readonly NamedEvent[];
}

/** What an event says of the Run that it is for. */
const toldBy = ({ uid, recipes, dryRun }: PlannedRun): Partial<LifecycleEventStatus> => ({
  run: uid,
  ...(recipes === undefined ? {} : { recipes }),
  ...(dryRun ? { dryRun } : {}),
});

/** The writes that send the planned events. */
export const sendingOf = (
  plan: Plan,
  context: {
    readonly cluster: string;
    readonly last: StoredSnapshot | null;
    readonly sent: SentLog;
    readonly now: number;
  },
): Sending => {
  const { cluster, last, sent, now } = context;
  const digest = snapshotDigest(plan.snapshot);
  const isNew = digest !== last?.digest;
  const snapshot = { version: (last?.version ?? 0) + (isNew ? 1 : 0), digest, value: plan.snapshot };
  const value = isNew ? canonicalJson(plan.snapshot) : '';
  const diff = diffOf(last, snapshot, value.length);
  const events = plan.events.map((planned) => ({
    name: planned.run?.name ?? eventName(planned, snapshot.version, sent),
    planned,
  }));
  const pointer = { version: snapshot.version, digest };
  const storing: readonly Write[] = [
    {
      write: 'raw',
      compare: [],
      operation: { op: 'put', key: snapshotKey(cluster, digest), value },
    },
    {
      write: 'status',
      ref: { kind: 'Cluster', cluster: null, name: cluster },
      patch: { snapshot: pointer },
    },
  ];
  return {
    snapshot,
    events,
    writes: [
      ...(isNew ? storing : []),
      ...events.map(({ name, planned }): Write => {
        const status: LifecycleEventStatus = {
          event: planned.event,
          cause: planned.cause,
          createdAt: timestamp(now),
          snapshot: pointer,
          targets: planned.targets,
          timeoutSeconds: planned.timeoutSeconds,
          ...(diff === undefined ? {} : { diff }),
          ...(planned.run === undefined ? {} : toldBy(planned.run)),
        };
        const ref: Ref = { kind: 'LifecycleEvent', cluster, name };
        return { write: 'status', ref, patch: { ...status }, unchangedSince: 0 };
      }),
    ],
  };
};

/** A merge patch would keep fields that the new progress lacks; null removes them. */
const replacing = (before: object | undefined, after: object): Record<string, unknown> => ({
  ...Object.fromEntries(Object.keys(before ?? {}).map((key) => [key, null])),
  ...after,
});

/** Shutdown progress of machines that the slot has nothing to do with any more is taken out. */
const shutdownPatch = (before: InstanceStatus, after: InstanceStatus): Record<string, unknown> | null => {
  const kept = new Set(shutdownMachines(after));
  const gone = Object.keys(after.shutdown ?? {}).filter((machine) => !kept.has(machine));
  const fresh = Object.entries(after.shutdown ?? {})
    .filter(([machine, progress]) => kept.has(machine) && before.shutdown?.[machine] !== progress)
    .map(([machine, progress]) => [machine, replacing(before.shutdown?.[machine], progress)] as const);
  if (gone.length === 0 && fresh.length === 0) return null;
  return Object.fromEntries([...gone.map((machine) => [machine, null] as const), ...fresh]);
};

/** Instances whose records say all there is to say, whatever the time. */
const complete = new WeakSet<Live<'Instance'>>();

const isComplete = (member: Member): boolean =>
  member.status === member.live.status && !isWaiting(member) && complete.has(member.live);

/** Once every condition is there, another one follows from something new only. */
const noteComplete = (member: Member): void => {
  const { live, status, deploys } = member;
  const wanted = ['SetupDone', 'Configured', 'Ready', ...(deploys ? ['Deployed'] : [])];
  const said = wanted.every((type) => status.conditions?.[type] !== undefined);
  if (said && status === live.status && !isWaiting(member)) complete.add(live);
};

/** How far the events are that were answered since; a merge patch. */
const progressPatch = (before: InstanceStatus, after: InstanceStatus): Record<string, unknown> =>
  Object.fromEntries(
    STEPS.flatMap((step) => {
      const progress = after[step];
      return progress === undefined || progress === before[step]
        ? []
        : [[step, replacing(before[step], progress)]];
    }),
  );

/** What is new about a member, as a merge patch; null when nothing is. */
const memberPatch = (member: Member, now: number): Readonly<Record<string, unknown>> | null => {
  if (isComplete(member)) return null;
  const before = member.live.status;
  const { rebootWish } = member.status;
  const conditions = conditionChanges(member, now);
  const shutdown = shutdownPatch(before, member.status);
  const patch = {
    ...progressPatch(before, member.status),
    ...(rebootWish === before.rebootWish ? {} : { rebootWish }),
    ...(shutdown === null ? {} : { shutdown }),
    ...(Object.keys(conditions).length === 0 ? {} : { conditions }),
  };
  if (Object.keys(patch).length > 0) return patch;
  noteComplete(member);
  return null;
};

const clusterVerdict = (
  members: readonly Member[],
  unconfirmed: readonly string[],
  now: number,
): Condition => {
  const lastTransitionTime = timestamp(now);
  const base = { type: 'Configured', lastTransitionTime };
  const hosts = members.filter(isMember).length;
  return unconfirmed.length === 0
    ? {
        ...base,
        status: 'True',
        reason: 'Configured',
        message: 'every host has run its newest configuration',
      }
    : {
        ...base,
        status: 'False',
        reason: 'Configuring',
        message: `${String(unconfirmed.length)} of ${String(hosts)} hosts have yet to run their configuration`,
      };
};

/** The cluster's Configured condition, written only when it turns. */
export const clusterWrites = (
  cluster: Live<'Cluster'>,
  members: readonly Member[],
  unconfirmed: readonly string[],
  now: number,
): readonly Write[] => {
  const before = cluster.status.conditions ?? {};
  const next = clusterVerdict(members, unconfirmed, now);
  const turned = before['Configured']?.status !== next.status;
  if (!turned || (before['Configured'] === undefined && next.status !== 'True')) return [];
  const condition = withCondition(before, next)['Configured'];
  return [{ write: 'status', ref: cluster.ref, patch: { conditions: { Configured: condition } } }];
};

/** The write of what a member has to have in its record; null: nothing new. */
export const memberWrite =
  (now: number) =>
  (member: Member): Write | null => {
    const patch = memberPatch(member, now);
    return patch === null ? null : { write: 'status', ref: member.live.ref, patch };
  };
