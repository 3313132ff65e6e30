/** Bringing and building a release beside the one in force, and the migration: nothing that serves is touched. Pure. */
import type { DeploymentHost } from '../../api-types/kinds/deployment.js';
import { verdictOf } from './answers-of-hosts.js';
import { rolesMeant } from './beginning.js';
import type { Course } from './course.js';
import { runsOf } from '../host-releases.js';
import { hasRole, isOnline, isSettled, machineOf } from './hosts.js';
import { byName, isNamedBy } from './targets.js';
import type { Live } from '../../store/objects/objects.js';

const prepared = (course: Course, name: string, host: DeploymentHost): void => {
  const verdict = verdictOf(course, name, host);
  if (verdict._tag === 'Done') course.move(name, 'prepared', { event: undefined });
  else if (verdict._tag === 'Lost') course.skip(name, verdict.message, { event: undefined });
  else if (verdict._tag === 'Failed') course.fail(name, verdict.message);
};

/** Hosts that have not begun their turn and whose machine went. */
const withoutMachines = (course: Course): void => {
  for (const name of course.in('waiting', 'prepared'))
    if (!course.isThere(name)) course.skip(name, 'its machine went', { event: undefined });
};

/** Counts what hosts say of their preparation. */
export const foldPreparing = (course: Course): void => {
  withoutMachines(course);
  for (const name of course.in('preparing')) {
    const host = course.hosts.get(name);
    if (host !== undefined) prepared(course, name, host);
  }
};

/** All that wait are told at once: builds run beside what serves. */
export const prepareWaiting = (course: Course): void => {
  const names = course.in('waiting');
  for (const name of names) course.move(name, 'preparing');
  course.order('prepare', names, { release: course.release() });
};

/** One that was there before, and was told something, is a new one with another machine only. */
const isNew = (course: Course, live: Live<'Instance'>): boolean => {
  const host = course.hosts.get(live.ref.name);
  if (host === undefined) return true;
  return host.stage === 'skipped' && (host.event === undefined || host.machine !== machineOf(live));
};

/** Hosts that came meanwhile, with the release of before: behind the others. */
export const addComers = (course: Course): void => {
  const { view, live, next } = course;
  const roles = new Set(rolesMeant(course));
  const comers = byName(
    [...view.instances.values()].filter(
      (one) =>
        isNew(course, one) &&
        isOnline(one) &&
        isSettled(one) &&
        hasRole(one, roles) &&
        isNamedBy(live.spec, one),
    ),
  );
  for (const one of comers) {
    const from = runsOf(one, live.spec.application)?.release;
    if (from === next.release?.number) continue;
    course.add(one.ref.name, {
      machine: machineOf(one),
      stage: 'waiting',
      ...(from === undefined ? {} : { from }),
    });
  }
};

const doubtful = (course: Course, name: string, message: string): void => {
  course.next.migrated = 'unknown';
  course.fail(name, `it is unknown whether the migration ran: ${message}`);
};

const migrationOf = (course: Course, name: string, host: DeploymentHost): void => {
  const verdict = verdictOf(course, name, host);
  if (verdict._tag === 'Pending') return;
  if (verdict._tag === 'Done') {
    course.next.migrated = 'done';
    course.move(name, course.live.spec.command === 'migrate' ? 'done' : 'prepared', { event: undefined });
  } else if (verdict._tag === 'Lost' || verdict.result === null || verdict.result.attempt > 1)
    doubtful(course, name, verdict.message);
  else {
    course.next.migrated = 'failed';
    course.fail(name, verdict.message);
  }
};

/** One host runs it for all, before any restarts. */
const elect = (course: Course): void => {
  // of a blue-green one the hosts of before wait, and do not have it
  const name = [...course.in('prepared'), ...course.in('waiting')].find((one) => course.isThere(one));
  const release = course.next.release ?? course.application.status.current;
  if (name === undefined || release === undefined) return;
  course.next.migrated = 'running';
  course.move(name, 'migrating');
  course.order('migrate', [name], { release });
};

/** What it does is in `migrated` afterwards. */
export const migrate = (course: Course): void => {
  const [name] = course.in('migrating');
  const host = name === undefined ? undefined : course.hosts.get(name);
  if (name !== undefined && host !== undefined) migrationOf(course, name, host);
  else if (course.next.migrated === undefined) elect(course);
};
