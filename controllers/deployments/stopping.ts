/** Why a Deployment goes no further, and what becomes of it then. Pure. */
import { ABORT } from '../../api-types/kinds/deployment.js';
import type { Live } from '../../store/objects/objects.js';
import { canBegin } from './beginning.js';
import { isCatchUp } from './catch-up.js';
import type { Cause, Course } from './course.js';
import type { View } from './view.js';
import { forgetEarlierWords, isAborted, lockOf } from './words-of-people.js';

export interface Stop {
  readonly by: 'superseded' | 'abort' | 'failure';
  readonly cause: Cause;
}

const mayTakeOver = (view: View, live: Live<'Deployment'>): boolean => {
  const { application } = view;
  if (live.spec.supersede !== true || live.status.finishedAt !== undefined || live.deletion !== null)
    return false;
  if (application === null || live.annotations[ABORT] !== undefined || lockOf(application) !== null)
    return false;
  return live.status.startedAt !== undefined || canBegin({ view, live, application, next: live.status });
};

/** The younger Deployment that ends it; null: none does. One that cannot begin itself has no say. */
export const supersederOf = ({ view, live }: Pick<Course, 'view' | 'live'>): string | null => {
  const place = view.deployments.indexOf(live);
  const found = view.deployments.slice(place + 1).find((one) => mayTakeOver(view, one));
  return found?.ref.name ?? null;
};

const failures = (course: Course): Cause | null => {
  const names = course.in('failed');
  const [first] = names;
  if (first === undefined) return null;
  const message = course.hosts.get(first)?.message ?? '';
  const more = names.length === 1 ? '' : ` (and ${String(names.length - 1)} more)`;
  return { reason: 'HostsFailed', message: `${first}: ${message}${more}` };
};

export const stopOf = (course: Course): Stop | null => {
  const superseder = supersederOf(course);
  if (superseder !== null)
    return {
      by: 'superseded',
      cause: { reason: 'Superseded', message: `Deployment ${superseder} takes its place` },
    };
  if (course.live.deletion !== null)
    return { by: 'abort', cause: { reason: 'Deleted', message: 'it was deleted: that aborts it' } };
  if (isAborted(course)) return { by: 'abort', cause: { reason: 'Aborted', message: 'somebody aborted it' } };
  const cause = failures(course);
  return cause === null ? null : { by: 'failure', cause };
};

/** It ends because somebody wants that, not because something went wrong. */
export const isGivenUp = (course: Course): boolean => course.live.deletion !== null || isAborted(course);

/** Time, or a number, says how it goes on; nobody has to act. */
export const waitsForTime = ({ strategy }: Course, { reason }: Cause): boolean =>
  reason === 'Kept' || (reason === 'Canary' && strategy.canary.waitSeconds !== undefined);

export const pause = (course: Course, cause: Cause): void => {
  course.enter('Paused');
  course.next.pausedAt = course.now;
  course.says = cause;
  forgetEarlierWords(course);
  course.tell(
    waitsForTime(course, cause) ? 'Normal' : 'Warning',
    'DeploymentPaused',
    `${cause.message}; scalarium deployment promote or abort says how it goes on`,
  );
};

/** Nothing is under way any more: it waits for a person, goes back, or ends. */
export const settle = (course: Course, { by, cause }: Stop): void => {
  if (by === 'superseded' || (by === 'failure' && isCatchUp(course.live))) {
    course.end(by === 'superseded' ? 'Aborted' : 'Failed', cause);
    return;
  }
  course.cause = cause;
  if (by === 'failure' && course.live.spec.onFailure === 'pause') {
    pause(course, cause);
    return;
  }
  // hosts that fail to go back have a batch behind these
  course.next.batches = course.next.batch ?? 0;
  course.enter('RollingBack');
  course.tell('Warning', 'DeploymentRollsBack', cause.message);
};
