/** What the lifecycle controller sees of one cluster, and the snapshot made of it. */
import { accountsOf } from '../../api-types/accounts.js';
import type { InstanceStatus } from '../../api-types/kinds/instance.js';
import type { EventResult } from '../../api-types/kinds/lifecycle-event.js';
import type { Snapshot, SnapshotAccount, SnapshotHost } from '../../api-types/snapshot.js';
import type { Live, Objects } from '../../store/objects/objects.js';
import { fold } from './fold.js';
import type { SentLog } from './sent.js';
import { isReady, type Slot } from './status.js';

export interface Observed {
  readonly cluster: Live<'Cluster'>;
  readonly roles: ReadonlyMap<string, Live<'Role'>>;
  readonly instances: readonly Live<'Instance'>[];
  /** By user name: who has an account on which role's hosts. */
  readonly accounts: Readonly<Record<string, SnapshotAccount>>;
  /** Runs that have not ended, with their events. */
  readonly runs: readonly OpenRun[];
}

/** A Run that has not ended. */
export interface OpenRun {
  readonly run: Live<'Run'>;
  readonly events: readonly Live<'LifecycleEvent'>[];
}

/** In force: its spec is there, valid at least once, and it is not on its way out, noted by a keeper or not yet. */
const inForce = ({ deletion, specGeneration, specRevision, succeeded }: Live): boolean =>
  deletion === null && specGeneration > 0 && specRevision > 0 && !succeeded;

const accountsIn = (objects: Objects, cluster: string, roles: readonly string[]): Observed['accounts'] => {
  const grants = objects.list('Grant', cluster).filter(inForce);
  if (grants.length === 0) return {};
  const holders = objects
    .list('User')
    .filter(inForce)
    .map(({ ref, spec }) => ({ name: ref.name, spec }));
  return accountsOf(
    holders,
    grants.map(({ spec }) => spec),
    roles,
  );
};

/** Only with a record, which says whether it has ended, and what it was told to do. */
const isOpenRun = (run: Live<'Run'>): boolean =>
  inForce(run) && run.recordRevision > 0 && run.status.finishedAt === undefined;

/** Runs of a cluster that have not ended, oldest first. */
export const openRuns = (objects: Objects, cluster: string): readonly OpenRun[] => {
  const runs = objects.list('Run', cluster).filter(isOpenRun);
  if (runs.length === 0) return [];
  const events = objects.list('LifecycleEvent', cluster).filter(({ status }) => status.run !== undefined);
  return [...runs]
    .sort((a, b) => a.incarnation - b.incarnation)
    .map((run) => ({ run, events: events.filter(({ status }) => status.run === run.uid) }));
};

/** Null: there is no such cluster. */
export const observe = (objects: Objects, name: string): Observed | null => {
  const cluster = objects.get({ kind: 'Cluster', cluster: null, name });
  if (cluster === null) return null;
  const roles = new Map(objects.list('Role', name).map((role) => [role.ref.name, role]));
  const accounts = accountsIn(objects, name, [...roles.keys()]);
  const instances = objects.list('Instance', name);
  return { cluster, roles, instances, accounts, runs: openRuns(objects, name) };
};

/** An Instance with results folded in, and what it was before. */
export interface Member extends Slot {
  readonly live: Live<'Instance'>;
  readonly ready: boolean;
}

const byInstance = (results: readonly EventResult[]): ReadonlyMap<string, readonly EventResult[]> => {
  const found = new Map<string, EventResult[]>();
  for (const result of results) {
    const of = found.get(result.instance);
    if (of === undefined) found.set(result.instance, [result]);
    else of.push(result);
  }
  return found;
};

/** A role that wants no hosts holds nobody up; one that is not there yet does. */
const isOpen = (observed: Observed, role: string, ready: ReadonlySet<string>): boolean =>
  ready.has(role) || observed.roles.get(role)?.spec.replicas === 0;

const known = new WeakMap<Live<'Instance'>, boolean>();

/** Of an Instance about which nothing new is known, it is found once: objects never change. */
const readyOf = (live: Live<'Instance'>, slot: Slot): boolean => {
  if (slot.status !== live.status) return isReady(slot);
  const ready = known.get(live) ?? isReady(slot);
  known.set(live, ready);
  return ready;
};

const slotOf = (live: Live<'Instance'>, status: InstanceStatus): Slot => ({
  name: live.ref.name,
  spec: live.spec,
  status,
  deleting: live.deletion !== null,
  waitsFor: [],
});

export interface Counting {
  readonly results: readonly EventResult[];
  readonly sent: SentLog;
  readonly now: number;
}

/** Every Instance with its results counted, whether it is Ready, and which roles it still waits for. */
export const membersOf = (observed: Observed, { results, sent, now }: Counting): readonly Member[] => {
  const arrived = byInstance(results);
  const counted = observed.instances.map((live) => {
    const status = fold(live.status, arrived.get(live.ref.name) ?? [], sent, now);
    const slot = slotOf(live, status);
    return { ...slot, live, ready: readyOf(live, slot) };
  });
  const ready = new Set(
    counted.flatMap((member) => (member.ready ? [member.spec.role, ...(member.spec.roles ?? [])] : [])),
  );
  const waits = new Map(
    [...observed.roles].map(([name, role]) => [
      name,
      (role.spec.dependsOn ?? []).filter((needed) => !isOpen(observed, needed, ready)),
    ]),
  );
  return counted.map((member) => ({ ...member, waitsFor: waits.get(member.spec.role) ?? [] }));
};

/** The slot's machine runs and its agent has been heard: events can be sent to it. */
export const isMember = ({ status, deleting, spec }: Slot): boolean => {
  const machine = status.machine ?? null;
  if (machine === null || deleting || spec.desired === 'Stopped') return false;
  if ((status.doomed ?? []).some((one) => one.machine === machine.id)) return false;
  return machine.state === 'running' && status.agent?.machine === machine.id;
};

const hostOf = ({ status, spec, ready }: Member): SnapshotHost => ({
  machine: status.machine?.id ?? '',
  role: spec.role,
  roles: spec.roles ?? [],
  address: status.agent?.address ?? '',
  zone: status.machine?.zone ?? '',
  ready,
});

/** The cluster as its hosts are to see it. */
export const snapshotOf = ({ cluster, roles, accounts }: Observed, members: readonly Member[]): Snapshot => ({
  cluster: cluster.ref.name,
  timeZone: cluster.spec.timeZone ?? 'UTC',
  attributes: cluster.spec.attributes ?? {},
  roles: Object.fromEntries(
    [...roles].map(([name, { spec }]) => [
      name,
      { type: spec.type, attributes: spec.attributes ?? {}, watches: spec.watches ?? [] },
    ]),
  ),
  hosts: Object.fromEntries(members.filter(isMember).map((member) => [member.name, hostOf(member)])),
  ...(Object.keys(accounts).length === 0 ? {} : { accounts }),
});
