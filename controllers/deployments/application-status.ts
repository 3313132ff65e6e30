/** What an Application's record says: the release in force, those to go back to, and how many hosts run it. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { ApplicationStatus } from '../../api-types/kinds/application.js';
import { isEnded } from '../../api-types/kinds/deployment.js';
import type { Live } from '../../store/objects/objects.js';
import { conditionsWith, when, type Verdict } from './conditions.js';
import type { Course } from './course.js';
import { inForceAfter, inForceNow, type InForce } from './decisions.js';
import { runsOf } from '../host-releases.js';
import { hasRole, isGoing } from './hosts.js';
import { configOf, rolesFor } from './releases.js';
import type { View } from './view.js';
import { lockOf } from './words-of-people.js';

type Application = Live<'Application'>;
/** With what this Deployment has just brought, or ended. */
const inForceWith = (view: View, application: Application, course: Course | null): InForce => {
  const before = inForceNow(application, view.deployments);
  if (course?.phase !== 'Succeeded') return before;
  return inForceAfter(before, { live: course.live, release: course.next.release, at: course.now });
};

interface Count {
  readonly hosts: number;
  readonly currentHosts: number;
}

const count = (view: View, application: Application, { current }: InForce): Count => {
  const roles = new Set(current?.roles ?? rolesFor(application.spec, view.roles));
  const all = [...view.instances.values()].filter(
    (live) => hasRole(live, roles) && !isGoing(live) && live.spec.desired !== 'Stopped',
  );
  const having = all.filter(
    (live) => current !== undefined && runsOf(live, view.name)?.release === current.number,
  );
  return { hosts: all.length, currentHosts: having.length };
};

const readyOf = ({ current }: InForce, { hosts, currentHosts }: Count): Verdict => {
  if (current === undefined) return when(false, 'NotDeployed', 'no Deployment has brought it yet');
  const text = `${String(currentHosts)} of ${String(hosts)} hosts run release ${String(current.number)}`;
  return when(currentHosts === hosts, currentHosts === hosts ? 'AllHosts' : 'HostsBehind', text);
};

interface Going {
  readonly name: string;
  readonly phase: string;
  readonly message: string;
}

const openOf = (course: Course | null): Going | null => {
  if (course !== null && !course.ended)
    return { name: course.live.ref.name, phase: course.phase, message: course.phase };
  return null;
};

const lastEnded = (view: View, course: Course | null): Going | null => {
  if (course?.ended === true)
    return { name: course.live.ref.name, phase: course.phase, message: course.says?.message ?? '' };
  const last = view.deployments.filter(({ status }) => isEnded(status)).at(-1);
  if (last === undefined) return null;
  const { status } = last;
  return {
    name: last.ref.name,
    phase: status.phase ?? '',
    message: status.conditions?.['Ready']?.message ?? '',
  };
};

const verdictsOf = (view: View, application: Application, course: Course | null, facts: InForce & Count) => {
  const open = openOf(course);
  const last = open === null ? lastEnded(view, course) : null;
  const lock = lockOf(application);
  const failed = last?.phase === 'Failed';
  return {
    Ready: readyOf(facts, facts),
    Reconciling:
      open === null
        ? when(false, 'Settled', 'no Deployment goes on')
        : when(true, 'Deploying', `Deployment ${open.name} goes on: ${open.phase}`),
    Stalled: failed
      ? when(true, 'DeploymentFailed', `Deployment ${last.name}: ${last.message}`)
      : when(false, 'Moving', 'nothing stands in the way'),
    Locked: lock === null ? when(false, 'NotLocked', 'everybody may deploy') : when(true, 'Locked', lock),
  };
};

const isApplied = ({ spec }: Application, { current }: InForce): boolean =>
  current !== undefined && isDeepStrictEqual(configOf(spec), current.config);

/** The whole status as it is to be; `course`: of the Deployment that goes on, or just ended. */
export const applicationStatus = (
  view: View,
  application: Application,
  course: Course | null,
): ApplicationStatus => {
  const { status, specGeneration } = application;
  const { current, releases, deployedAt, decided } = inForceWith(view, application, course);
  const facts = { current, ...count(view, application, { current }) };
  const lastNumber = Math.max(status.lastNumber ?? 0, course?.next.release?.number ?? 0);
  const deployment = course?.live.ref.name ?? status.deployment;
  const at = { now: new Date(view.now).toISOString(), generation: specGeneration };
  return {
    observedGeneration: specGeneration,
    appliedGeneration: isApplied(application, facts) ? specGeneration : status.appliedGeneration,
    ...(lastNumber === 0 ? {} : { lastNumber }),
    current,
    releases,
    deployedAt,
    decided,
    deployment,
    hosts: facts.hosts,
    currentHosts: facts.currentHosts,
    conditions: conditionsWith(status.conditions ?? {}, verdictsOf(view, application, course, facts), at),
  };
};
