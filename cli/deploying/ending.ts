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

/** So many hosts are named, and so many failures told. */
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

const failureText = (names: readonly string[], message: string): string => {
  const [first = '', ...rest] = message.trimEnd().split('\n').map(printable);
  const below = rest.map((line) => `  ${line}\n`).join('');
  const hosts = names.slice(0, MOST_SHOWN).join(', ');
  const more = names.length > MOST_SHOWN ? ` and ${String(names.length - MOST_SHOWN)} more` : '';
  return `${shortName('host', hosts)}${more} failed${first === '' ? '' : `: ${first}`}\n${below}`;
};

const isFailure = ({ stage, message = '' }: DeploymentHost): boolean =>
  stage === 'failed' || (stage === 'reverted' && message !== '');

/** Host, stage, command, exit code and last lines of those that failed, once for all that failed alike. */
export const failuresText = (deployment: Deployment): string => {
  const alike = new Map<string, string[]>();
  for (const [name, host] of hostsOf(deployment)) {
    if (!isFailure(host)) continue;
    const { message = '' } = host;
    alike.set(message, [...(alike.get(message) ?? []), name]);
  }
  const shown = [...alike].slice(0, MOST_SHOWN).map(([message, names]) => failureText(names, message));
  const left = alike.size - shown.length;
  return `${shown.join('')}${left > 0 ? `and ${String(left)} more hosts failed in other ways\n` : ''}`;
};

/** What ended badly, in one line. */
export const badText = (deployment: Deployment): string => {
  const { phase = 'Failed' } = statusOf(deployment);
  const message = printable(messageOf(deployment));
  return `${nameOf(deployment)} ${phase === 'Aborted' ? 'was aborted' : 'failed'}${message === '' ? '' : `: ${message}`}`;
};
