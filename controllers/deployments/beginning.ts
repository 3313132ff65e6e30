/** The beginning of a Deployment: its hosts are chosen, and what it brings where that is known already. Pure. */
import { MADE_BY } from '../../api-types/kinds/deployment.js';
import type { Release } from '../../api-types/release.js';
import type { Cause, Course } from './course.js';
import { runsOf } from '../host-releases.js';
import { machineOf } from './hosts.js';
import { configProblem, recordProblem, releaseToGoBackTo, rolesFor } from './releases.js';
import { batchesOf, recorded } from './strategy.js';
import { targetsOf, type Targets } from './targets.js';

/** Hosts of these roles are meant; of a release those that it came with. */
export const rolesMeant = ({
  view,
  application,
  next,
  live,
}: Pick<Course, 'view' | 'live' | 'application' | 'next'>): readonly string[] =>
  next.release?.roles ??
  (live.spec.command === 'deploy' ? undefined : application.status.current?.roles) ??
  rolesFor(application.spec, view.roles);

/** What a beginning depends on. */
type Beginning = Pick<Course, 'view' | 'live' | 'application' | 'next'>;

const notDeployed = ({ live, application }: Beginning): Cause | null => {
  const { command } = live.spec;
  if (command === 'deploy' || command === 'rollback' || command === 'undeploy') return null;
  return application.status.current === undefined
    ? {
        reason: 'NotDeployed',
        message: `${live.spec.application} was not deployed yet: there is nothing to ${command}`,
      }
    : null;
};

const noMigration = ({ live, application }: Beginning): Cause | null => {
  const { command, migrate = false } = live.spec;
  const config = command === 'migrate' ? application.status.current?.config : application.spec;
  const wants = command === 'migrate' || (command === 'deploy' && migrate);
  if (!wants || config === undefined || config.type === 'rails' || config.migration !== undefined)
    return null;
  return {
    reason: 'NoMigration',
    message: `${live.spec.application} has no migration: its spec says none (migration.command), and its type has none`,
  };
};

/** The release of `rollback`; null: another command. */
const releaseOf = ({ live, application }: Beginning): Release | string | null =>
  live.spec.command === 'rollback' ? releaseToGoBackTo(application, live.spec.release) : null;

const choose = (course: Course, targets: Targets): void => {
  const { application } = course.live.spec;
  for (const live of targets.hosts) {
    const from = runsOf(live, application)?.release;
    course.add(live.ref.name, {
      machine: machineOf(live),
      stage: 'waiting',
      ...(from === undefined ? {} : { from }),
    });
  }
  for (const name of targets.offline) {
    const machine = course.view.instances.get(name)?.status.machine?.id ?? '';
    course.add(name, { machine, stage: 'skipped', message: 'it was not online when the Deployment began' });
  }
};

/** Hosts are being set up; it is waited for them, but not for ever. */
const isWaited = (course: Course, { coming }: Targets): boolean => {
  if (coming.length === 0) return false;
  const left = course.timeoutSeconds * 1000 - course.ageOf(course.live.createdAt);
  if (left <= 0) return false;
  course.says = {
    reason: 'HostsSettingUp',
    message: `waits until hosts are set up: ${coming.slice(0, 10).join(', ')}`,
  };
  course.wait(left, 'hosts are being set up');
  course.next.phase = 'Pending';
  return true;
};

const started = (course: Course, targets: Targets): void => {
  const { live, application, strategy, next } = course;
  const { current } = application.status;
  next.startedAt = course.now;
  next.strategy = recorded(strategy);
  if (live.spec.command === 'deploy') next.application = application.spec;
  if (current !== undefined) next.from = current;
  choose(course, targets);
  next.batch = 0;
  next.batches = batchesOf(strategy, targets.hosts.length);
  const by = live.annotations[MADE_BY];
  course.tell(
    'Normal',
    'DeploymentStarted',
    `${live.spec.command} of ${live.spec.application} on ${String(targets.hosts.length)} hosts${by === undefined ? '' : `, by ${by}`}`,
  );
};

const tooLarge = ({ live, application }: Beginning): Cause | null => {
  const problem = live.spec.command === 'deploy' ? configProblem(application.spec) : null;
  return problem === null ? null : { reason: 'ConfigTooLarge', message: problem };
};

const noRole = (roles: readonly string[], { live }: Beginning): Cause | null =>
  roles.length > 0
    ? null
    : { reason: 'NoRole', message: `no Role runs ${live.spec.application}: nothing was done` };

/** What it will have to keep does not fit, whatever happens to its hosts. */
const tooMany = (
  { hosts }: Targets,
  release: Release | null,
  { live, application }: Beginning,
): Cause | null => {
  const message = recordProblem(hosts.length, [release, application.status.current, live.spec]);
  return message === null ? null : { reason: 'TooLarge', message };
};

interface Chosen {
  /** Of `rollback`. */
  readonly release: Release | null;
  readonly targets: Targets;
}

/** What it would begin with, or why it cannot begin, and never will as things are. */
const chosenFor = (on: Beginning): Chosen | { readonly refusal: Cause } => {
  const refusal = notDeployed(on) ?? noMigration(on) ?? tooLarge(on);
  if (refusal !== null) return { refusal };
  const release = releaseOf(on);
  if (typeof release === 'string') return { refusal: { reason: 'ReleaseNotFound', message: release } };
  const roles = release?.roles ?? rolesMeant(on);
  const targets = targetsOf(on.live.spec, on.view.instances, roles);
  const never = noRole(roles, on) ?? targets.refusal ?? tooMany(targets, release, on);
  return never === null ? { release, targets } : { refusal: never };
};

/** Null: it can begin once its turn has come. */
export const refusalFor = (on: Beginning): Cause | null => {
  const chosen = chosenFor(on);
  return 'refusal' in chosen ? chosen.refusal : null;
};

/** It would begin at once. */
export const canBegin = (on: Beginning): boolean => {
  const chosen = chosenFor(on);
  return 'targets' in chosen && chosen.targets.hosts.length > 0;
};

/** Its turn has come. Nothing of it is told to anybody before its record says that it has begun. */
export const beginCourse = (course: Course): void => {
  const chosen = chosenFor(course);
  if ('refusal' in chosen) {
    course.end('Failed', chosen.refusal);
    return;
  }
  const { release, targets } = chosen;
  if (isWaited(course, targets)) return;
  if (targets.hosts.length === 0) {
    course.end('Failed', {
      reason: 'NoHostOnline',
      message: 'none of its hosts was set up in time: nothing was done',
    });
    return;
  }
  if (release !== null) course.next.release = release;
  started(course, targets);
};
