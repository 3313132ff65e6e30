/** The next hosts of a roll-out, and how they take their turn, so that somebody always serves. Pure. */
import type { Course } from './course.js';
import { rolesMeant } from './beginning.js';
import { hasRole, isReady, runsOf } from './hosts.js';
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

/** Without any of the others the batch would leave nobody: they overlap, or one of them stays, or the only one has a gap. */
const turnOf = (course: Course, way: Way, chosen: readonly Candidate[]): Turn => {
  const overlaps = canOverlap(way);
  if (way.step === 'start') return { chosen, manner: 'stay' };
  if (!way.joins) return { chosen, manner: 'leave' };
  if (course.strategy.type === 'all-at-once') return { chosen, manner: overlaps ? 'overlap' : 'stay' };
  if (overlaps && way.release?.config.overlap === 'always') return { chosen, manner: 'overlap' };
  const names = new Set(chosen.map(({ name }) => name));
  if (servingHosts(course).some((name) => !names.has(name))) return { chosen, manner: 'leave' };
  if (overlaps) return { chosen, manner: 'overlap' };
  const serving = chosen.filter((one) => one.serves);
  if (serving.length < 2) return { chosen, manner: 'stay' };
  const last = serving.at(-1);
  return { chosen: chosen.filter((one) => one !== last), manner: 'leave' };
};

/** Begins the next batch of these hosts; false: too many are out of service, so that none may go out now. */
export const beginBatch = (course: Course, way: Way, names: readonly string[]): boolean => {
  const batch = (course.next.batch ?? 0) + 1;
  const unavailable = [...course.hosts.keys()].filter((name) => isUnavailable(course, name)).length;
  const total = course.hosts.size;
  // going back is not held up by what is out for other reasons: it mends
  const counted = way.end === 'reverted' ? 0 : unavailable;
  const choice = { strategy: course.strategy, batch, total, unavailable: counted };
  const candidates = names.map((name) => candidateOf(course, name));
  const { chosen, manner } = turnOf(course, way, nextBatch(candidates, choice));
  if (chosen.length === 0) return false;
  course.next.batch = batch;
  const taken = (served: boolean): readonly string[] =>
    chosen.filter((one) => isIn(course, one.name) === served).map(({ name }) => name);
  begin(course, way, { names: taken(true), manner, batch });
  // where nothing runs yet there is nobody to be taken away from
  begin(course, way, { names: taken(false), manner: way.joins ? 'stay' : manner, batch });
  return true;
};

const isIn = (course: Course, name: string): boolean => {
  const live = course.view.instances.get(name);
  return live !== undefined && runsOf(live, course.live.spec.application) !== undefined;
};
