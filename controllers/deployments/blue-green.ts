/**
 * Blue-green: as many new hosts come up beside those that serve, are given the release, and then all requests go to them in
 * one change. Those of before are kept for a while to go back to at once; then they go. It ends when those that are to go
 * are on their way: until then load balancers know that they are out. Pure.
 */
import { seconds } from '../../api-types/units.js';
import type { Cause, Course } from './course.js';
import { fetching } from './fetching.js';
import { adopt, blues, busyRole, everyGreen, greens, keepOldOut, retire, surge } from './green-hosts.js';
import {
  activateGreens,
  bootLeft,
  foldGreens,
  foldMended,
  greensIn,
  isMending,
  mendGreens,
  prepareGreens,
  unwell,
  wantedGreens,
} from './green-work.js';
import { migrate } from './preparing.js';
import { pause, stopOf, type Stop } from './stopping.js';
import { overdueMessage, tellingOf } from './told.js';
import { promoteOf } from './words-of-people.js';

export const isBlueGreen = ({ strategy, live }: Course): boolean =>
  strategy.type === 'blue-green' && (live.spec.command === 'deploy' || live.spec.command === 'rollback');

/** They have it, whatever they do with it by now. */
const having = (course: Course): number => greensIn(course, 'prepared', 'activating', 'joining').length;

const late = (course: Course): Stop | null => {
  const left = bootLeft(course);
  if (left > 0) {
    course.wait(left, 'new hosts are to come up');
    return null;
  }
  return {
    by: 'failure',
    cause: {
      reason: 'HostsNotUp',
      message: `of ${String(wantedGreens(course))} new hosts ${String(having(course))} were ready in time`,
    },
  };
};

/** Before all requests go to the new hosts nothing was touched: they go, and that is all. */
const giveUp = (course: Course, { cause }: Stop): void => {
  course.cause = cause;
  course.enter('RollingBack');
  course.tell('Warning', 'DeploymentRollsBack', cause.message);
};

const isUp = (course: Course): boolean => {
  const ready = having(course);
  return ready > 0 && ready >= wantedGreens(course) && ready === greens(course).length;
};

const waitForRole = (course: Course, role: string): void => {
  const stop = stopOf(course);
  if (stop !== null) giveUp(course, stop);
  else
    course.says = { reason: 'RoleBusy', message: `another Deployment has hosts of Role ${role} come and go` };
};

const comingUp = (course: Course): void => {
  const busy = busyRole(course);
  if (busy !== null) {
    waitForRole(course, busy);
    return;
  }
  surge(course);
  foldGreens(course);
  const stop = stopOf(course) ?? (isUp(course) ? null : late(course));
  if (stop !== null) {
    giveUp(course, stop);
    return;
  }
  prepareGreens(course);
  course.says = {
    reason: 'HostsComingUp',
    message: `${String(having(course))} of ${String(wantedGreens(course))} new hosts have it prepared`,
  };
  if (isUp(course)) course.enter(course.live.spec.migrate === true ? 'Migrating' : 'Rolling');
};

