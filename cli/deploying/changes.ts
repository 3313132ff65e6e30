/** What has changed of a Deployment, in lines: for logs of programs, and terminals that cannot draw. Pure. */
import type { DeploymentHost, HostStage } from '../../api-types/kinds/deployment.js';
import { printable } from '../log-lines.js';
import { shortName } from '../words.js';
import { type Deployment, hostsOf, messageOf, nameOf, statusOf } from './deployment.js';
import { countsText } from './picture.js';

/** With more hosts than this, only what went wrong is said of each. */
const MOST_NAMED = 50;

const TOLD: readonly HostStage[] = ['done', 'failed', 'reverted', 'skipped'];
const WRONG: readonly HostStage[] = ['failed', 'skipped'];

const phaseOf = (deployment: Deployment | null): string =>
  deployment === null ? '' : (statusOf(deployment).phase ?? 'Pending');

const phaseLines = (before: Deployment | null, now: Deployment): readonly string[] => {
  if (phaseOf(before) === phaseOf(now)) return [];
  const message = ['Paused', 'Waiting', 'RollingBack'].includes(phaseOf(now)) ? messageOf(now) : '';
  return [`${nameOf(now)} ${phaseOf(now)}${message === '' ? '' : `: ${printable(message)}`}`];
};

const inBatch = (deployment: Deployment, batch: number): string => {
  const names = hostsOf(deployment).flatMap(([name, host]) => (host.batch === batch ? [name] : []));
  const more = names.length > 10 ? ` and ${String(names.length - 10)} more` : '';
  return `${names.slice(0, 10).join(', ')}${more}`;
};

const batchLines = (before: Deployment | null, now: Deployment): readonly string[] => {
  const { batch, batches, phase } = statusOf(now);
  if (phase !== 'Rolling' || batch === undefined) return [];
  if (before !== null && statusOf(before).batch === batch && phaseOf(before) === phase) return [];
  return [`batch ${String(batch)} of ${String(batches ?? batch)}: ${inBatch(now, batch)}`];
};

const hostLine = (name: string, { stage, message = '' }: DeploymentHost): string => {
  const [first = ''] = message.split('\n');
  return `${shortName('host', name)} ${stage}${first === '' ? '' : `: ${printable(first)}`}`;
};

const hostLines = (before: Deployment | null, now: Deployment): readonly string[] => {
  const was = before === null ? {} : (statusOf(before).hosts ?? {});
  const hosts = hostsOf(now);
  const told = hosts.length > MOST_NAMED ? WRONG : TOLD;
  return hosts.flatMap(([name, host]) =>
    told.includes(host.stage) && was[name]?.stage !== host.stage ? [hostLine(name, host)] : [],
  );
};

const tenthsDone = (deployment: Deployment | null): number => {
  const hosts = deployment === null ? [] : hostsOf(deployment);
  const done = hosts.filter(([, { stage }]) => stage === 'done').length;
  return hosts.length === 0 ? 0 : Math.floor((10 * done) / hosts.length);
};

const countLines = (before: Deployment | null, now: Deployment): readonly string[] => {
  const hosts = hostsOf(now);
  if (hosts.length <= MOST_NAMED || tenthsDone(before) === tenthsDone(now)) return [];
  return [`hosts: ${countsText(hosts)}`];
};

/** Lines about what is otherwise than before; `before` null: all is new. */
export const plainLines = (before: Deployment | null, now: Deployment): readonly string[] => [
  ...phaseLines(before, now),
  ...batchLines(before, now),
  ...hostLines(before, now),
  ...countLines(before, now),
];
