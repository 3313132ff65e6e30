/**
 * A host's turn: it leaves its load balancers, does what it is told, joins again, ends what ran before. Forward each part is
 * a stage of its own; on the way back all of them are `reverting`, and what the host was told last says which it is. Pure.
 */
import type { DeployStep } from '../../api-types/deploy-order.js';
import type { DeploymentHost, HostStage } from '../../api-types/kinds/deployment.js';
import type { EventResult } from '../../api-types/kinds/lifecycle-event.js';
import type { Release } from '../../api-types/release.js';
import { verdictOf } from './answers-of-hosts.js';
import type { Course } from './course.js';
import { runsOf } from '../host-releases.js';
import { overdueMessage, tellingOf } from './told.js';

/** What hosts of this Deployment do in their turn. */
export interface Way {
  readonly step: DeployStep;
  /** What it brings; null: it brings nothing. */
  readonly release: Release | null;
  /** Load balancers get them back. */
  readonly joins: boolean;
  readonly end: Extract<HostStage, 'done' | 'reverted'>;
}

type Part = 'leaving' | 'activating' | 'joining' | 'finishing';

/** Where a host is that is on its way back. */
const backPart = ({ event, change }: DeploymentHost): Part => {
  if (event === undefined) return 'leaving';
  if (event.startsWith('release-finish-')) return 'finishing';
  return change === undefined ? 'activating' : 'joining';
};

const PARTS: readonly HostStage[] = ['leaving', 'activating', 'joining', 'finishing'];

const partOf = (host: DeploymentHost): Part | null => {
  if (host.stage === 'reverting') return backPart(host);
  return PARTS.includes(host.stage) ? (host.stage as Part) : null;
};

/** Some host's turn has not ended. */
export const isUnderWay = (course: Course): boolean =>
  [...course.hosts.values()].some((host) => partOf(host) !== null);

const stageOf = (way: Way, part: Part): HostStage => (way.end === 'reverted' ? 'reverting' : part);

/** How a host takes its turn. */
export type Manner = 'leave' | 'overlap' | 'stay';

/** Hosts whose turn it is begin it. */
export const begin = (
  course: Course,
  way: Way,
  turn: { readonly names: readonly string[]; readonly manner: Manner; readonly batch: number },
): void => {
  const { names, manner, batch } = turn;
  // on the way back it stays to be seen why
  const said = way.end === 'done' ? { message: undefined } : {};
  const fresh = { batch, event: undefined, out: undefined, overlap: undefined, ...said };
  if (manner === 'leave') {
    const change = course.change();
    for (const name of names) course.move(name, stageOf(way, 'leaving'), { ...fresh, out: true, change });
    return;
  }
  const overlap = manner === 'overlap' ? true : undefined;
  for (const name of names)
    course.move(name, stageOf(way, 'activating'), { ...fresh, change: undefined, overlap });
  act(course, way, names);
};

const act = (course: Course, way: Way, names: readonly string[]): void => {
  const release = way.release === null ? {} : { release: way.release };
  const overlaps = (name: string): boolean => course.hosts.get(name)?.overlap === true;
  course.order(
    way.step,
    names.filter((name) => !overlaps(name)),
    release,
  );
  course.order(way.step, names.filter(overlaps), { ...release, overlap: true });
};

/** In again: what it served before its turn, or serves since. */
const back = (course: Course, host: DeploymentHost): Partial<DeploymentHost> =>
  host.out === true ? { out: false, change: course.change() } : { change: undefined };

const failed = (course: Course, name: string, message: string): void => {
  const host = course.hosts.get(name);
  if (host !== undefined) course.fail(name, message, back(course, host));
};

const lost = (course: Course, name: string, message: string): void => {
  course.skip(name, message, { out: undefined, change: undefined });
};

/** What load balancers came to: they know, or are too late on the way to the release. Null: it waits, or its machine went. */
const confirmation = (
  course: Course,
  way: Way,
  name: string,
  host: DeploymentHost,
): 'known' | 'late' | null => {
  if (!course.isThere(name)) {
    lost(course, name, `its machine ${host.machine} went`);
    return null;
  }
  const telling = tellingOf(course, host);
  if (telling === 'waiting') return null;
  return telling === 'overdue' && way.end === 'done' ? 'late' : 'known';
};

