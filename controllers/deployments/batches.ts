/** The next hosts of a roll-out, and how they take their turn, so that somebody always serves. Pure. */
import type { Course } from './course.js';
import { rolesMeant } from './beginning.js';
import { runsOf } from '../host-releases.js';
import { hasRole, isReady } from './hosts.js';
import { mayOverlap } from './releases.js';
import { nextBatch, type Candidate } from './strategy.js';
import { begin, type Manner, type Way } from './turns.js';

/** It is Ready, runs the application, and load balancers may give it requests. */
const serves = (course: Course, name: string): boolean => {
  const live = course.view.instances.get(name);
  if (live === undefined || !isReady(live)) return false;
  return course.hosts.get(name)?.out !== true && runsOf(live, course.live.spec.application) !== undefined;
};

const candidateOf = (course: Course, name: string): Candidate => ({
  name,
  zone: course.view.instances.get(name)?.status.machine?.zone ?? '',
  serves: serves(course, name),
});

const isUnavailable = (course: Course, name: string): boolean => {
  const live = course.view.instances.get(name);
  return live === undefined || !isReady(live) || course.hosts.get(name)?.out === true;
};

const servingHosts = (course: Course): readonly string[] => {
  const roles = new Set(rolesMeant(course));
  return [...course.view.instances.values()]
    .filter((live) => hasRole(live, roles))
    .map(({ ref }) => ref.name)
    .filter((name) => serves(course, name));
};

const canOverlap = ({ step, release }: Way): boolean =>
  step === 'activate' && release !== null && mayOverlap(release.config);

interface Turn {
  readonly chosen: readonly Candidate[];
  readonly manner: Manner;
}

/** Without any of the others the batch would leave nobody: one of it stays for now, and the only one has a gap. */
const leavingSome = (chosen: readonly Candidate[]): Turn => {
  const serving = chosen.filter((one) => one.serves);
  if (serving.length < 2) return { chosen, manner: 'stay' };
  const last = serving.at(-1);
  return { chosen: chosen.filter((one) => one !== last), manner: 'leave' };
};

const othersServe = (course: Course, chosen: readonly Candidate[]): boolean => {
  const names = new Set(chosen.map(({ name }) => name));
  return servingHosts(course).some((name) => !names.has(name));
};

/** Of a way on which hosts join again. */
const turnThere = (course: Course, way: Way, chosen: readonly Candidate[]): Turn => {
  const overlaps = canOverlap(way);
  if (course.strategy.type === 'all-at-once') return { chosen, manner: overlaps ? 'overlap' : 'stay' };
  if (overlaps && way.release?.config.overlap === 'always') return { chosen, manner: 'overlap' };
  if (othersServe(course, chosen)) return { chosen, manner: 'leave' };
  return overlaps ? { chosen, manner: 'overlap' } : leavingSome(chosen);
};

const turnOf = (course: Course, way: Way, chosen: readonly Candidate[]): Turn => {
  if (way.step === 'start') return { chosen, manner: 'stay' };
  return way.joins ? turnThere(course, way, chosen) : { chosen, manner: 'leave' };
};

/**
 * Hosts that count against `maxUnavailable`: those of the Deployment that went out of service since it began; where a number
 * was given, all that are to run the application.
 */
const countedHosts = (course: Course): readonly string[] => {
  if (course.strategy.maxUnavailable === null)
    return [...course.hosts].flatMap(([name, { event, stage }]) =>
      stage === 'skipped' && event === undefined ? [] : [name],
    );
  const roles = new Set(rolesMeant(course));
  return [...course.view.instances.values()]
    .filter((live) => hasRole(live, roles) && live.spec.desired === 'Running')
    .map(({ ref }) => ref.name);
};

/** Going back is not held up by what is out for other reasons: it mends. */
const unavailableNow = (course: Course, way: Way): number =>
  way.end === 'reverted' ? 0 : countedHosts(course).filter((name) => isUnavailable(course, name)).length;

/** Whoever overlaps goes on serving: it is not held up by hosts that are out. */
const turnInPlace = (course: Course, way: Way, anybody: readonly Candidate[]): Turn => {
  const turn = turnOf(course, way, anybody);
  return turn.manner === 'overlap' ? turn : { chosen: [], manner: 'leave' };
};

/** Begins the next batch of these hosts; false: too many are out of service, so that none may go out now. */
export const beginBatch = (course: Course, way: Way, names: readonly string[]): boolean => {
  const batch = (course.next.batch ?? 0) + 1;
  const unavailable = unavailableNow(course, way);
  const choice = { strategy: course.strategy, batch, total: course.hosts.size, unavailable };
  const candidates = names.map((name) => candidateOf(course, name));
  const due = nextBatch(candidates, choice);
  const { chosen, manner } =
    due.length > 0
      ? turnOf(course, way, due)
      : turnInPlace(course, way, nextBatch(candidates, { ...choice, unavailable: 0 }));
  if (chosen.length === 0) return false;
  course.next.batch = batch;
  // where nothing runs yet there is nobody to be taken away from
  const [running, empty] = parted(chosen, ({ name }) => isIn(course, name));
  begin(course, way, { names: running, manner, batch });
  begin(course, way, { names: empty, manner: way.joins ? 'stay' : manner, batch });
  return true;
};

const parted = (
  all: readonly Candidate[],
  holds: (one: Candidate) => boolean,
): readonly [readonly string[], readonly string[]] => [
  all.filter(holds).map(({ name }) => name),
  all.filter((one) => !holds(one)).map(({ name }) => name),
];

const isIn = (course: Course, name: string): boolean => {
  const live = course.view.instances.get(name);
  return live !== undefined && runsOf(live, course.live.spec.application) !== undefined;
};
