/** The source becomes a release: packed by the control plane, or by one host for all; or the pack of an old one is looked for. Pure. */
import type { ApplicationSpec } from '../../api-types/kinds/application.js';
import type { Release } from '../../api-types/release.js';
import { verdictOf } from './answers-of-hosts.js';
import type { Course } from './course.js';
import { configOf, configProblem, recordProblem, rolesFor } from './releases.js';

interface Packed {
  readonly revision: string;
  readonly digest: string;
  readonly spec: ApplicationSpec;
}

const nextNumber = ({ application, view }: Course): number => {
  const numbers = view.deployments.map(({ status }) => status.release?.number ?? 0);
  return Math.max(application.status.lastNumber ?? 0, ...numbers) + 1;
};

/** In the record before any host is told of it: from then on everything goes by its digest. */
const releaseOf = (course: Course, { revision, digest, spec }: Packed): Release => {
  const wanted = course.live.spec.revision ?? spec.source.revision;
  return {
    number: nextNumber(course),
    deployment: course.live.ref.name,
    revision,
    digest,
    roles: rolesFor(spec, course.view.roles),
    config: configOf(spec),
    createdAt: course.now,
    ...(wanted === undefined ? {} : { wanted }),
  };
};

/** blue-green has as many again. */
const hostsIn = ({ hosts, strategy }: Course): number =>
  strategy.type === 'blue-green' ? 2 * hosts.size : hosts.size;

const take = (course: Course, packed: Packed): void => {
  const problem = configProblem(packed.spec);
  if (problem !== null) {
    course.end('Failed', { reason: 'ConfigTooLarge', message: problem });
    return;
  }
  const release = releaseOf(course, packed);
  const tooLarge = recordProblem(hostsIn(course), [release, course.next.from, course.live.spec]);
  if (tooLarge !== null) {
    course.end('Failed', { reason: 'TooLarge', message: tooLarge });
    return;
  }
  course.next.release = release;
  // from here on everything is in the release
  delete course.next.application;
  course.steps.push({ action: 'drop', uid: course.live.uid });
  course.enter('Preparing');
};

const failed = (course: Course, message: string): void => {
  course.end('Failed', { reason: 'FetchFailed', message });
};

const ask = (course: Course, pinned: Release | null): void => {
  const { uid, spec } = course.live;
  const { application } = course;
  course.steps.push({ action: 'fetch', uid, live: application, revision: spec.revision, pinned });
};

const byControlPlane = (course: Course): void => {
  const { live, view, application } = course;
  const fetched = view.fetchedFor(live.uid);
  course.says = { reason: 'Fetching', message: `fetches ${application.spec.source.url}` };
  if (fetched === undefined) ask(course, null);
  else if (fetched._tag === 'Failed') failed(course, fetched.problem);
  else if (fetched._tag === 'Packed') take(course, fetched);
};

const fetcherOf = (course: Course): string | undefined =>
  course.in('preparing').find((name) => course.hosts.get(name)?.event?.startsWith('release-fetch-') === true);

/** Another one when the machine of one goes. */
const elect = (course: Course): void => {
  const name = course.in('waiting').find((one) => course.isThere(one));
  if (name === undefined) {
    failed(course, 'no host is left that could fetch the source');
    return;
  }
  const { source } = course.application.spec;
  const revision = course.live.spec.revision ?? source.revision;
  course.move(name, 'preparing');
  course.order('fetch', [name], { source, ...(revision === undefined ? {} : { revision }) });
};

const byHost = (course: Course): void => {
  const name = fetcherOf(course);
  const host = name === undefined ? undefined : course.hosts.get(name);
  course.says = { reason: 'Fetching', message: `a host fetches ${course.application.spec.source.url}` };
  if (name === undefined || host === undefined) {
    elect(course);
    return;
  }
  const verdict = verdictOf(course, name, host);
  if (verdict._tag === 'Pending') return;
  if (verdict._tag === 'Lost') {
    course.skip(name, verdict.message);
    elect(course);
    return;
  }
  const pack = verdict.result?.pack;
  course.move(name, 'waiting', { event: undefined });
  if (verdict._tag === 'Done' && pack !== undefined) take(course, { ...pack, spec: course.application.spec });
  else failed(course, `${name}: ${verdict._tag === 'Failed' ? verdict.message : 'it brought no pack'}`);
};

/** Hosts may have it on their disk: a pack that cannot be brought back stops nothing by itself. */
const lookForPack = (course: Course): void => {
  const fetched = course.view.fetchedFor(course.live.uid);
  course.says = { reason: 'Fetching', message: 'looks for the pack of the release' };
  if (fetched === undefined) {
    ask(course, course.release());
    return;
  }
  if (fetched._tag === 'Fetching') return;
  if (fetched._tag === 'Failed')
    course.tell('Warning', 'PackLost', `hosts without the release cannot go back to it: ${fetched.problem}`);
  course.steps.push({ action: 'drop', uid: course.live.uid });
  course.enter('Rolling');
};

export const fetching = (course: Course): void => {
  if (course.live.spec.command === 'rollback') lookForPack(course);
  else if (course.application.spec.source.fetchedBy === 'host') byHost(course);
  else byControlPlane(course);
};
