/** What is known of the machines that may be members of a load balancer of the cloud: from records, never from absence. */
import { isOpen, outOf } from '../../api-types/kinds/deployment.js';
import { isCurrent, rolesOf, type InstanceStatus } from '../../api-types/kinds/instance.js';
import type { Balancers } from '../../cloud/balancers.js';
import type { Live, Objects } from '../../store/objects/objects.js';
import type { Verdict } from './plan.js';

/** A load balancer of a cloud that a cluster has. */
export interface Balancer {
  /** What the cloud calls it. */
  readonly name: string;
  readonly port: Balancers;
  /** Roles whose hosts are its members. */
  readonly roles: readonly string[];
  /** Whose requests it passes on: a host that is out for it leaves; null: those of all applications. */
  readonly application: string | null;
}

export interface Observed {
  readonly instances: readonly Live<'Instance'>[];
  readonly roles: readonly Live<'Role'>[];
  /** Deployments that go on. */
  readonly open: readonly Live<'Deployment'>[];
}

/** In one moment of the cache. */
export const observe = (objects: Objects, cluster: string): Observed => ({
  instances: objects.list('Instance', cluster),
  roles: objects.list('Role', cluster),
  open: objects.list('Deployment', cluster).filter(isOpen),
});

/** Setup has succeeded on the machine in the slot, since it was last started. */
const isSetUp = (status: InstanceStatus): boolean => {
  const { setup, machine } = status;
  return setup?.state === 'succeeded' && setup.machine === machine?.id && isCurrent(status, setup);
};

const isOut = (
  { open }: Observed,
  { ref, status }: Live<'Instance'>,
  application: string | null,
): boolean => {
  const out = outOf(open, ref.name, status.machine?.id ?? '');
  return application === null ? out.length > 0 : out.includes(application);
};

/** What somebody has decided about the machine in the slot; null: nothing. */
const decided = (
  observed: Observed,
  instance: Live<'Instance'>,
  application: string | null,
): Verdict | null => {
  const { deletion, spec } = instance;
  if (deletion !== null || spec.desired === 'Stopped') return 'ends';
  if (spec.desired === 'Maintenance' || isOut(observed, instance, application)) return 'leaves';
  return null;
};

const verdictOn = (observed: Observed, instance: Live<'Instance'>, application: string | null): Verdict => {
  const decision = decided(observed, instance, application);
  if (decision !== null) return decision;
  const { status } = instance;
  if (status.machine?.state !== 'running' || !isSetUp(status)) return 'down';
  return status.conditions?.['Ready']?.status === 'True' ? 'serves' : 'unknown';
};

/** Machines of the slot that must go: one that waits for its successor has failed, but is not lost. */
const doomedOf = ({ status }: Live<'Instance'>): readonly (readonly [string, Verdict])[] =>
  (status.doomed ?? []).map(({ machine, when }) => [machine, when === 'now' ? 'ends' : 'down'] as const);

/** By machine; those that the roles' hosts had until lately are among them. */
export const verdictsFor = (
  observed: Observed,
  { roles, application }: Pick<Balancer, 'roles' | 'application'>,
): ReadonlyMap<string, Verdict> => {
  const ours = observed.instances.filter(({ spec }) => rolesOf(spec).some((role) => roles.includes(role)));
  const ended = observed.roles
    .filter(({ ref }) => roles.includes(ref.name))
    .flatMap(({ status }) => status.tombstones ?? []);
  return new Map<string, Verdict>([
    ...ended.map(({ machine }) => [machine, 'ends'] as const),
    ...ours.flatMap((instance) => {
      const machine = instance.status.machine?.id;
      return machine === undefined ? [] : [[machine, verdictOn(observed, instance, application)] as const];
    }),
    // last: what must go goes, whoever still names it
    ...ours.flatMap(doomedOf),
  ]);
};
