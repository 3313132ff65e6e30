/**
 * Hosts that missed a Deployment: they were away while it went on. Without one that goes on, the controller makes one for
 * them: a rollback to the release in force, or an undeploy, on these hosts only, that nobody else waits for and that undoes
 * nothing. Pure.
 */
import {
  catchUpName,
  isCatchUp as isCatchUpNamed,
  type DeploymentSpec,
} from '../../api-types/kinds/deployment.js';
import type { Release } from '../../api-types/release.js';
import { hours, minutes } from '../../api-types/units.js';
import { sha256 } from '../../recipes/members.js';
import { parseTimestamp } from '../../runtime/clock.js';
import type { Live } from '../../store/objects/objects.js';
import type { StepOf } from './actions.js';
import { decisionsOf, upToDate } from './decisions.js';
import { runsOf } from '../host-releases.js';
import { hasRole, isOnline, isSettled, machineOf } from './hosts.js';
import { rolesFor } from './releases.js';
import { byName, isNamedBy } from './targets.js';
import type { View } from './view.js';
import { lockOf } from './words-of-people.js';

type Instance = Live<'Instance'>;
type Deployment = Live<'Deployment'>;

const FIRST_WAIT = minutes(1);
const LONGEST_WAIT = hours(1);
const HOSTS_AT_ONCE = 1000;

export const isCatchUp = ({ annotations, ref }: Deployment): boolean => isCatchUpNamed(ref.name, annotations);

/** What people last wanted of this host; undefined: they have named others only. */
const lastWordOn = (live: Instance, decisions: readonly Deployment[]): Deployment | undefined =>
  decisions.findLast(({ spec }) => isNamedBy(spec, live));

/** Where people narrowed what they wanted, other hosts are left as they are. */
const isMeant = (live: Instance, current: Release, decisions: readonly Deployment[]): boolean => {
  if (decisions.length === 0) return true;
  const last = lastWordOn(live, decisions);
  return (
    last !== undefined && last.spec.command !== 'undeploy' && last.status.release?.number === current.number
  );
};

/** The deploy after its setup failed: lifecycle tries that again. */
const isOfLifecycle = ({ status }: Instance, application: string): boolean =>
  status.applications?.[application]?.machine !== status.machine?.id &&
  status.deploy?.machine === status.machine?.id &&
  status.deploy?.state !== 'succeeded';

const canBeTold = (live: Instance, { name }: View): boolean =>
  isOnline(live) && isSettled(live) && !isOfLifecycle(live, name);

/** What some hosts have missed; `release` null: it was taken away. */
interface Missed {
  readonly release: Release | null;
  readonly hosts: readonly Instance[];
}

const behind = (view: View, current: Release, decisions: readonly Deployment[]): Missed => {
  const roles = new Set(current.roles);
  const hosts = [...view.instances.values()].filter(
    (live) =>
      hasRole(live, roles) &&
      canBeTold(live, view) &&
      runsOf(live, view.name)?.release !== current.number &&
      isMeant(live, current, decisions),
  );
  return { release: current, hosts };
};

const took = ({ spec, status }: Deployment, live: Instance): boolean => {
  const host = status.hosts?.[live.ref.name];
  return spec.command === 'undeploy' && host?.stage === 'done' && host.machine === machineOf(live);
};

/** It was to be taken away from this host, which has not done so since. */
const hasStill = (view: View, live: Instance, decisions: readonly Deployment[]): boolean => {
  const last = lastWordOn(live, decisions);
  if (last?.spec.command !== 'undeploy' || runsOf(live, view.name) === undefined) return false;
  const since = view.deployments.slice(view.deployments.indexOf(last));
  return !since.some((one) => took(one, live));
};

const leftOver = (view: View, application: Live<'Application'>, decisions: readonly Deployment[]): Missed => {
  const roles = new Set(application.status.current?.roles ?? rolesFor(application.spec, view.roles));
  const hosts = [...view.instances.values()].filter(
    (live) => hasRole(live, roles) && canBeTold(live, view) && hasStill(view, live, decisions),
  );
  return { release: null, hosts };
};

/** This one, on the host's machine of now. */
const isAttempt = ({ spec, status }: Deployment, live: Instance, release: Release | null): boolean => {
  if (spec.release !== release?.number || spec.instances?.includes(live.ref.name) !== true) return false;
  const machine = status.hosts?.[live.ref.name]?.machine;
  return status.finishedAt !== undefined && (machine === undefined || machine === machineOf(live));
};

/**
 * When it may be tried again on the host: milliseconds since 1970. However the last attempt ended, the host is behind: it is
 * asked more and more rarely.
 */
const notBefore = (live: Instance, release: Release | null, tried: readonly Deployment[]): number => {
  const attempts = tried.filter((one) => isAttempt(one, live, release));
  const last = attempts.at(-1)?.status.finishedAt;
  if (last === undefined) return 0;
  return parseTimestamp(last) + Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (attempts.length - 1));
};

const specOf = (view: View, { release, hosts }: Missed): DeploymentSpec => ({
  application: view.name,
  instances: hosts.map(({ ref }) => ref.name),
  ...(release === null
    ? { command: 'undeploy', comment: 'hosts that were away while it was undeployed' }
    : {
        command: 'rollback',
        release: release.number,
        comment: `hosts that were away while release ${String(release.number)} came`,
      }),
});

const nameOf = (view: View, { release, hosts }: Missed): string => {
  const about = [release?.number, view.deployments.at(-1)?.incarnation, ...hosts.map(machineOf)];
  return catchUpName(view.name, sha256(about.join(' ')).slice(0, 12));
};

export interface CatchUp {
  readonly make: StepOf<'make'> | null;
  /** Milliseconds until one that failed is tried again; Infinity: none. */
  readonly wait: number;
}

const NONE: CatchUp = { make: null, wait: Infinity };

const soonestOf = (view: View, { release, hosts }: Missed): CatchUp => {
  const tried = view.deployments.filter(isCatchUp);
  const due = hosts.map((live) => ({ live, wait: notBefore(live, release, tried) - view.now }));
  const ready = byName(due.filter(({ wait }) => wait <= 0).map(({ live }) => live)).slice(0, HOSTS_AT_ONCE);
  if (ready.length === 0) return { make: null, wait: Math.min(...due.map(({ wait }) => wait)) };
  const now = { release, hosts: ready };
  return { make: { action: 'make', name: nameOf(view, now), spec: specOf(view, now) }, wait: Infinity };
};

/** Only while no Deployment of the application goes on. */
export const catchUpOf = (view: View): CatchUp => {
  if (view.application === null || lockOf(view.application) !== null) return NONE;
  const application = upToDate(view.application, view.deployments);
  const { current } = application.status;
  const decisions = decisionsOf(view.deployments);
  const first = soonestOf(view, leftOver(view, application, decisions));
  if (first.make !== null || current === undefined) return first;
  const second = soonestOf(view, behind(view, current, decisions));
  return { make: second.make, wait: Math.min(first.wait, second.wait) };
};
