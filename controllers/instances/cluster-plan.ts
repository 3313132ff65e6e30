/** The cluster's own part, pure: zones and image pinned, counts and conditions, and the end of a deleted cluster. */
import type { Conditions } from '../../api-types/metadata.js';
import type { Capabilities } from '../../cloud/cloud.js';
import type { Live } from '../../store/objects/objects.js';
import { conditionsPatch, say, type Says } from './conditions.js';
import { consentMessage, type Consent } from './consent.js';
import { hasSpec, isReady, replicasOf } from './rules.js';

/** Zones of an endpoint that a cluster without zones of its own is spread over. */
const ZONES_BY_DEFAULT = 2;

/** Kinds that a cluster takes with it once its last host is gone: till then hosts shut down with their values. */
export const BELONGINGS = ['Run', 'Deployment', 'Application', 'Secret', 'Grant'] as const;
export type Belonging = (typeof BELONGINGS)[number];

export interface ClusterView {
  readonly now: number;
  readonly cluster: Live<'Cluster'>;
  readonly roles: readonly Live<'Role'>[];
  readonly instances: readonly Live<'Instance'>[];
  /** What has no host behind it and belongs to the cluster all the same. */
  readonly belongings: readonly Live<Belonging>[];
  readonly consent: Consent;
  readonly cloud: 'missing' | 'unusable' | Capabilities;
}

export interface ClusterPlan {
  /** Objects whose specs are deleted along with the cluster. */
  readonly remove: readonly Live<'Role' | Belonging>[];
  readonly forget: boolean;
  /** Merge patch on the status, or null. */
  readonly patch: Readonly<Record<string, unknown>> | null;
}

const capabilitiesOf = ({ cloud }: ClusterView): Capabilities | null =>
  typeof cloud === 'string' ? null : cloud;

const zonesOf = (view: ClusterView): readonly string[] | undefined => {
  const { spec, status } = view.cluster;
  return spec.zones ?? status.zones ?? capabilitiesOf(view)?.zones.slice(0, ZONES_BY_DEFAULT);
};

const imageOf = (view: ClusterView): string | undefined => {
  const { spec, status } = view.cluster;
  return spec.imageId ?? status.imageId ?? capabilitiesOf(view)?.defaultImageId ?? undefined;
};

/** Resolved once and kept: a moving default never moves a running cluster. */
const pinned = (view: ClusterView): Readonly<Record<string, unknown>> => {
  const { status } = view.cluster;
  const zones = zonesOf(view);
  const imageId = imageOf(view);
  const sameZones = zones === undefined || JSON.stringify(zones) === JSON.stringify(status.zones);
  return {
    ...(sameZones ? {} : { zones }),
    ...(imageId === undefined || imageId === status.imageId ? {} : { imageId }),
  };
};

const readyOf = (view: ClusterView, ready: number, wanted: number): Says => {
  const { cloud } = view.cluster.spec;
  if (view.cloud === 'missing')
    return ['False', 'ReferenceNotFound', `Cloud ${cloud} is not there; nothing is launched`];
  if (view.cloud === 'unusable')
    return ['False', 'CloudNotReady', `Cloud ${cloud} is not usable yet; nothing is launched`];
  const text = `${String(ready)} of ${String(wanted)} hosts are Ready`;
  return ready >= wanted ? ['True', 'AllReady', text] : ['False', 'HostsNotReady', text];
};

const stalledRole = (view: ClusterView): Live<'Role'> | undefined =>
  view.roles.find(({ status }) => status.conditions?.['Stalled']?.status === 'True');

/** Frozen means that nothing of it is removed, so it also holds up the end of its cluster; that is to be seen. */
const inTheWay = ({ cluster, roles }: ClusterView): Says | null => {
  const frozen = cluster.deletion === null ? undefined : roles.find((role) => role.frozen !== null);
  if (frozen === undefined) return null;
  const { name } = frozen.ref;
  return [
    'True',
    'Frozen',
    `role ${name} is frozen by an edit that does not decode, so the cluster cannot be deleted: repair or delete Role ${name}`,
  ];
};

