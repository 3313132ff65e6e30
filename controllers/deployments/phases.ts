/** Drives a Deployment from phase to phase as far as it goes now. Pure. */
import type { DeploymentPhase } from '../../api-types/kinds/deployment.js';
import { beginCourse } from './beginning.js';
import { blueGreen, isBlueGreen } from './blue-green.js';
import type { Course } from './course.js';
import { fetching } from './fetching.js';
import { goingBack } from './going-back.js';
import { addComers, foldPreparing, migrate, prepareWaiting } from './preparing.js';
import { paused } from './pausing.js';
import { rolling } from './rolling.js';
import { pause, settle, stopOf } from './stopping.js';
import { abortOf } from './words-of-people.js';

const fetchingUnlessStopped = (course: Course): void => {
  const stop = stopOf(course);
  if (stop === null) fetching(course);
  else settle(course, stop);
};

const preparing = (course: Course): void => {
  foldPreparing(course);
  const stop = stopOf(course);
  if (stop !== null) {
    settle(course, stop);
    return;
  }
  addComers(course);
  prepareWaiting(course);
  if (course.in('preparing').length > 0) return;
  if (course.in('prepared').length === 0)
    course.end('Failed', { reason: 'NoHostLeft', message: 'none of its hosts was left to prepare it' });
  else
    course.enter(
      course.live.spec.migrate === true && course.next.migrated !== 'done' ? 'Migrating' : 'Rolling',
    );
};

const migrated = (course: Course): void => {
  if (course.next.migrated === undefined)
    course.end('Failed', { reason: 'NoHostLeft', message: 'no host is left that could run the migration' });
  else if (course.live.spec.command === 'migrate')
    course.end('Succeeded', { reason: 'Succeeded', message: 'the migration has run' });
  else course.enter('Rolling');
};

/** What has begun is awaited, whatever anybody says meanwhile. */
const migrating = (course: Course): void => {
  const begun = course.next.migrated !== undefined;
  if (!begun && stopOf(course) === null) migrate(course);
  else if (begun) migrate(course);
  if (course.next.migrated === 'running') return;
  const stop = stopOf(course);
  if (stop === null) migrated(course);
  else if (course.next.migrated === 'unknown' && stop.by === 'failure') {
    course.cause = { ...stop.cause, reason: 'MigrationUnknown' };
    pause(course, course.cause);
  } else settle(course, stop);
};

const nothing = (): void => undefined;

const PHASES: Readonly<Record<DeploymentPhase, (course: Course) => void>> = {
  Pending: nothing,
  Waiting: nothing,
  Fetching: fetchingUnlessStopped,
  Preparing: preparing,
  Migrating: migrating,
  Rolling: rolling,
  Paused: paused,
  RollingBack: goingBack,
  Succeeded: nothing,
  Failed: nothing,
  Aborted: nothing,
};

const firstPhase = ({ live }: Course): DeploymentPhase => {
  const { command } = live.spec;
  if (command === 'deploy' || command === 'rollback') return 'Fetching';
  return command === 'migrate' ? 'Migrating' : 'Rolling';
};

/** More than there are phases: what changes phases for ever is a mistake. */
const MOST = 12;

const hear = (course: Course): void => {
  const said = course.phase === 'RollingBack' ? null : abortOf(course);
  if (said === null) return;
  course.next.answered = said;
  course.tell('Normal', 'DeploymentAborted', 'somebody aborts it');
};

/** Everything that can be done now. */
export const drive = (course: Course): void => {
  if (!course.begun) beginCourse(course);
  else hear(course);
  goOn(course);
};

const goOn = (course: Course): void => {
  if (!course.begun) return;
  if (course.phase === 'Pending' || course.phase === 'Waiting') course.enter(firstPhase(course));
  for (let turns = 0; turns < MOST && !course.ended; turns += 1) {
    const before = course.phase;
    if (isBlueGreen(course)) blueGreen(course);
    else PHASES[before](course);
    if (course.phase === before) return;
  }
};
