/** What the lifecycle controller sees of one cluster, and the snapshot made of it. */
import { accountsOf } from '../../api-types/accounts.js';
import { rolesOf, type InstanceStatus } from '../../api-types/kinds/instance.js';
import type { EventResult } from '../../api-types/kinds/lifecycle-event.js';
import type { SnapshotAccount } from '../../api-types/snapshot.js';
import type { Live, Objects } from '../../store/objects/objects.js';
import { fold, sentSinceStop } from './fold.js';
import { releasesIn, type Releases } from './releases.js';
import { isInForce } from './in-force.js';
import { factsOf, type HostFacts } from './role-facts.js';
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
  /** What was deployed, and the Deployments that go on. */
  readonly releases: Releases;
  /** The cluster has load balancers that its cloud runs. */
  readonly balancersAtCloud: boolean;
}

/** A Run that has not ended. */
export interface OpenRun {
  readonly run: Live<'Run'>;
  readonly events: readonly Live<'LifecycleEvent'>[];
}

const accountsIn = (objects: Objects, cluster: string, roles: readonly string[]): Observed['accounts'] => {
  const grants = objects.list('Grant', cluster).filter(isInForce);
  if (grants.length === 0) return {};
  const holders = objects
    .list('User')
    .filter(isInForce)
    .map(({ ref, spec }) => ({ name: ref.name, spec }));
  return accountsOf(
    holders,
    grants.map(({ spec }) => spec),
    roles,
  );
};

/** Only with a record, which says whether it has ended, and what it was told to do. */
const isOpenRun = (run: Live<'Run'>): boolean =>
  isInForce(run) && run.recordRevision > 0 && run.status.finishedAt === undefined;

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
export const observe = (objects: Objects, name: string, balancersAtCloud: boolean): Observed | null => {
  const cluster = objects.get({ kind: 'Cluster', cluster: null, name });
  if (cluster === null) return null;
  const roles = new Map(objects.list('Role', name).map((role) => [role.ref.name, role]));
  const accounts = accountsIn(objects, name, [...roles.keys()]);
  const instances = objects.list('Instance', name);
  const releases = releasesIn(objects, name);
  return { cluster, roles, instances, accounts, runs: openRuns(objects, name), releases, balancersAtCloud };
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

interface KnownReady {
  readonly deploys: boolean;
  readonly ready: boolean;
}

const known = new WeakMap<Live<'Instance'>, KnownReady>();

/** Of an Instance about which nothing new is known, it is found once: objects never change. */
const readyOf = (live: Live<'Instance'>, slot: Slot): boolean => {
  if (slot.status !== live.status) return isReady(slot);
  const last = known.get(live);
  if (last?.deploys === slot.deploys) return last.ready;
  const ready = isReady(slot);
  known.set(live, { deploys: slot.deploys, ready });
  return ready;
};

/** A host that was configured without one was set up before its roles had anything for deploy: it is left alone. */
const deploys = (status: InstanceStatus, { hasDeploy }: HostFacts, sent: SentLog): boolean =>
  hasDeploy &&
  (sentSinceStop(status, sent, 'deploy') !== undefined ||
    sentSinceStop(status, sent, 'configure') === undefined);

export interface Counting {
  readonly results: readonly EventResult[];
  readonly sent: SentLog;
  readonly now: number;
}

/** Every Instance with its results counted, whether it is Ready, and what it still waits for. */
export const membersOf = (observed: Observed, { results, sent, now }: Counting): readonly Member[] => {
  const arrived = byInstance(results);
  const ready = new Set<string>();
  const deploying = factsOf(observed, () => true);
  const counted = observed.instances.map((live): Member => {
    const { spec, ref, deletion } = live;
    const status = fold(live.status, arrived.get(ref.name) ?? [], sent, now);
    const nothing = { waitsFor: [], lacks: [], deploys: deploys(status, deploying(spec), sent) };
    const slot = { name: ref.name, spec, status, deleting: deletion !== null, ...nothing };
    const member = { ...slot, live, ready: readyOf(live, slot) };
    if (member.ready) for (const role of rolesOf(spec)) ready.add(role);
    return member;
  });
  const waiting = factsOf(observed, (role) => isOpen(observed, role, ready));
  return counted.map((member) => {
    const { waitsFor, lacks } = waiting(member.spec);
    return waitsFor.length + lacks.length === 0 ? member : { ...member, waitsFor, lacks };
  });
};

/** The slot's machine runs and its agent has been heard: events can be sent to it. */
export const isMember = ({ status, deleting, spec }: Slot): boolean => {
  const machine = status.machine ?? null;
  if (machine === null || deleting || spec.desired === 'Stopped') return false;
  if ((status.doomed ?? []).some((one) => one.machine === machine.id)) return false;
  return machine.state === 'running' && status.agent?.machine === machine.id;
};
