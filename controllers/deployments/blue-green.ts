/**
 * Blue-green: as many new hosts come up beside those that serve, are given the release, and then all requests go to them in
 * one change. Those of before are kept for a while to go back to at once; then they go. It ends when those that are to go
 * are on their way: until then load balancers know that they are out. Pure.
 */
import { healingWithDefaults } from '../../api-types/kinds/role.js';
import { seconds } from '../../api-types/units.js';
import { verdictOf } from './answers-of-hosts.js';
import type { Cause, Course } from './course.js';
import { fetching } from './fetching.js';
import {
  adopt,
  blues,
  busyRole,
  greens,
  keepOldOut,
  rebind,
  retire,
  rolloutsOf,
  surge,
  surges,
} from './green-hosts.js';
import { isOnline, isReady, isSettled } from './hosts.js';
import { foldPreparing, migrate } from './preparing.js';
import { pause, stopOf, type Stop } from './stopping.js';
import { overdueMessage, tellingOf } from './told.js';
import { promoteOf } from './words-of-people.js';

export const isBlueGreen = ({ strategy, live }: Course): boolean =>
  strategy.type === 'blue-green' && (live.spec.command === 'deploy' || live.spec.command === 'rollback');

const prepareGreens = (course: Course): void => {
  const names = greens(course).filter((name) => {
    const live = course.view.instances.get(name);
    return (
      course.hosts.get(name)?.stage === 'waiting' && live !== undefined && isOnline(live) && isSettled(live)
    );
  });
  for (const name of names) course.move(name, 'preparing');
  course.order('prepare', names, { release: course.release() });
};

const wantedGreens = (course: Course): number =>
  [...surges(course).values()].reduce((sum, count) => sum + count, 0);

const greensIn = (course: Course, ...stages: readonly string[]): readonly string[] =>
  greens(course).filter((name) => stages.includes(course.hosts.get(name)?.stage ?? ''));

/** Milliseconds that new hosts may take from the launch to their preparation. */
const bootTime = (course: Course): number => {
  const times = rolloutsOf(course).map(({ spec }) => {
    const { bootTimeoutSeconds, setupTimeoutSeconds } = healingWithDefaults(spec);
    return bootTimeoutSeconds + setupTimeoutSeconds;
  });
  return seconds(Math.max(0, ...times) + course.timeoutSeconds);
};

const late = (course: Course): Stop | null => {
  const begun = Date.parse(course.next.release?.createdAt ?? course.now);
  const since = Math.max(begun, Date.parse(course.next.startedAt ?? course.now));
  const left = since + bootTime(course) - course.view.now;
  if (left > 0) {
    course.wait(left, 'new hosts are to come up');
    return null;
  }
  return {
    by: 'failure',
    cause: {
      reason: 'HostsNotUp',
      message: `of ${String(wantedGreens(course))} new hosts ${String(greensIn(course, 'prepared').length)} were ready in time`,
    },
  };
};

/** Before all requests go to the new hosts nothing was touched: they go, and that is all. */
const giveUp = (course: Course, { cause }: Stop): void => {
  course.cause = cause;
  course.enter('RollingBack');
  course.tell('Warning', 'DeploymentRollsBack', cause.message);
};

const comingUp = (course: Course): void => {
  const busy = busyRole(course);
  const unwanted = busy === null ? null : stopOf(course);
  if (unwanted !== null) {
    giveUp(course, unwanted);
    return;
  }
  if (busy !== null) {
    course.says = { reason: 'RoleBusy', message: `another Deployment has hosts of Role ${busy} come and go` };
    return;
  }
  surge(course);
  adopt(course);
  rebind(course);
  foldPreparing(course);
  const stop = stopOf(course) ?? late(course);
  if (stop !== null) {
    giveUp(course, stop);
    return;
  }
  prepareGreens(course);
  const ready = greensIn(course, 'prepared').length;
  course.says = {
    reason: 'HostsComingUp',
    message: `${String(ready)} of ${String(wantedGreens(course))} new hosts have it prepared`,
  };
  if (ready === 0 || ready < wantedGreens(course)) return;
  course.enter(course.live.spec.migrate === true ? 'Migrating' : 'Rolling');
};

const migrating = (course: Course): void => {
  if (course.next.migrated !== 'done') migrate(course);
  if (course.next.migrated === 'running') return;
  const stop = stopOf(course);
  if (stop !== null) giveUp(course, stop);
  else if (course.next.migrated === 'done') course.enter('Rolling');
};

const activateGreens = (course: Course): void => {
  const names = greensIn(course, 'prepared');
  for (const name of names) course.move(name, 'activating', { batch: 1, change: undefined });
  course.order('activate', names, { release: course.release() });
  if (names.length > 0) course.next.batch = 1;
};

/** They stay out: what `joining` waits for is the switch of all. */
const foldActivating = (course: Course): void => {
  for (const name of greensIn(course, 'activating')) {
    const host = course.hosts.get(name);
    if (host === undefined) continue;
    const verdict = verdictOf(course, name, host);
    if (verdict._tag === 'Pending') continue;
    if (verdict._tag === 'Done') {
      const { number, revision } = course.release();
      const said = verdict.result.releases?.[course.live.spec.application];
      course.runs.set(name, said ?? { release: number, revision });
      course.move(name, 'joining', { event: undefined });
    } else course.fail(name, verdict.message);
  }
};

