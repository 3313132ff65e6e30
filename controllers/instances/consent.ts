/**
 * Consent: edits that would terminate a large part of a cluster wait for a person. Counted over the whole cluster, so
 * that many small edits of one revision are one surprise. The doom mark in a record is the moment of no return:
 * hosts marked before count as being removed, hosts not marked yet can still be parked.
 */
import { MAX_TERMINATION_PERCENT } from '../../api-types/kinds/cluster.js';
import { CONSENT_ANNOTATION } from '../../api-types/metadata.js';
import type { Live } from '../../store/objects/objects.js';
import { roleOfSlot, slotNumber } from './slot-names.js';
import { isRetired, wantedOf, type Wanted } from './wanted.js';

/** Reasons of dooms that come from edits of people, not from failures. */
const EDIT_REASONS: ReadonlySet<string> = new Set([
  'ScaledDown',
  'RoleDeleted',
  'ClusterDeleted',
  'InstanceDeleted',
]);

/** Up to this many hosts an edit never waits. */
const ALWAYS = 2;

export interface Fleet {
  readonly cluster: Live<'Cluster'> | null;
  readonly roles: readonly Live<'Role'>[];
  readonly instances: readonly Live<'Instance'>[];
}

export interface Edit {
  readonly kind: 'Cluster' | 'Role' | 'Instance';
  readonly name: string;
  readonly reason: 'ScaledDown' | 'RoleDeleted' | 'ClusterDeleted' | 'InstanceDeleted';
  /** Instances whose machines it would terminate. */
  readonly hosts: readonly string[];
  readonly consented: boolean;
}

export interface Consent {
  readonly edits: readonly Edit[];
  readonly parked: readonly Edit[];
  readonly parkedHosts: ReadonlySet<string>;
  readonly total: number;
  readonly removing: number;
  readonly percent: number;
  readonly limitPercent: number;
  readonly cluster: string;
}

const covered = (revision: number, ...stands: readonly (number | undefined)[]): boolean =>
  stands.some((stand) => stand !== undefined && stand >= revision);

const annotated = (live: Live<'Role'> | Live<'Cluster'>): boolean =>
  live.annotations[CONSENT_ANNOTATION] === String(live.generation);

const clusterEdit = (cluster: Live<'Cluster'>): Omit<Edit, 'hosts'> | null =>
  cluster.deletion === null
    ? null
    : {
        kind: 'Cluster',
        name: cluster.ref.name,
        reason: 'ClusterDeleted',
        consented: covered(cluster.deletion.revision, cluster.status.consentRevision),
      };

/** Of a role, computed once for all of its instances. */
type WantedBy = (role: Live<'Role'>) => Wanted;

const isWanted = (role: Live<'Role'>, { ref }: Live<'Instance'>, wanted: WantedBy): boolean => {
  const number = slotNumber(role.ref.name, ref.name);
  return number === null || wanted(role).slots.has(number);
};

const roleEdit = (
  fleet: Fleet,
  role: Live<'Role'>,
  instance: Live<'Instance'>,
  wanted: WantedBy,
): Omit<Edit, 'hosts'> | null => {
  const stands = [role.status.consentRevision, fleet.cluster?.status.consentRevision] as const;
  const of = { kind: 'Role', name: role.ref.name } as const;
  if (role.deletion !== null)
    return { ...of, reason: 'RoleDeleted', consented: covered(role.deletion.revision, ...stands) };
  if (isWanted(role, instance, wanted)) return null;
  // another host has its place already: nothing gets smaller
  if (isRetired(role, instance.ref.name)) return null;
  const consented = covered(role.specRevision, ...stands) || annotated(role);
  return { ...of, reason: 'ScaledDown', consented };
};

const instanceEdit = (
  fleet: Fleet,
  role: Live<'Role'>,
  instance: Live<'Instance'>,
): Omit<Edit, 'hosts'> | null =>
  instance.deletion === null
    ? null
    : {
        kind: 'Instance',
        name: instance.ref.name,
        reason: 'InstanceDeleted',
        consented: covered(
          instance.deletion.revision,
          role.status.consentRevision,
          fleet.cluster?.status.consentRevision,
        ),
      };

/** Which edit of a person ends this instance, if any; the widest first. A frozen object has no edits. */
const editOf = (
  fleet: Fleet,
  role: Live<'Role'> | undefined,
  instance: Live<'Instance'>,
  wanted: WantedBy,
): Omit<Edit, 'hosts'> | null => {
  if (fleet.cluster === null || fleet.cluster.frozen !== null || role === undefined) return null;
  if (role.frozen !== null || instance.frozen !== null) return null;
  return (
    clusterEdit(fleet.cluster) ??
    roleEdit(fleet, role, instance, wanted) ??
    instanceEdit(fleet, role, instance)
  );
};