const stalledOf = (view: ClusterView): Says => {
  const frozen = inTheWay(view);
  if (frozen !== null) return frozen;
  const role = stalledRole(view);
  const condition = role?.status.conditions?.['Stalled'];
  return role === undefined || condition === undefined
    ? ['False', 'Moving', 'nothing stands in the way']
    : ['True', condition.reason, `role ${role.ref.name}: ${condition.message}`];
};

const consentOf = ({ consent }: ClusterView): Says =>
  consent.parked.length === 0
    ? ['False', 'NothingParked', 'no edit waits for consent']
    : ['True', 'TooManyTerminations', consentMessage(consent, consent.parked)];

const reconcilingOf = (view: ClusterView): Says => {
  if (view.cluster.deletion !== null && view.consent.parked.length === 0)
    return ['True', 'Deleting', `${String(view.roles.length)} roles are being torn down`];
  const busy = view.roles.find(({ status }) => status.conditions?.['Reconciling']?.status === 'True');
  return busy === undefined
    ? ['False', 'Settled', 'nothing to do']
    : ['True', 'Progressing', `role ${busy.ref.name} is changing`];
};

const conditionsOf = (view: ClusterView, ready: number, wanted: number): Conditions => {
  const at = { now: view.now, generation: view.cluster.specGeneration };
  const said: readonly (readonly [string, Says])[] = [
    ['Ready', readyOf(view, ready, wanted)],
    ['Reconciling', reconcilingOf(view)],
    ['Stalled', stalledOf(view)],
    ['ConsentRequired', consentOf(view)],
  ];
  const before = view.cluster.status.conditions ?? {};
  return said.reduce((conditions, [type, says]) => say(conditions, type, says, at), before);
};

const statusPatch = (view: ClusterView): ClusterPlan['patch'] => {
  const { status, specGeneration } = view.cluster;
  const ready = view.instances.filter((live) => live.deletion === null && isReady(live)).length;
  const wanted = view.roles.reduce((sum, role) => sum + (role.deletion === null ? replicasOf(role) : 0), 0);
  const after = conditionsOf(view, ready, wanted);
  const conditions = conditionsPatch(status.conditions ?? {}, after);
  const applied = after['Ready']?.status === 'True';
  const next = {
    hosts: view.instances.length,
    readyHosts: ready,
    observedGeneration: specGeneration,
    ...(applied ? { appliedGeneration: specGeneration } : {}),
  };
  const changed = Object.entries(next).filter(([key, value]) => status[key as keyof typeof next] !== value);
  const patch = {
    ...pinned(view),
    ...Object.fromEntries(changed),
    ...(conditions === undefined ? {} : { conditions }),
  };
  return Object.keys(patch).length === 0 ? null : patch;
};

const isParked = ({ consent }: ClusterView): boolean => consent.parked.some(({ kind }) => kind === 'Cluster');

/** Roles first; when they and their hosts are gone, what would be in force again in a next cluster of that name. */
const goesAlong = ({ roles, instances, belongings }: ClusterView): ClusterPlan['remove'] =>
  roles.length === 0 && instances.length === 0
    ? belongings.filter(hasSpec)
    : roles.filter((role) => hasSpec(role) && role.frozen === null);

const isEmpty = ({ roles, instances, belongings }: ClusterView): boolean =>
  roles.length === 0 && instances.length === 0 && belongings.length === 0;

/** Plans one run for a cluster. */
export const planCluster = (view: ClusterView): ClusterPlan => {
  const { cluster } = view;
  // the spec came back before consent: nothing has happened, the new incarnation begins with an empty record
  if (cluster.deletion !== null && cluster.succeeded && isParked(view))
    return { remove: [], forget: true, patch: null };
  const leaving = cluster.deletion !== null && cluster.frozen === null && !isParked(view);
  if (leaving && isEmpty(view)) return { remove: [], forget: true, patch: null };
  return { remove: leaving ? goesAlong(view) : [], forget: false, patch: statusPatch(view) };
};
