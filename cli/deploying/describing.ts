/** What is told of Applications and Deployments beside what is told of all objects. Pure. */
import type { Release } from '../../api-types/release.js';
import type { ObjectOf } from '../../client/client.js';
import { printable } from '../log-lines.js';
import { since, tableText } from '../table.js';
import {
  type Application,
  type Deployment,
  hostsOf,
  lockOf,
  lockText,
  shortRevision,
  statusOf,
  statusOfApplication,
} from './deployment.js';

export interface Part {
  readonly title: string;
  readonly body: string;
}

const releaseRow = (release: Release, current: number | undefined, now: number): readonly string[] => [
  String(release.number),
  shortRevision(release.revision),
  release.wanted ?? '-',
  release.deployment,
  since(release.createdAt, now),
  release.number === current ? 'in force' : '',
];

const RELEASES_HEAD = ['NUMBER', 'REVISION', 'WANTED', 'DEPLOYMENT', 'AGE', ''];

const releasesText = (releases: readonly Release[], current: number | undefined, now: number): string =>
  releases.length === 0
    ? ''
    : tableText([RELEASES_HEAD, ...releases.map((one) => releaseRow(one, current, now))]);

const ofApplication = (application: Application, now: number): readonly Part[] => {
  const lock = lockOf(application);
  const { releases = [], current } = statusOfApplication(application);
  return [
    { title: 'Lock', body: lock === null ? '' : lockText(lock, now) },
    { title: 'Releases', body: releasesText(releases, current?.number, now) },
  ];
};

const HOSTS_HEAD = ['HOST', 'BATCH', 'STAGE', 'FOR', 'FROM', 'MESSAGE'];

const hostRows = (deployment: Deployment, now: number): readonly (readonly string[])[] =>
  hostsOf(deployment).map(([name, { batch, stage, since: at, from, message = '' }]) => [
    name,
    batch === undefined ? '-' : String(batch),
    stage,
    since(at, now),
    from === undefined ? '-' : String(from),
    printable(message.split('\n')[0] ?? ''),
  ]);

/** Of those that failed, whole: command, exit code and last lines. */
const messagesText = (deployment: Deployment): string =>
  hostsOf(deployment)
    .flatMap(([name, { message = '' }]) =>
      message.includes('\n') ? [`${name}: ${message.split('\n').map(printable).join('\n  ')}`] : [],
    )
    .slice(0, 10)
    .join('\n');

const ofDeployment = (deployment: Deployment, now: number): readonly Part[] => {
  const { release, from } = statusOf(deployment);
  const rows = hostRows(deployment, now);
  const both = [release, from].flatMap((one) => (one === undefined ? [] : [one]));
  return [
    { title: 'Releases', body: releasesText(both, undefined, now) },
    { title: 'Hosts', body: rows.length === 0 ? '' : tableText([HOSTS_HEAD, ...rows]) },
    { title: 'Failures', body: messagesText(deployment) },
  ];
};

/** Sections of their own, in order; an empty body: there is nothing to say. */
export const partsOf = (object: ObjectOf, now: number): readonly Part[] => {
  if (object.kind === 'Application') return ofApplication(object as Application, now);
  return object.kind === 'Deployment' ? ofDeployment(object as Deployment, now) : [];
};

/** What of their status those sections have told. */
export const TOLD: Readonly<Record<string, readonly string[]>> = {
  Application: ['releases', 'current'],
  Deployment: ['hosts', 'release', 'from'],
};
