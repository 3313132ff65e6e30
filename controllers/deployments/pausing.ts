/** A Deployment that waits: for time, for what is measured, or for a person. Pure. */
import type { Canary } from '../../api-types/deployment-strategy.js';
import { seconds } from '../../api-types/units.js';
import type { Course } from './course.js';
import { chooseCanaryAnew, goOnAfterCanary } from './rolling.js';
import { settle, stopOf } from './stopping.js';
import { promoteOf } from './words-of-people.js';

/** How often what a canary is judged by is asked. */
const MEASURE_EVERY = seconds(10);

/** The failed ones have their turn again. */
const tryAgain = (course: Course): void => {
  const { command } = course.live.spec;
  for (const name of course.in('failed')) {
    const { batch } = course.hosts.get(name) ?? {};
    const stage = command === 'deploy' && batch !== undefined ? 'prepared' : 'waiting';
    course.move(name, stage, { message: undefined, event: undefined, batch: undefined, change: undefined });
  }
  course.cause = null;
  if (course.next.migrated !== 'done') delete course.next.migrated;
  if (command === 'migrate') course.enter('Migrating');
  else course.enter(command === 'deploy' ? 'Preparing' : 'Rolling');
};

const holds = ({ below, above }: NonNullable<Canary['metric']>, value: number): boolean =>
  (below === undefined || value < below) && (above === undefined || value > above);

type Judgement = 'good' | 'bad' | 'unknown';

/** What the canary is judged by, asked again when the last answer is old. */
const judged = (course: Course, since: number): Judgement => {
  const { metric } = course.strategy.canary;
  if (metric === undefined) return 'good';
  const { uid } = course.live;
  const measured = course.view.measuredFor(uid);
  const age = measured === undefined ? Infinity : course.view.now - measured.at;
  if (age >= MEASURE_EVERY) course.steps.push({ action: 'measure', uid, rule: metric });
  course.wait(age >= MEASURE_EVERY ? MEASURE_EVERY : MEASURE_EVERY - age, 'the canary is measured');
  if (measured === undefined || measured.value === null) return 'unknown';
  if (!holds(metric, measured.value)) return 'bad';
  return measured.at >= since ? 'good' : 'unknown';
};

const metricFailed = (course: Course): void => {
  const { metric } = course.strategy.canary;
  const value = course.view.measuredFor(course.live.uid)?.value ?? 0;
  const bound =
    metric?.below === undefined ? `above ${String(metric?.above)}` : `below ${String(metric.below)}`;
  const message = `${metric?.query ?? ''} gave ${String(value)}, which is not ${bound}`;
  settle(course, { by: 'failure', cause: { reason: 'MetricFailed', message } });
};

const lookedAt = (course: Course): void => {
  const { waitSeconds } = course.strategy.canary;
  const over = seconds(waitSeconds ?? 0);
  const age = course.ageOf(course.next.pausedAt);
  const judgement = judged(course, course.view.now - age + over);
  if (judgement === 'bad') metricFailed(course);
  else if (waitSeconds === undefined) return;
  else if (age < over) course.wait(over - age, 'the canary is looked at');
  else if (judgement === 'good') goOnAfterCanary(course);
};

/** Nobody but a person says how it goes on. */
const needsPerson = (course: Course): boolean =>
  course.in('failed').length > 0 ||
  course.next.migrated === 'failed' ||
  course.next.migrated === 'unknown' ||
  course.cause?.reason === 'TooManyUnavailable' ||
  course.cause?.reason === 'MetricFailed';

const isCanary = ({ strategy, next, cause }: Course): boolean =>
  strategy.type === 'canary' && next.batch === 1 && cause?.reason !== 'HostsFailed';

export const paused = (course: Course): void => {
  const stop = stopOf(course);
  if (stop !== null && stop.by !== 'failure') {
    settle(course, stop);
    return;
  }
  const person = needsPerson(course);
  if (!person && chooseCanaryAnew(course)) {
    course.cause = null;
    course.enter('Rolling');
    return;
  }
  course.says = course.cause ?? course.says;
  const said = promoteOf(course);
  if (said === null) {
    if (!person) lookedAt(course);
    return;
  }
  course.next.answered = said;
  course.tell('Normal', 'DeploymentPromoted', 'somebody says that it goes on');
  if (isCanary(course) && course.in('failed').length === 0) goOnAfterCanary(course);
  else tryAgain(course);
};
