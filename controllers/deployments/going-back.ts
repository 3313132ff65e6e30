/** Going back: hosts that have the new release get that of before, batch after batch. Pure. */
import type { Release } from '../../api-types/release.js';
import { beginBatch } from './batches.js';
import type { Cause, Course } from './course.js';
import { runsOf } from './hosts.js';
import { isGivenUp, supersederOf } from './stopping.js';
import { advance, isUnderWay, type Way } from './turns.js';

const brings = ({ live }: Course): boolean =>
  live.spec.command === 'deploy' || live.spec.command === 'rollback';

const runsNew = (course: Course, name: string): boolean => {
  const live = course.view.instances.get(name);
  const said = course.runs.get(name);
  const runs = said === undefined && live !== undefined ? runsOf(live, course.live.spec.application) : said;
  return runs?.release === course.next.release?.number;
};

/** It was told, and nobody has heard what it did. */
const isUnheard = (course: Course, name: string): boolean => {
  const host = course.hosts.get(name);
  if (host?.stage !== 'failed' || host.event?.startsWith('release-activate-') !== true) return false;
  return course.view.answerTo(host.event, host.machine) === undefined;
};

/** Not yet tried: those that failed to go back are in a batch behind those of the roll-out. */
const isToGoBack = (course: Course, name: string): boolean => {
  const { batch = 0 } = course.hosts.get(name) ?? {};
  if (batch > (course.next.batches ?? 0) || !course.isThere(name)) return false;
  return runsNew(course, name) || isUnheard(course, name);
};

const toGoBack = (course: Course): readonly string[] =>
  course.in('done', 'failed').filter((name) => isToGoBack(course, name));

const ending = (course: Course): Cause => {
  const cause = course.cause ?? { reason: 'Failed', message: 'it failed' };
  const back = course.in('reverted').length;
  const stuck = course.in('done', 'failed').filter((name) => runsNew(course, name));
  const told = [
    cause.message,
    ...(back === 0 ? [] : [`${String(back)} hosts went back`]),
    ...(stuck.length === 0 ? [] : [`these have the new release still: ${stuck.slice(0, 10).join(', ')}`]),
    ...(course.next.from === undefined && brings(course) ? ['there was no release before'] : []),
  ];
  return { reason: cause.reason, message: told.join('; ') };
};

const backTo = (release: Release): Way => ({ step: 'activate', release, joins: true, end: 'reverted' });

const finish = (course: Course): void => {
  course.end(isGivenUp(course) ? 'Aborted' : 'Failed', ending(course));
};

export const goingBack = (course: Course): void => {
  const { from } = course.next;
  if (from === undefined || !brings(course)) {
    finish(course);
    return;
  }
  const way = backTo(from);
  advance(course, way);
  if (isUnderWay(course)) return;
  const superseder = supersederOf(course);
  if (superseder !== null) {
    course.end('Aborted', { reason: 'Superseded', message: `Deployment ${superseder} takes its place` });
    return;
  }
  const names = toGoBack(course);
  if (names.length === 0 || !beginBatch(course, way, names)) finish(course);
};
