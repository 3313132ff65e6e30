/** Which changes of Deployments the load balancers of the cloud have followed. Pure. */
import type { HostStage } from '../../api-types/kinds/deployment.js';
import type { BalancerMember } from '../../cloud/balancers.js';
import type { Live, Write } from '../../store/objects/objects.js';
import type { Verdict } from './plan.js';

/** A load balancer as it is, and what its members should be. */
export interface Looked {
  readonly members: readonly BalancerMember[];
  readonly verdicts: ReadonlyMap<string, Verdict>;
}

/** It is where it should be: through with what it had, or given requests. What is unknown or ends is waited for by nobody. */
const hasMoved = ({ members, verdicts }: Looked, machine: string): boolean => {
  const member = members.find((one) => one.machine === machine);
  const verdict = verdicts.get(machine);
  if (verdict === 'leaves') return member === undefined;
  if (verdict === 'serves') return member?.health === 'healthy' || member?.health === 'unknown';
  return true;
};

/** Nobody waits for what becomes of it. */
const GIVEN_UP: readonly HostStage[] = ['failed', 'skipped'];

/** Hosts of all changes that were not followed yet: those of an earlier one may still be on their way. */
const waitingIn = ({ status: { hosts = {}, moved = 0 } }: Live<'Deployment'>): readonly string[] =>
  Object.values(hosts)
    .filter(({ change = 0, stage }) => change > moved && !GIVEN_UP.includes(stage))
    .map(({ machine }) => machine);

/** It has a change that load balancers are not known to have followed. */
export const awaitsMove = ({ status: { change, moved } }: Live<'Deployment'>): boolean =>
  change !== undefined && change !== moved;

/** Deployments whose changes every load balancer has followed, to the newest, and that do not say so yet. */
export const newlyMoved = (
  open: readonly Live<'Deployment'>[],
  looked: readonly Looked[],
): readonly Live<'Deployment'>[] =>
  open
    .filter(awaitsMove)
    .filter((deployment) =>
      waitingIn(deployment).every((machine) => looked.every((balancer) => hasMoved(balancer, machine))),
    );

export const movedWrites = (moved: readonly Live<'Deployment'>[]): readonly Write[] =>
  moved.map(({ ref, status }) => ({ write: 'status', ref, patch: { moved: status.change } }));
