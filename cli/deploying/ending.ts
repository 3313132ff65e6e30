/** How a Deployment ended, for people. */
import type { DeploymentHost } from '../../api-types/kinds/deployment.js';
import { printable } from '../log-lines.js';
import { shortName } from '../words.js';
import {
  type Deployment,
  durationText,
  hostsOf,
  messageOf,
  nameOf,
  shortRevision,
  statusOf,
  tookMs,
} from './deployment.js';

/** Of so many hosts it is said why they failed. */
const MOST_SHOWN = 10;

export const isWell = (deployment: Deployment): boolean => statusOf(deployment).phase === 'Succeeded';

const nowText = (deployment: Deployment): string => {
  const { release } = statusOf(deployment);
  const { application = '', command } = deployment.spec ?? {};
  const releasing = command === 'deploy' || command === 'rollback';
  if (release === undefined || !releasing) return `${command ?? ''} of ${application}`;
  return `${application} has release ${String(release.number)} (${shortRevision(release.revision)})`;
};

const onText = (deployment: Deployment): string => {
  const done = hostsOf(deployment).filter(([, { stage }]) => stage === 'done').length;
  return `on ${done === 1 ? 'one host' : `${String(done)} hosts`}`;
};

/** What there is now, in one line. */
export const wellText = (deployment: Deployment): string =>
  `${nameOf(deployment)} succeeded after ${durationText(tookMs(deployment, 0))}: ${nowText(deployment)} ${onText(deployment)}\n`;

const failureText = (name: string, { message = '' }: DeploymentHost): string => {
  const [first = '', ...rest] = message.trimEnd().split('\n').map(printable);
  const below = rest.map((line) => `  ${line}\n`).join('');
  return `${shortName('host', name)} failed${first === '' ? '' : `: ${first}`}\n${below}`;
};

/** Host, stage, command, exit code and last lines of those that failed; they stand in each host's message. */
export const failuresText = (deployment: Deployment): string => {
  const failed = hostsOf(deployment).filter(
    ([, { stage, message = '' }]) => stage === 'failed' || (stage === 'reverted' && message !== ''),
  );
  const shown = failed.slice(0, MOST_SHOWN).map(([name, host]) => failureText(name, host));
  const left = failed.length - shown.length;
  return `${shown.join('')}${left > 0 ? `and ${String(left)} more hosts failed\n` : ''}`;
};

/** What ended badly, in one line. */
export const badText = (deployment: Deployment): string => {
  const { phase = 'Failed' } = statusOf(deployment);
  const message = printable(messageOf(deployment));
  return `${nameOf(deployment)} ${phase === 'Aborted' ? 'was aborted' : 'failed'}${message === '' ? '' : `: ${message}`}`;
};
