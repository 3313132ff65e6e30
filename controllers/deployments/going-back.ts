/** Going back: hosts that have the new release get that of before, batch after batch. Pure. */
import type { Release } from '../../api-types/release.js';
import { beginBatch } from './batches.js';
import type { Cause, Course } from './course.js';
import { runsOf } from '../host-releases.js';
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

/** What it had before, where that is known still: releases stay while a Deployment goes on. */
const releaseBefore = (course: Course, name: string): Release | null => {
  const before = course.hosts.get(name)?.from;
  const { current, releases = [] } = course.application.status;
  const known = [course.next.from, current, ...releases];
  return known.find((release) => release !== undefined && release.number === before) ?? null;
};

/** What it runs is not what it had. */
const isChanged = (course: Course, name: string): boolean =>
  runsNew(course, name) && course.hosts.get(name)?.from !== course.next.release?.number;

/** Not yet tried: those that failed to go back are in a batch behind those of the roll-out. */
const isToGoBack = (course: Course, name: string): boolean => {
  const { batch = 0 } = course.hosts.get(name) ?? {};
  if (batch > (course.next.batches ?? 0) || !course.isThere(name)) return false;
  return releaseBefore(course, name) !== null && (isChanged(course, name) || isUnheard(course, name));
};

const toGoBack = (course: Course): readonly string[] =>
  course.in('done', 'failed').filter((name) => isToGoBack(course, name));

const listed = (names: readonly string[]): string => names.slice(0, 10).join(', ');

const ending = (course: Course): Cause => {
  const cause = course.cause ?? { reason: 'Failed', message: 'it failed' };
  const back = course.in('reverted').length;
  const changed = course.in('done', 'failed').filter((name) => isChanged(course, name));
  const stuck = changed.filter((name) => releaseBefore(course, name) !== null);
  const left = changed.filter((name) => releaseBefore(course, name) === null);
  const told = [
    cause.message,
    ...(back === 0 ? [] : [`${String(back)} hosts went back`]),
    ...(stuck.length === 0 ? [] : [`these have the new release still: ${listed(stuck)}`]),
    ...(left.length === 0
      ? []
      : [`these had no release that is known still, and keep the new one: ${listed(left)}`]),
    ...(course.next.from === undefined && brings(course) ? ['there was no release before'] : []),
  ];
  return { reason: cause.reason, message: told.join('; ') };
};

const backTo = (release: Release): Way => ({ step: 'activate', release, joins: true, end: 'reverted' });

const finish = (course: Course): void => {
  course.end(isGivenUp(course) ? 'Aborted' : 'Failed', ending(course));
};

/** Those that go back at the same time go back to the same. */
const wayOf = (course: Course, name: string | undefined): Way | null => {
  const release = name === undefined ? null : releaseBefore(course, name);
  return release === null ? null : backTo(release);
};

const nextBack = (course: Course): void => {
  const names = toGoBack(course);
  const way = wayOf(course, names[0]);
  const together = names.filter((name) => releaseBefore(course, name)?.number === way?.release?.number);
  if (way === null || !beginBatch(course, way, together)) finish(course);
};

/** Hosts each go back to what they had; those that had nothing are left as they are, since there is nothing better for them. */
export const goingBack = (course: Course): void => {
  if (!brings(course)) {
    finish(course);
    return;
  }
  const under = wayOf(course, course.in('reverting')[0]);
  if (under !== null) advance(course, under);
  if (isUnderWay(course)) return;
  const superseder = supersederOf(course);
  if (superseder !== null) {
    course.end('Aborted', { reason: 'Superseded', message: `Deployment ${superseder} takes its place` });
    return;
  }
  nextBack(course);
};