const leaving = (course: Course, way: Way, name: string, host: DeploymentHost): readonly string[] => {
  const confirmed = confirmation(course, way, name, host);
  if (confirmed === null) return [];
  if (confirmed === 'late') {
    failed(course, name, overdueMessage(course, host));
    return [];
  }
  course.move(name, stageOf(way, 'activating'), { change: undefined });
  return [name];
};

/** What the host says that it runs since; its port may be another one. */
const noteRuns = (course: Course, name: string, way: Way, result: EventResult): void => {
  const { application } = course.live.spec;
  if (way.step === 'undeploy' && result.state === 'succeeded') course.runs.set(name, null);
  const said = result.releases?.[application];
  const brought = result.state === 'succeeded' && way.step === 'activate' ? way.release : null;
  if (said !== undefined) course.runs.set(name, said);
  else if (brought !== null) course.runs.set(name, { release: brought.number, revision: brought.revision });
};

const isElsewhere = (course: Course, name: string): boolean => {
  const live = course.view.instances.get(name);
  const after = course.runs.get(name);
  if (live === undefined || after === undefined) return false;
  return runsOf(live, course.live.spec.application)?.port !== after?.port;
};

const activated = (course: Course, way: Way, name: string, host: DeploymentHost): readonly string[] => {
  const joins = way.joins && (host.out === true || isElsewhere(course, name));
  if (joins) {
    const out = host.out === true ? false : host.out;
    course.move(name, stageOf(way, 'joining'), { out, change: course.change() });
    return [];
  }
  if (host.overlap === true) {
    course.move(name, stageOf(way, 'finishing'));
    return [name];
  }
  course.move(name, way.end);
  return [];
};

const activating = (course: Course, way: Way, name: string, host: DeploymentHost): readonly string[] => {
  const verdict = verdictOf(course, name, host);
  if (verdict._tag === 'Pending') return [];
  if (verdict._tag === 'Lost') {
    lost(course, name, verdict.message);
    return [];
  }
  if (verdict.result !== null) noteRuns(course, name, way, verdict.result);
  if (verdict._tag === 'Done') return activated(course, way, name, host);
  failed(course, name, verdict.message);
  return [];
};

const joining = (course: Course, way: Way, name: string, host: DeploymentHost): readonly string[] => {
  const confirmed = confirmation(course, way, name, host);
  if (confirmed === null) return [];
  if (confirmed === 'late') {
    course.fail(name, overdueMessage(course, host));
    return [];
  }
  course.move(name, host.overlap === true ? stageOf(way, 'finishing') : way.end, { change: undefined });
  return host.overlap === true ? [name] : [];
};

const finishing = (course: Course, way: Way, name: string, host: DeploymentHost): void => {
  const verdict = verdictOf(course, name, host);
  if (verdict._tag === 'Pending') return;
  if (verdict._tag === 'Lost') lost(course, name, verdict.message);
  else if (verdict._tag === 'Failed') course.fail(name, `finish: ${verdict.message}`);
  else course.move(name, way.end);
};

/** Moves on every host whose turn has begun. */
export const advance = (course: Course, way: Way): void => {
  const acts: string[] = [];
  const finishes: string[] = [];
  for (const [name, host] of [...course.hosts]) {
    const part = partOf(host);
    if (part === 'leaving') acts.push(...leaving(course, way, name, host));
    else if (part === 'activating') finishes.push(...activating(course, way, name, host));
    else if (part === 'joining') finishes.push(...joining(course, way, name, host));
    else if (part === 'finishing') finishing(course, way, name, host);
  }
  act(course, way, acts);
  course.order('finish', finishes);
};

/** Hosts that were only leaving stay where they are: nothing was done to them. */
export const stepBack = (course: Course, stage: HostStage): void => {
  for (const name of course.in('leaving')) course.move(name, stage, { out: false, change: course.change() });
};
