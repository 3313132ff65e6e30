/** Rolling: batch after batch, until all have it, or until something stops it. Pure. */
import { seconds } from '../../api-types/units.js';
import { parseTimestamp } from '../../runtime/clock.js';
import { beginBatch } from './batches.js';
import type { Course } from './course.js';
import { addComers, foldPreparing, prepareWaiting } from './preparing.js';
import { pause, settle, stopOf } from './stopping.js';
import { advance, isUnderWay, stepBack, type Way } from './turns.js';

/** What hosts do in their turn. */
const wayOf = (course: Course): Way => {
  const { command } = course.live.spec;
  switch (command) {
    case 'deploy':
    case 'rollback':
      return { step: 'activate', release: course.release(), joins: true, end: 'done' };
    case 'stop':
    case 'undeploy':
      return { step: command, release: null, joins: false, end: 'done' };
    case 'start':
    case 'restart':
    case 'migrate':
      return { step: command, release: null, joins: true, end: 'done' };
  }
};

const brings = ({ live }: Course): boolean =>
  live.spec.command === 'deploy' || live.spec.command === 'rollback';

/** Deploys build before; others find on the disk what they need, or bring it in their turn. */
const readyHosts = (course: Course): readonly string[] =>
  course.live.spec.command === 'deploy' ? course.in('prepared') : course.in('waiting', 'prepared');

/** When the last host came to where it is: milliseconds since 1970. */
const lastMove = ({ hosts }: Course): number =>
  Math.max(0, ...[...hosts.values()].map(({ since }) => parseTimestamp(since)));

const isBetweenBatches = (course: Course): boolean => {
  const { strategy, next, view } = course;
  if ((next.batch ?? 0) === 0 || strategy.pauseSeconds === 0) return false;
  const left = lastMove(course) + seconds(strategy.pauseSeconds) - view.now;
  if (left <= 0) return false;
  course.wait(left, 'the pause between batches');
  const pauseText = String(strategy.pauseSeconds);
  course.says = { reason: 'BetweenBatches', message: `the next batch follows ${pauseText} s after the last` };
  return true;
};

const isCanaryBatch = ({ strategy, next }: Course): boolean => strategy.type === 'canary' && next.batch === 1;

/** A first host has the release, on the machine that got it: there is something to look at. */
const isCanaryThere = (course: Course): boolean =>
  course.in('done').some((name) => course.hosts.get(name)?.batch === 1 && course.isThere(name));

/** Without any of the first hosts others are the first. */
export const chooseCanaryAnew = (course: Course): boolean => {
  if (!isCanaryBatch(course) || isCanaryThere(course)) return false;
  course.next.batch = 0;
  return true;
};

const tooMany = (course: Course): void => {
  const left = lastMove(course) + seconds(course.timeoutSeconds) - course.view.now;
  const message = 'too many of its hosts are out of service for the next batch (maxUnavailable)';
  if (left <= 0) settle(course, { by: 'failure', cause: { reason: 'TooManyUnavailable', message } });
  else {
    course.wait(left, 'hosts are out of service');
    course.says = { reason: 'TooManyUnavailable', message: `waits: ${message}` };
  }
};

const succeeded = (course: Course): void => {
  const done = course.in('done').length;
  if (done === 0)
    course.end('Failed', { reason: 'NoHostLeft', message: 'none of its hosts was left to do it' });
  else
    course.end('Succeeded', {
      reason: 'Succeeded',
      message: `${course.live.spec.command} of ${course.live.spec.application}: ${String(done)} of ${String(course.hosts.size)} hosts did`,
    });
};

const goOn = (course: Course): void => {
  const names = readyHosts(course);
  if (names.length > 0 && !chooseCanaryAnew(course) && isCanaryBatch(course)) {
    pause(course, { reason: 'Canary', message: 'the first hosts have it, and are looked at' });
    return;
  }
  if (names.length > 0 && isBetweenBatches(course)) return;
  if (names.length > 0) {
    if (!beginBatch(course, wayOf(course), names)) tooMany(course);
  } else if (course.in('preparing', 'waiting').length === 0) succeeded(course);
};

/** After the canary: the next batch begins although the first was looked at only now. */
export const goOnAfterCanary = (course: Course): void => {
  course.enter('Rolling');
  if (!beginBatch(course, wayOf(course), readyHosts(course))) tooMany(course);
};

export const rolling = (course: Course): void => {
  foldPreparing(course);
  advance(course, wayOf(course));
  const stop = stopOf(course);
  if (stop !== null) {
    stepBack(course, course.live.spec.command === 'deploy' ? 'prepared' : 'waiting');
    if (!isUnderWay(course)) settle(course, stop);
    return;
  }
  if (brings(course)) addComers(course);
  if (course.live.spec.command === 'deploy') prepareWaiting(course);
  if (!isUnderWay(course)) goOn(course);
};