const wantedBy = ({ instances }: Fleet): WantedBy => {
  const known = new Map<Live<'Role'>, Wanted>();
  const slots = new Map<string, Live<'Instance'>[]>();
  for (const instance of instances) {
    const role = roleOfSlot(instance) ?? '';
    const of = slots.get(role);
    if (of === undefined) slots.set(role, [instance]);
    else of.push(instance);
  }
  return (role) => {
    const wanted = known.get(role) ?? wantedOf(role, slots.get(role.ref.name) ?? []);
    known.set(role, wanted);
    return wanted;
  };
};

/** Edits of people that would end some of these instances. */
export const gathered = (fleet: Fleet): readonly Edit[] => {
  const roles = new Map(fleet.roles.map((role) => [role.ref.name, role]));
  const wanted = wantedBy(fleet);
  const edits = new Map<string, { readonly edit: Omit<Edit, 'hosts'>; readonly hosts: string[] }>();
  for (const instance of fleet.instances) {
    const role = roleOfSlot(instance) ?? instance.spec.role;
    const edit = editOf(fleet, roles.get(role), instance, wanted);
    if (edit === null || (instance.status.machine ?? null) === null) continue;
    const key = `${edit.kind}/${edit.name}`;
    const entry = edits.get(key) ?? { edit, hosts: [] };
    entry.hosts.push(instance.ref.name);
    edits.set(key, entry);
  }
  return [...edits.values()].map(({ edit, hosts }) => ({ ...edit, hosts }));
};

const removedByEdits = (instance: Live<'Instance'>): number =>
  (instance.status.doomed ?? []).filter(({ reason }) => EDIT_REASONS.has(reason)).length;

/** Machines of instances: in their slots, and on their way out by edits. */
export interface Tally {
  readonly bound: number;
  readonly removing: number;
}

/** What one instance counts for. */
export const tallyOf = (instance: Live<'Instance'>): Tally => ({
  bound: (instance.status.machine ?? null) === null ? 0 : 1,
  removing: removedByEdits(instance),
});

const sum = (numbers: readonly number[]): number => numbers.reduce((total, next) => total + next, 0);

/** Which of these edits may go on and which wait. Pure. */
export const weighed = (
  cluster: Fleet['cluster'],
  edits: readonly Edit[],
  { bound, removing }: Tally,
): Consent => {
  const total = bound + removing;
  const open = edits.filter(({ consented }) => !consented);
  const asked = sum(open.map(({ hosts }) => hosts.length));
  const going = removing + sum(edits.filter(({ consented }) => consented).map(({ hosts }) => hosts.length));
  const limitPercent = cluster?.spec.maxTerminationPercent ?? MAX_TERMINATION_PERCENT;
  const percent = total === 0 ? 0 : Math.round(((asked + going) * 100) / total);
  const tooMany = asked > 0 && asked + going > ALWAYS && (asked + going) * 100 > limitPercent * total;
  const parked = tooMany ? open : [];
  return {
    edits,
    parked,
    parkedHosts: new Set(parked.flatMap(({ hosts }) => hosts)),
    total,
    removing: going,
    percent,
    limitPercent,
    cluster: cluster?.ref.name ?? '',
  };
};

/** Which edits of the cluster may go on and which wait. Pure. */
export const judgeEdits = (fleet: Fleet): Consent => {
  const tallies = fleet.instances.map(tallyOf);
  return weighed(fleet.cluster, gathered(fleet), {
    bound: sum(tallies.map(({ bound }) => bound)),
    removing: sum(tallies.map(({ removing }) => removing)),
  });
};

const MOST_NAMES = 10;

const listed = (names: readonly string[]): string =>
  names.length <= MOST_NAMES
    ? names.join(', ')
    : `${names.slice(0, MOST_NAMES).join(', ')} and ${String(names.length - MOST_NAMES)} more`;

/** For people: what waits, the numbers, and the command. */
export const consentMessage = (consent: Consent, edits: readonly Edit[]): string => {
  const hosts = edits.flatMap((edit) => edit.hosts);
  const all = sum(consent.parked.map((edit) => edit.hosts.length));
  const wider =
    all + consent.removing === hosts.length
      ? ''
      : ` (with other edits of the cluster: ${String(all + consent.removing)})`;
  return (
    `${edits
      .map(({ kind, name, reason }) => `${kind} ${name} ${reason}`)
      .slice(0, 3)
      .join(', ')}: ` +
    `would terminate ${String(hosts.length)} of ${String(consent.total)} hosts${wider}, ${String(consent.percent)} %, ` +
    `more than maxTerminationPercent ${String(consent.limitPercent)} %: ${listed(hosts)}. Nothing was stopped. ` +
    `To go on: scalarium consent ${consent.cluster}`
  );
};