const migrating = (course: Course): void => {
  if (course.next.migrated !== 'done') migrate(course);
  if (course.next.migrated === 'running') return;
  const stop = stopOf(course);
  if (stop !== null) giveUp(course, stop);
  else if (course.next.migrated === 'done') course.enter('Rolling');
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

const switchBack = (course: Course, stop: Stop): void => {
  switchOver(course, 'blue');
  giveUp(course, stop);
};

const nobodyLeft: Stop = {
  by: 'failure',
  cause: { reason: 'HostsNotUp', message: 'no new host is left that serves' },
};

const awaitSwitch = (course: Course): void => {
  const joined = greensIn(course, 'joining').filter((name) => course.hosts.get(name)?.out === false);
  const [name] = joined;
  const host = name === undefined ? undefined : course.hosts.get(name);
  if (host === undefined) {
    switchBack(course, nobodyLeft);
    return;
  }
  const telling = tellingOf(course, host);
  if (telling === 'waiting') return;
  if (telling === 'overdue') {
    const cause = { reason: 'NotConfirmed', message: overdueMessage(course, host) };
    switchBack(course, { by: 'failure', cause });
    return;
  }
  for (const one of joined) course.move(one, 'done', { change: undefined });
  pause(course, KEPT);
};

/** Before requests go over. */
const activating = (course: Course): void => {
  foldGreens(course);
  const stop = stopOf(course);
  if (stop !== null) giveUp(course, stop);
  else if (!isUp(course)) course.enter('Preparing');
  else {
    activateGreens(course);
    const waits = unwell(course);
    if (waits.length > 0)
      course.says = {
        reason: 'HostsNotReady',
        message: `waits until Ready: ${waits.slice(0, 10).join(', ')}`,
      };
    else if (greensIn(course, 'joining').length === greens(course).length) switchOver(course, 'green');
  }
};

const switching = (course: Course): void => {
  if (!isSwitched(course)) {
    activating(course);
    return;
  }
  mendGreens(course);
  keepOldOut(course);
  if (course.in('finishing').length > 0 || greensIn(course, 'done').length > 0) retiring(course);
  else awaitSwitch(course);
};

const KEPT: Cause = {
  reason: 'Kept',
  message: 'the new hosts have all requests; those of before are kept to go back to',
};

const kept = (course: Course): void => {
  mendGreens(course);
  foldMended(course);
  keepOldOut(course);
  const found = stopOf(course);
  const stop = found ?? (greensIn(course, 'done').length === 0 ? nobodyLeft : null);
  if (stop !== null && stop.by !== 'superseded') {
    switchBack(course, stop);
    return;
  }
  course.says = KEPT;
  goOnAfterKeeping(course, stop);
};

/** Those of before stay as long as a new host is being mended. */
const goOnAfterKeeping = (course: Course, stop: Stop | null): void => {
  const left = seconds(course.strategy.keepSeconds) - course.ageOf(course.next.pausedAt);
  const said = promoteOf(course);
  if (stop === null && said === null && left > 0) {
    course.wait(left, 'hosts of before are kept');
    return;
  }
  if (stop === null && isMending(course)) return;
  if (said !== null) course.next.answered = said;
  course.enter('Rolling');
};

/** Their slots are being given up, so that nobody takes them in again. */
const staying = (course: Course, names: readonly string[]): readonly string[] =>
  names.filter((name) => {
    const live = course.view.instances.get(name);
    return live !== undefined && live.deletion === null;
  });

/** Milliseconds that those of before may take to go: a frozen one, or one whose end waits for a person, does not go. */
const patience = (course: Course): number =>
  seconds(course.timeoutSeconds) -
  Math.max(0, ...course.in('finishing').map((name) => course.ageOf(course.hosts.get(name)?.since)));

const retiring = (course: Course): void => {
  foldMended(course);
  for (const name of course.in('leaving')) course.move(name, 'finishing', { change: undefined });
  const old = blues(course);
  retire(course, old);
  const stay = staying(course, old);
  const names = stay.slice(0, 10).join(', ');
  const left = patience(course);
  course.says = { reason: 'Retiring', message: `hosts of before are on their way out: ${names}` };
  if (stay.length > 0 && left > 0) course.wait(left, 'hosts of before are to go');
  if ((stay.length > 0 && left > 0) || isMending(course)) return;
  const done = greensIn(course, 'done').length;
  for (const name of old) {
    const message = stay.includes(name) ? 'it did not go' : 'a new host took its place';
    course.skip(name, message, { out: undefined, change: undefined });
  }
  const rest = stay.length === 0 ? '' : `; these of before did not go: ${names}`;
  course.end('Succeeded', {
    reason: 'Succeeded',
    message: `${String(done)} new hosts have all requests${rest}`,
  });
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
  const names = everyGreen(course);
  retire(course, names);
  const stay = staying(course, names);
  if (stay.length > 0) {
    const message = `new hosts are on their way out: ${stay.slice(0, 10).join(', ')}`;
    course.says = { reason: 'Retiring', message };
    return;
  }
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
