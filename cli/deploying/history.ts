/** What was done to applications: a line a Deployment. Pure. */
import type { Release } from '../../api-types/release.js';
import { since } from '../table.js';
import { type Deployment, durationText, hostsOf, shortRevision, statusOf, tookMs } from './deployment.js';

export const HISTORY_HEAD = [
  'NAME',
  'APPLICATION',
  'COMMAND',
  'FROM',
  'TO',
  'HOSTS',
  'BY',
  'AGE',
  'TOOK',
  'RESULT',
];

const releaseText = (release: Release | undefined): string =>
  release === undefined ? '-' : `${String(release.number)} (${shortRevision(release.revision)})`;

/** What it brings, or is to bring as soon as it is known what that is. */
const toText = (deployment: Deployment): string => {
  const { release } = statusOf(deployment);
  if (release !== undefined) return releaseText(release);
  const { revision } = deployment.spec ?? {};
  return revision === undefined ? '-' : shortRevision(revision);
};

const hostsText = (deployment: Deployment): string => {
  const hosts = hostsOf(deployment);
  const done = hosts.filter(([, { stage }]) => stage === 'done').length;
  return `${String(done)}/${String(hosts.length)}`;
};

export const historyRow = (deployment: Deployment, now: number): readonly string[] => {
  const { metadata, spec } = deployment;
  const { phase = 'Pending', from, by } = statusOf(deployment);
  return [
    metadata.name,
    spec?.application ?? '-',
    spec?.command ?? '-',
    releaseText(from),
    toText(deployment),
    hostsText(deployment),
    by ?? '-',
    since(metadata.creationTimestamp, now),
    durationText(tookMs(deployment, now)),
    phase,
  ];
};

const shortOf = (of: Release | undefined) =>
  of === undefined ? null : { number: of.number, revision: of.revision, wanted: of.wanted ?? null };

const told = <A>(value: A | undefined): A | null => value ?? null;

/** The same for programs. */
export const historyEntry = (deployment: Deployment, now: number) => {
  const { metadata, spec } = deployment;
  const { phase = 'Pending', from, release, by, startedAt, finishedAt, migrated } = statusOf(deployment);
  return {
    name: metadata.name,
    application: told(spec?.application),
    command: told(spec?.command),
    by: told(by),
    comment: told(spec?.comment),
    from: shortOf(from),
    to: shortOf(release),
    createdAt: metadata.creationTimestamp,
    startedAt: told(startedAt),
    finishedAt: told(finishedAt),
    seconds: Math.round(tookMs(deployment, now) / 1000),
    hosts: hostsOf(deployment).length,
    migrated: told(migrated),
    result: phase,
  };
};
