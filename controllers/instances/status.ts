/** What a role's record says of it after a run, pure: counts and conditions as kstatus reads them. */
import type { Conditions } from '../../api-types/metadata.js';
import type { RolePlan } from './actions.js';
import { conditionsPatch, say, type Says } from './conditions.js';
import { consentMessage, type Edit } from './consent.js';
import { isLeaving } from './lives.js';
import { isReady, replicasOf } from './rules.js';
import type { RoleView } from './view.js';
import { hostsWanted } from './wanted.js';

export interface Counts {
  /** By its spec. */
  readonly wanted: number;
  /** With the surplus of a Deployment. */
  readonly most: number;
  readonly there: number;
  readonly ready: number;
}

const countsOf = (view: RoleView): Counts => ({
  wanted: replicasOf(view.role),
  most: hostsWanted(view.role),
  there: view.slots.length,
  ready: view.slots.filter(({ live }) => live.deletion === null && isReady(live)).length,
});

const obstacleOf = (view: RoleView): Says | null => {
  if (view.cluster === null)
    return [
      'False',
      'ReferenceNotFound',
      `there is no Cluster ${view.role.ref.cluster ?? ''}; nothing is launched`,
    ];
  const { cloud } = view.cluster.spec;
  if (view.cloud.state === 'missing')
    return ['False', 'ReferenceNotFound', `Cloud ${cloud} is not there; nothing is launched`];
  if (view.cloud.state === 'unusable')
    return ['False', 'CloudNotReady', `Cloud ${cloud} is not usable yet; nothing is launched`];
  return null;
};

const readyOf = (view: RoleView, counts: Counts): Says => {
  const obstacle = obstacleOf(view);
  if (obstacle !== null) return obstacle;
  const text = `${String(counts.ready)} of ${String(counts.wanted)} hosts are Ready`;
  return counts.ready >= counts.wanted ? ['True', 'AllReady', text] : ['False', 'HostsNotReady', text];
};

const busy = (view: RoleView): boolean =>
  view.slots.some(({ doomed, live }) => doomed.length > 0 || live.deletion !== null) ||
  view.batches.some(({ batch }) => batch.closed !== true);

const reconcilingOf = (view: RoleView, plan: RolePlan, counts: Counts): Says => {
  if (isLeaving(view)) return ['True', 'Deleting', `${String(counts.there)} hosts are being torn down`];
  if (plan.held?.stalled === true) return ['False', plan.held.reason, plan.held.message];
  if (plan.held !== null) return ['True', plan.held.reason, plan.held.message];
  const moving = counts.ready < counts.most || counts.there !== counts.most || busy(view);
  if (obstacleOf(view) !== null || !moving) return ['False', 'Settled', 'nothing to do'];
  return ['True', 'Progressing', 'hosts are being launched, set up or removed'];
};

const stalledOf = (view: RoleView, plan: RolePlan): Says => {
  const [first] = plan.stalled;
  if (view.blind)
    return [
      'True',
      'CloudBlind',
      'most machines of the cluster are missing from what the cloud lists, which is more likely a fault of the ' +
        'listing than their end: nothing is replaced. If they really are gone, delete their Instances.',
    ];
  if (plan.held?.stalled === true) return ['True', plan.held.reason, plan.held.message];
  if (first !== undefined) return ['True', first.reason, `${first.slot}: ${first.message}`];
  return ['False', 'Moving', 'nothing stands in the way'];
};

const parkedEdits = (view: RoleView): readonly Edit[] => {
  const names = new Set(view.slots.map(({ name }) => name));
  return view.consent.parked.filter(({ hosts }) => hosts.some((host) => names.has(host)));
};

const consentOf = (view: RoleView): Says => {
  const parked = parkedEdits(view);
  return parked.length === 0
    ? ['False', 'NothingParked', 'no edit waits for consent']
    : ['True', 'TooManyTerminations', consentMessage(view.consent, parked)];
};

const conditionsOf = (view: RoleView, plan: RolePlan, counts: Counts): Conditions => {
  const at = { now: view.now, generation: view.role.specGeneration };
  const before = view.role.status.conditions ?? {};
  const said: readonly (readonly [string, Says])[] = [
    ['Ready', readyOf(view, counts)],
    ['Reconciling', reconcilingOf(view, plan, counts)],
    ['Stalled', stalledOf(view, plan)],
    ['ConsentRequired', consentOf(view)],
  ];
  return said.reduce((conditions, [type, says]) => say(conditions, type, says, at), before);
};

/** The role's status after a run as a merge patch; null when it says so already. */
export const roleStatusPatch = (view: RoleView, plan: RolePlan): Readonly<Record<string, unknown>> | null => {
  const counts = countsOf(view);
  const { status, specGeneration } = view.role;
  const after = conditionsOf(view, plan, counts);
  const conditions = conditionsPatch(status.conditions ?? {}, after);
  const applied = after['Ready']?.status === 'True' && counts.there === counts.most;
  const next = {
    replicas: counts.there,
    readyReplicas: counts.ready,
    observedGeneration: specGeneration,
    ...(applied ? { appliedGeneration: specGeneration } : {}),
  };
  const changed = Object.entries(next).filter(([key, value]) => status[key as keyof typeof next] !== value);
  if (changed.length === 0 && conditions === undefined) return null;
  return { ...Object.fromEntries(changed), ...(conditions === undefined ? {} : { conditions }) };
};
