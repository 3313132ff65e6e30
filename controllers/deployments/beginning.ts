/** The beginning of a Deployment: its hosts are chosen, and what it brings where that is known already. Pure. */
import { MADE_BY } from '../../api-types/kinds/deployment.js';
import type { Release } from '../../api-types/release.js';
import type { Cause, Course } from './course.js';
import { machineOf, runsOf } from './hosts.js';
import { releaseToGoBackTo, rolesFor } from './releases.js';
import { batchesOf, recorded } from './strategy.js';
import { targetsOf, type Targets } from './targets.js';

/** Hosts of these roles are meant; of a release those that it came with. */
export const rolesMeant = ({ view, application, next, live }: Course): readonly string[] =>
  next.release?.roles ??
  (live.spec.command === 'deploy' ? undefined : application.status.current?.roles) ??
  rolesFor(application.spec, view.roles);

const notDeployed = ({ live, application }: Course): Cause | null => {
  const { command } = live.spec;
  if (command === 'deploy' || command === 'rollback' || command === 'undeploy') return null;
  return application.status.current === undefined
    ? {
        reason: 'NotDeployed',
        message: `${live.spec.application} was not deployed yet: there is nothing to ${command}`,
      }
    : null;
};

const noMigration = ({ live, application }: Course): Cause | null => {
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
const releaseOf = ({ live, application }: Course): Release | string | null =>
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

/** Its turn has come. Nothing of it is told to anybody before its record says that it has begun. */
export const beginCourse = (course: Course): void => {
  const refused = notDeployed(course) ?? noMigration(course);
  if (refused !== null) {
    course.end('Failed', refused);
    return;
  }
  const release = releaseOf(course);
  if (typeof release === 'string') {
    course.end('Failed', { reason: 'ReleaseNotFound', message: release });
    return;
  }
  if (release !== null) course.next.release = release;
  const targets = targetsOf(course.live.spec, course.view.instances, rolesMeant(course));
  const { refusal } = targets;
  if (refusal !== null) {
    delete course.next.release;
    course.end('Failed', refusal);
    return;
  }
  if (isWaited(course, targets)) {
    delete course.next.release;
    return;
  }
  if (targets.hosts.length === 0) {
    course.end('Failed', {
      reason: 'NoHostOnline',
      message: 'none of its hosts was set up in time: nothing was done',
    });
    return;
  }
  started(course, targets);
};
