/** Waiting for load balancers: what is said of one that does not confirm. Pure. */
import { rolesOf } from '../../api-types/kinds/instance.js';
import type { DeploymentHost } from '../../api-types/kinds/deployment.js';
import { seconds } from '../../api-types/units.js';
import { parseTimestamp } from '../../runtime/clock.js';
import type { Live } from '../../store/objects/objects.js';
import type { Course } from './course.js';
import { isOnline } from './hosts.js';

const PATIENCE_SECONDS = 120;

/** A load balancer may be in a run of before when it is told; either run may wait for requests before its reload and after it. */
const patienceOf = ({ view }: Course): number => PATIENCE_SECONDS + 4 * view.drainSeconds;

const isBalancer = ({ view }: Course, { spec }: Live<'Instance'>): boolean =>
  rolesOf(spec).some((role) => view.roles.get(role)?.spec.type === 'load-balancer');

const isBehind = ({ status }: Live<'Instance'>, since: number): boolean => {
  const { configure } = status;
  return configure?.state !== 'succeeded' || parseTimestamp(configure.at) < since;
};

/** Load balancers that have not run their configuration since, for people. */
const silentOnes = (course: Course, { since }: DeploymentHost): string => {
  const balancers = [...course.view.instances.values()].filter(
    (live) => isBalancer(course, live) && isOnline(live),
  );
  const behind = balancers.filter((live) => isBehind(live, parseTimestamp(since)));
  const named = (behind.length > 0 ? behind : balancers).map(({ ref, status }) => {
    const message = status.configure?.state === 'failed' ? status.configure.message : undefined;
    return message === undefined ? ref.name : `${ref.name} (${message.slice(0, 200)})`;
  });
  return named.slice(0, 5).join(', ') || 'none is online';
};

export type Telling = 'told' | 'waiting' | 'overdue';

/** Whether every load balancer knows of the host's change. */
export const tellingOf = (course: Course, host: DeploymentHost): Telling => {
  if (course.isTold(host)) return 'told';
  const left = seconds(patienceOf(course)) - course.waitedFor(host);
  if (left <= 0) return 'overdue';
  course.wait(left, 'load balancers are to confirm');
  return 'waiting';
};

/** Why a host went no further, for people. */
export const overdueMessage = (course: Course, host: DeploymentHost): string =>
  `load balancers did not confirm within ${String(patienceOf(course))} s that it ${
    host.out === true ? 'leaves' : 'joins'
  }: ${silentOnes(course, host)}`;
