/**
 * Which changes of a Deployment every load balancer has been told of. A host may be taken away from under its requests only
 * then, so this is never said too early: what is compared is the input that a load balancer confirmed with the input that
 * it is to have now, and both come from the moment of the cache that has the change.
 */
import { isCurrent, rolesOf } from '../../api-types/kinds/instance.js';
import type { Snapshot } from '../../api-types/snapshot.js';
import type { Live, Write } from '../../store/objects/objects.js';
import { inFlight, sentSinceStop } from './fold.js';
import { isMember, type Member, type Observed } from './observe.js';
import { inputText, urgent, type SentLog } from './sent.js';
import { isUnheard } from './status.js';

/** Hosts of a role whose type is load-balancer. */
export const isBalancer = ({ roles }: Pick<Observed, 'roles'>, { spec }: Member): boolean =>
  rolesOf(spec).some((role) => roles.get(role)?.spec.type === 'load-balancer');

/**
 * It may be passing requests on: one that is silent or unwell, too. One that never served will begin with what is then, unless
 * it is being configured at the moment: that run may be of before, and it serves with its success.
 */
const counts = (observed: Observed, member: Member, sent: SentLog): boolean =>
  isBalancer(observed, member) &&
  isMember(member) &&
  (member.ready || isUnheard(member) || inFlight(member.status, sent, 'configure') !== null);

/** The newest configure that it was sent has succeeded, and with what it is to have now; the hosts file aside. */
const hasConfirmed = ({ name, status }: Member, snapshot: Snapshot, sent: SentLog): boolean => {
  const { configure, machine } = status;
  const last = sentSinceStop(status, sent, 'configure');
  if (configure === undefined || configure.event !== last?.event || configure.machine !== machine?.id)
    return false;
  if (configure.state !== 'succeeded' || !isCurrent(status, configure)) return false;
  return urgent(configure.input ?? null) === urgent(inputText(snapshot, name));
};

const isNews = ({ status }: Live<'Deployment'>): boolean =>
  status.change !== undefined && status.told !== status.change;

/** Where the cluster has load balancers at its cloud, membership says when they have followed. */
const hasMoved = ({ status }: Live<'Deployment'>, atCloud: boolean): boolean =>
  !atCloud || status.moved === status.change;

/** Open Deployments whose change everybody has been told of, and that do not say so yet. */
export const newlyTold = (
  observed: Observed,
  members: readonly Member[],
  { snapshot, sent }: { readonly snapshot: Snapshot; readonly sent: SentLog },
): readonly Live<'Deployment'>[] => {
  const news = observed.releases.open
    .filter(isNews)
    .filter((deployment) => hasMoved(deployment, observed.balancersAtCloud));
  if (news.length === 0) return [];
  const balancers = members.filter((member) => counts(observed, member, sent));
  return balancers.every((member) => hasConfirmed(member, snapshot, sent)) ? news : [];
};

/** Written after what hosts have answered, from which it follows. */
export const toldWrites = (told: readonly Live<'Deployment'>[]): readonly Write[] =>
  told.map(({ ref, status }) => ({ write: 'status', ref, patch: { told: status.change } }));
