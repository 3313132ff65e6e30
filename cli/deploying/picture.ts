/** How far a Deployment is, as a picture of a few lines: counts of all hosts, and the hosts that somebody should look at. Pure. */
import { type DeploymentHost, HOST_STAGES, type HostStage } from '../../api-types/kinds/deployment.js';
import type { Terminal } from '../context.js';
import { printable } from '../log-lines.js';
import { ageText, tableText } from '../table.js';
import {
  type Deployment,
  aboutText,
  durationText,
  hostsOf,
  messageOf,
  statusOf,
  tookMs,
} from './deployment.js';

/** More than a person takes in at a look. */
const MOST_LINES = 24;

/** What goes wrong first, then what goes on, then what has or will. */
const RANKS: readonly (readonly HostStage[])[] = [
  ['failed'],
  ['reverting', 'reverted'],
  ['migrating', 'activating', 'joining', 'leaving', 'finishing'],
  ['preparing'],
  ['prepared', 'waiting'],
  ['done'],
  ['skipped'],
];

const rankOf = ({ stage }: DeploymentHost): number => RANKS.findIndex((stages) => stages.includes(stage));

type Named = readonly [name: string, host: DeploymentHost];

const byInterest = (hosts: readonly Named[]): readonly Named[] =>
  [...hosts].sort(([, left], [, right]) => rankOf(left) - rankOf(right));

/** `waiting 12, activating 2, done 8`: in the order in which hosts come by them. */
export const countsText = (hosts: readonly Named[]): string => {
  const counts = new Map<HostStage, number>();
  for (const [, { stage }] of hosts) counts.set(stage, (counts.get(stage) ?? 0) + 1);
  return HOST_STAGES.flatMap((stage) => {
    const count = counts.get(stage);
    return count === undefined ? [] : [`${stage} ${String(count)}`];
  }).join(', ');
};

/** What a host comes by, in this order; the others are no steps forward. */
const STEPS = ['preparing', 'leaving', 'activating', 'joining'] as const;
const ORDER: readonly HostStage[] = HOST_STAGES.slice(0, HOST_STAGES.indexOf('done') + 1);

const markOf = (step: HostStage, stage: HostStage): string => {
  if (stage === step) return '...';
  if (!ORDER.includes(stage)) return '';
  return ORDER.indexOf(stage) > ORDER.indexOf(step) ? 'ok' : '';
};

const HEAD = ['HOST', 'PREPARE', 'LEAVE', 'ACTIVATE', 'JOIN', 'STAGE', 'FOR', 'MESSAGE'];

const firstLine = (text = ''): string => printable(text.split('\n')[0] ?? '');

const rowOf = ([name, host]: Named, now: number): readonly string[] => [
  name,
  ...STEPS.map((step) => markOf(step, host.stage)),
  host.stage,
  ageText(now - Date.parse(host.since)),
  firstLine(host.message),
];

const batchText = (deployment: Deployment): string => {
  const { batch, batches, phase } = statusOf(deployment);
  if (phase !== 'Rolling' || batch === undefined || batches === undefined) return '';
  return `, batch ${String(batch)} of ${String(batches)}`;
};

/** `web: deploy of release 12 (4f2a91c8d1e0), Rolling, batch 2 of 5, 1m23s` */
export const titleText = (deployment: Deployment, now: number): string => {
  const { phase = 'Pending' } = statusOf(deployment);
  const took = durationText(tookMs(deployment, now));
  const { application = '' } = deployment.spec ?? {};
  return `${application}: ${aboutText(deployment)}, ${phase}${batchText(deployment)}, ${took}`;
};

/** As many lines as there is room for, none wider than that. */
export const picture = (
  deployment: Deployment,
  now: number,
  { columns, rows }: Terminal,
): readonly string[] => {
  const hosts = hostsOf(deployment);
  const message = firstLine(messageOf(deployment));
  const counts = countsText(hosts);
  const head = [titleText(deployment, now), counts, message].filter((line) => line !== '');
  // one line for the titles, one for those left out, one for the cursor
  const room = Math.max(0, Math.min(MOST_LINES, rows) - head.length - 3);
  const shown = byInterest(hosts).slice(0, room);
  const left = hosts.length - shown.length;
  const table =
    shown.length === 0 ? [] : tableText([HEAD, ...shown.map((host) => rowOf(host, now))]).split('\n');
  const more = left > 0 ? [`and ${String(left)} more hosts`] : [];
  return [...head, ...table, ...more].map((line) => line.slice(0, Math.max(1, columns - 1)));
};
