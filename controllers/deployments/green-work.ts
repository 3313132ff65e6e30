/**
 * What new hosts of a blue-green Deployment do until they can be given requests: they come up, get the release, bring it
 * into force. One that got another machine begins anew, one whose slot went is missed no more. Pure.
 */
import { healingWithDefaults } from '../../api-types/kinds/role.js';
import type { HostStage } from '../../api-types/kinds/deployment.js';
import { seconds } from '../../api-types/units.js';
import { verdictOf } from './answers-of-hosts.js';
import type { Course } from './course.js';
import { adopt, everyGreen, greens, rebind, rolloutsOf, surges } from './green-hosts.js';
import { isOnline, isReady, isSettled } from './hosts.js';
import { foldPreparing } from './preparing.js';
import { tellingOf } from './told.js';

export const wantedGreens = (course: Course): number =>
  [...surges(course).values()].reduce((sum, count) => sum + count, 0);

export const greensIn = (course: Course, ...stages: readonly HostStage[]): readonly string[] =>
  greens(course).filter((name) => stages.includes(course.hosts.get(name)?.stage ?? 'failed'));

/** Milliseconds that new hosts may take from the launch to their preparation. */
const bootTime = (course: Course): number => {
  const times = rolloutsOf(course).map(({ spec }) => {
    const { bootTimeoutSeconds, setupTimeoutSeconds } = healingWithDefaults(spec);
    return bootTimeoutSeconds + setupTimeoutSeconds;
  });
  return seconds(Math.max(0, ...times) + course.timeoutSeconds);
};

const sinceOf = (course: Course, name: string): number =>
  Date.parse(course.hosts.get(name)?.since ?? course.now);

/** Milliseconds until they are late; one that lost its machine has all the time again. */
export const bootLeft = (course: Course): number => {
  const begun = Date.parse(course.next.release?.createdAt ?? course.now);
  const started = Date.parse(course.next.startedAt ?? course.now);
  const seen = everyGreen(course).map((name) => sinceOf(course, name));
  return Math.max(begun, started, ...seen) + bootTime(course) - course.view.now;
};

export const prepareGreens = (course: Course): void => {
  const names = greensIn(course, 'waiting').filter((name) => {
    const live = course.view.instances.get(name);
    return live !== undefined && isOnline(live) && isSettled(live);
  });
  for (const name of names) course.move(name, 'preparing');
  course.order('prepare', names, { release: course.release() });
};

export const activateGreens = (course: Course): void => {
  const names = greensIn(course, 'prepared');
  for (const name of names) course.move(name, 'activating', { batch: 1, change: undefined });
  course.order('activate', names, { release: course.release() });
  if (names.length > 0) course.next.batch = 1;
};

const noteRuns = (course: Course, name: string): void => {
  const host = course.hosts.get(name);
  const verdict = host === undefined ? null : verdictOf(course, name, host);
  if (verdict === null || verdict._tag === 'Pending') return;
  if (verdict._tag === 'Done') {
    const { number, revision } = course.release();
    const said = verdict.result.releases?.[course.live.spec.application];
    course.runs.set(name, said ?? { release: number, revision });
    course.move(name, 'joining', { event: undefined });
  } else if (verdict._tag === 'Lost') course.skip(name, verdict.message, { event: undefined });
  else course.fail(name, verdict.message);
};

const isWell = (course: Course, name: string): boolean => {
  const live = course.view.instances.get(name);
  return live !== undefined && isReady(live);
};

/** They run the release, are out still, and lifecycle says nothing good of them. */
export const unwell = (course: Course): readonly string[] =>
  greensIn(course, 'joining').filter((name) => course.hosts.get(name)?.out === true && !isWell(course, name));

/** Not for ever: a release with which a host does not become Ready has failed on it. */
const giveUpUnwell = (course: Course): void => {
  for (const name of unwell(course)) {
    const left = seconds(course.timeoutSeconds) - course.ageOf(course.hosts.get(name)?.since);
    const ready = course.view.instances.get(name)?.status.conditions?.['Ready'];
    const why = ready === undefined ? '' : `: ${ready.reason}: ${ready.message}`;
    if (left > 0) course.wait(left, 'new hosts are to be Ready');
    else course.fail(name, `it was not Ready within ${String(course.timeoutSeconds)} s with it${why}`);
  }
};

/** Counts what new hosts say, and those that came, went, or have another machine. */
export const foldGreens = (course: Course): void => {
  adopt(course);
  rebind(course);
  foldPreparing(course);
  for (const name of greensIn(course, 'activating')) noteRuns(course, name);
  giveUpUnwell(course);
};

/** Those of them that are on their way to serve. */
export const isMending = (course: Course): boolean =>
  greensIn(course, 'waiting', 'preparing', 'prepared', 'activating', 'joining').length > 0;

/** One whose new machine does not come up is missed no more: the others serve, and it is caught up with later. */
const leaveLate = (course: Course): void => {
  for (const name of greensIn(course, 'waiting')) {
    const left = bootTime(course) - course.ageOf(course.hosts.get(name)?.since);
    if (left > 0) course.wait(left, 'a new machine of a new host is to come up');
    else course.skip(name, 'its new machine was not up in time');
  }
};

/** After requests went over: a new host that lost its machine is out until it has the release again. */
export const mendGreens = (course: Course): void => {
  foldGreens(course);
  leaveLate(course);
  prepareGreens(course);
  activateGreens(course);
  for (const name of greensIn(course, 'joining'))
    if (course.hosts.get(name)?.out === true && isWell(course, name))
      course.move(name, 'joining', { out: false, change: course.change() });
};

/** Load balancers give them requests, or are not waited for any longer: they are there, and well. */
export const foldMended = (course: Course): void => {
  for (const name of greensIn(course, 'joining')) {
    const host = course.hosts.get(name);
    if (host?.out !== false || tellingOf(course, host) === 'waiting') continue;
    course.move(name, 'done', { change: undefined });
  }
};
