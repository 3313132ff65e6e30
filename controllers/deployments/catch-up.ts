/**
 * Hosts that missed a Deployment: they were away while it went on. Without one that goes on, the controller makes one for
 * them: a rollback to the release in force, on these hosts only, that nobody else waits for and that undoes nothing. Pure.
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
import { hasRole, isOnline, isSettled, machineOf, runsOf } from './hosts.js';
import { byName, isNamedBy } from './targets.js';
import type { View } from './view.js';
import { lockOf } from './words-of-people.js';

type Instance = Live<'Instance'>;
type Deployment = Live<'Deployment'>;

const FIRST_WAIT = minutes(1);
const LONGEST_WAIT = hours(1);
const HOSTS_AT_ONCE = 1000;

export const isCatchUp = ({ annotations, ref }: Deployment): boolean => isCatchUpNamed(ref.name, annotations);

const decides = ({ spec, status }: Deployment): boolean =>
  status.phase === 'Succeeded' && ['deploy', 'rollback', 'undeploy'].includes(spec.command);

/** What people last wanted of this host: where they narrowed it, others are left as they are. */
const isMeant = (live: Instance, current: Release, decisions: readonly Deployment[]): boolean => {
  if (decisions.length === 0) return true;
  const last = decisions.find(({ spec }) => isNamedBy(spec, live));
  return (
    last !== undefined && last.spec.command !== 'undeploy' && last.status.release?.number === current.number
  );
};

/** The deploy after its setup failed: lifecycle tries that again. */
const isOfLifecycle = ({ status }: Instance, application: string): boolean =>
  status.applications?.[application]?.machine !== status.machine?.id &&
  status.deploy?.machine === status.machine?.id &&
  status.deploy?.state !== 'succeeded';

const lags = (live: Instance, { name }: View, current: Release): boolean =>
  isOnline(live) &&
  isSettled(live) &&
  !isOfLifecycle(live, name) &&
  runsOf(live, name)?.release !== current.number;

/** When it may be tried again on the host: milliseconds since 1970; one that keeps failing is asked more and more rarely. */
const notBefore = (name: string, current: Release, tried: readonly Deployment[]): number => {
  const failed = tried.filter(
    ({ spec, status }) => spec.release === current.number && status.hosts?.[name]?.stage === 'failed',
  );
  const last = failed.at(-1)?.status.finishedAt;
  if (last === undefined) return 0;
  return parseTimestamp(last) + Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (failed.length - 1));
};

const specOf = (view: View, current: Release, hosts: readonly Instance[]): DeploymentSpec => ({
  application: view.name,
  command: 'rollback',
  release: current.number,
  instances: hosts.map(({ ref }) => ref.name),
  comment: `hosts that were away while release ${String(current.number)} came`,
});

const nameOf = (view: View, current: Release, hosts: readonly Instance[]): string => {
  const about = [current.number, view.deployments.at(-1)?.incarnation, ...hosts.map(machineOf)];
  return catchUpName(view.name, sha256(about.join(' ')).slice(0, 12));
};

export interface CatchUp {
  readonly make: StepOf<'make'> | null;
  /** Milliseconds until one that failed is tried again; Infinity: none. */
  readonly wait: number;
}

const NONE: CatchUp = { make: null, wait: Infinity };

/** Only while no Deployment of the application goes on. */
export const catchUpOf = (view: View): CatchUp => {
  const { application, deployments, now } = view;
  const current = application?.status.current;
  if (application === null || current === undefined || lockOf(application) !== null) return NONE;
  const roles = new Set(current.roles);
  const decisions = deployments.filter((one) => decides(one) && !isCatchUp(one)).reverse();
  const behind = [...view.instances.values()].filter(
    (live) => hasRole(live, roles) && lags(live, view, current) && isMeant(live, current, decisions),
  );
  if (behind.length === 0) return NONE;
  const tried = deployments.filter(isCatchUp);
  const due = behind.map((live) => ({ live, wait: notBefore(live.ref.name, current, tried) - now }));
  const ready = byName(due.filter(({ wait }) => wait <= 0).map(({ live }) => live)).slice(0, HOSTS_AT_ONCE);
  if (ready.length === 0) return { make: null, wait: Math.min(...due.map(({ wait }) => wait)) };
  return {
    make: { action: 'make', name: nameOf(view, current, ready), spec: specOf(view, current, ready) },
    wait: Infinity,
  };
};
