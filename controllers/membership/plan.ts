/** Who joins a load balancer of the cloud, and who leaves it. Pure. */
import type { BalancerMember } from '../../cloud/balancers.js';

/**
 * What is known of a machine. serves: it is Ready, and nobody wants it out. leaves: somebody wants it out for a while (a
 * Deployment, maintenance). ends: it was decided that it ends or is stopped. down: it serves nothing, for certain. unknown:
 * it is not Ready, and may serve all the same: unknown is not failed.
 */
export type Verdict = 'serves' | 'leaves' | 'ends' | 'down' | 'unknown';

export interface PlanInput {
  /** As the balancer says. */
  readonly members: readonly BalancerMember[];
  /** By machine: ours, those that ended a short time ago included. Members that are none of them are left alone. */
  readonly verdicts: ReadonlyMap<string, Verdict>;
  /** How many were taken out within the last minutes because they were down. */
  readonly recentlyDown: number;
}

export interface MembershipPlan {
  readonly register: readonly string[];
  readonly deregister: readonly string[];
  /** Those that should leave and stay for now, and why. */
  readonly held: readonly { readonly machine: string; readonly why: 'last' | 'budget' }[];
}

/** Of all members, at least one: what is down is given nothing by the balancer's own checks in any case. */
const DOWN_SHARE = 0.25;

const isIn = ({ health }: BalancerMember): boolean => health !== 'draining';

interface Sorted {
  /** By decision, whoever remains. */
  readonly ends: readonly string[];
  readonly leaves: readonly string[];
  readonly down: readonly string[];
  /** Somebody who is given requests remains. */
  readonly remains: boolean;
}

/** Given requests, as the balancer says; where that does not say, as we do. A stranger's member is not known to stay. */
const isServing = ({ health }: BalancerMember, verdict: Verdict | undefined): boolean =>
  verdict === 'serves'
    ? health === 'healthy' || health === 'unknown'
    : verdict === 'unknown' && health === 'healthy';

const sorted = ({ members, verdicts }: PlanInput): Sorted => {
  const present = members.filter(isIn);
  const of = (verdict: Verdict): readonly string[] =>
    present.map(({ machine }) => machine).filter((machine) => verdicts.get(machine) === verdict);
  const remains = present.some((member) => isServing(member, verdicts.get(member.machine)));
  return { ends: of('ends'), leaves: of('leaves'), down: of('down'), remains };
};

const joining = ({ members, verdicts }: PlanInput): readonly string[] => {
  const present = new Set(members.filter(isIn).map(({ machine }) => machine));
  return [...verdicts].flatMap(([machine, verdict]) =>
    verdict === 'serves' && !present.has(machine) ? [machine] : [],
  );
};

const held = (
  machines: readonly string[],
  why: MembershipPlan['held'][number]['why'],
): MembershipPlan['held'] => machines.map((machine) => ({ machine, why }));

/**
 * Machines that end leave before they do. Others leave only while somebody remains who is given requests, so that new members
 * are well before old ones go; and of those that are down only a few, since so many at once is more likely our own error.
 */
export const planMembership = (input: PlanInput): MembershipPlan => {
  const { ends, leaves, down, remains } = sorted(input);
  const register = joining(input);
  if (!remains) return { register, deregister: ends, held: [...held(leaves, 'last'), ...held(down, 'last')] };
  const most = Math.max(1, Math.floor(input.members.filter(isIn).length * DOWN_SHARE));
  const budget = Math.max(0, most - input.recentlyDown);
  return {
    register,
    deregister: [...ends, ...leaves, ...down.slice(0, budget)],
    held: held(down.slice(budget), 'budget'),
  };
};