const isSwitched = (course: Course): boolean =>
  blues(course).some((name) => course.hosts.get(name)?.out === true);

/** All requests go over in one change. */
const switchOver = (course: Course, to: 'green' | 'blue'): void => {
  const change = course.change();
  const forward = to === 'green';
  for (const name of greens(course))
    course.move(name, forward ? 'joining' : 'reverting', { out: !forward, change });
  for (const name of blues(course))
    course.move(name, forward ? 'leaving' : 'joining', { out: forward, change });
};

const awaitSwitch = (course: Course): void => {
  const [name] = greens(course);
  const host = name === undefined ? undefined : course.hosts.get(name);
  if (host === undefined) return;
  const telling = tellingOf(course, host);
  if (telling === 'waiting') return;
  if (telling === 'overdue') {
    switchOver(course, 'blue');
    giveUp(course, {
      by: 'failure',
      cause: { reason: 'NotConfirmed', message: overdueMessage(course, host) },
    });
    return;
  }
  for (const one of greens(course)) course.move(one, 'done', { change: undefined });
  pause(course, {
    reason: 'Kept',
    message: 'the new hosts have all requests; those of before are kept to go back to',
  });
};

const switching = (course: Course): void => {
  rebind(course);
  foldActivating(course);
  const stop = stopOf(course);
  if (isSwitched(course)) {
    keepOldOut(course);
    if (greensIn(course, 'done').length > 0) retiring(course);
    else awaitSwitch(course);
  } else if (stop !== null) giveUp(course, stop);
  else if (greensIn(course, 'waiting', 'preparing').length > 0) course.enter('Preparing');
  else {
    activateGreens(course);
    const joining = greensIn(course, 'joining');
    const all = joining.length === greens(course).length && joining.length > 0;
    const ready = (name: string): boolean => {
      const live = course.view.instances.get(name);
      return live !== undefined && isReady(live);
    };
    if (all && joining.every(ready)) switchOver(course, 'green');
  }
};

const kept = (course: Course): void => {
  keepOldOut(course);
  const stop = stopOf(course);
  if (stop?.by === 'abort') {
    switchOver(course, 'blue');
    giveUp(course, stop);
    return;
  }
  const left = seconds(course.strategy.keepSeconds) - course.ageOf(course.next.pausedAt);
  const said = promoteOf(course);
  course.says = {
    reason: 'Kept',
    message: 'the new hosts have all requests; those of before are kept to go back to',
  };
  if (said !== null) course.next.answered = said;
  if (said === null && left > 0 && stop?.by !== 'superseded') course.wait(left, 'hosts of before are kept');
  else course.enter('Rolling');
};

/** Their slots are being given up, so that nobody takes them in again. */
const areGone = (course: Course, names: readonly string[]): boolean =>
  names.every((name) => {
    const live = course.view.instances.get(name);
    return live === undefined || live.deletion !== null;
  });

const retiring = (course: Course): void => {
  const old = blues(course);
  retire(course, old);
  course.says = { reason: 'Retiring', message: 'hosts of before are on their way out' };
  if (!areGone(course, old)) return;
  const done = greensIn(course, 'done').length;
  for (const name of old)
    course.skip(name, 'a new host took its place', { out: undefined, change: undefined });
  course.end('Succeeded', { reason: 'Succeeded', message: `${String(done)} new hosts have all requests` });
};

const isBackTold = (course: Course): boolean => {
  const joining = blues(course).filter((name) => course.hosts.get(name)?.stage === 'joining');
  const [name] = joining;
  const host = name === undefined ? undefined : course.hosts.get(name);
  // nobody waits for ever: the new hosts stay, and serve, until load balancers know better
  if (host !== undefined && tellingOf(course, host) === 'waiting') return false;
  for (const one of joining) course.move(one, 'reverted', { change: undefined });
  return true;
};

/** Reasons of what somebody wanted to end. */
const GIVEN_UP: readonly string[] = ['Aborted', 'Superseded', 'Deleted'];

const goingBack = (course: Course): void => {
  adopt(course);
  if (!isBackTold(course)) return;
  const names = greens(course);
  retire(course, names);
  if (!areGone(course, names)) return;
  const cause: Cause = course.cause ?? { reason: 'Failed', message: 'it failed' };
  for (const name of names)
    course.skip(name, course.hosts.get(name)?.message ?? 'it was given up', { out: undefined });
  course.end(GIVEN_UP.includes(cause.reason) ? 'Aborted' : 'Failed', cause);
};

const fetch = (course: Course): void => {
  const stop = stopOf(course);
  if (stop !== null) giveUp(course, stop);
  else fetching(course);
  // the pack of an old release is there, or is looked for by the hosts
  if (course.phase === 'Rolling') course.enter('Preparing');
};

/** As far as it goes now. */
export const blueGreen = (course: Course): void => {
  if (course.phase === 'Fetching') fetch(course);
  else if (course.phase === 'Preparing') comingUp(course);
  else if (course.phase === 'Migrating') migrating(course);
  else if (course.phase === 'Rolling') switching(course);
  else if (course.phase === 'Paused') kept(course);
  else if (course.phase === 'RollingBack') goingBack(course);
};
