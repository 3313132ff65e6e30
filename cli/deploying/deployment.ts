/** Deployments and Applications as this program has them. */
import * as E from 'fp-ts/lib/Either.js';
import {
  ApplicationLock,
  type DeploymentHost,
  type DeploymentSpec,
  type DeploymentStatus,
  LOCK,
} from '../../api-types/kinds/deployment.js';
import type { ApplicationStatus } from '../../api-types/kinds/application.js';
import { findKind } from '../../api-types/kinds.js';
import type { Address, Client, ObjectOf } from '../../client/client.js';
import { valueOf } from '../answers.js';
import { type CliContext, CliError } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { conditionsOf, since } from '../table.js';
import { shortName } from '../words.js';

export type Deployment = ObjectOf<'Deployment'>;
export type Application = ObjectOf<'Application'>;

export const statusOf = ({ status }: Deployment): DeploymentStatus => status ?? {};

export const statusOfApplication = ({ status }: Application): ApplicationStatus => status ?? {};

export const nameOf = ({ metadata }: Deployment): string => shortName('Deployment', metadata.name);

export const addressOf = ({ metadata }: Deployment): Address<'Deployment'> => ({
  kind: 'Deployment',
  cluster: metadata.namespace ?? null,
  name: metadata.name,
});

/** `app/web` is the Application web; null: the word names no Application. */
export const applicationIn = (word: string): string | null => {
  const [kind = '', name, ...rest] = word.split('/');
  if (name === undefined || rest.length > 0 || findKind(kind)?.kind !== 'Application') return null;
  return name;
};

/** `web`, `app/web`. */
export const bareApplication = (word: string): string => applicationIn(word) ?? word;

export const applicationNamed = (client: Client, cluster: string, word: string): Promise<Application> =>
  valueOf(client.get({ kind: 'Application', cluster, name: bareApplication(word) }));

/** Null: everybody may deploy. A lock that somebody wrote by hand is one. */
export const lockOf = ({ metadata }: Pick<Application, 'metadata'>): ApplicationLock | null => {
  const text = metadata.annotations?.[LOCK];
  if (text === undefined) return null;
  try {
    const lock = ApplicationLock.decode(JSON.parse(text));
    if (E.isRight(lock)) return lock.right;
  } catch {
    // no JSON: it is the reason
  }
  return { reason: text, by: 'somebody', at: '' };
};

export const lockText = ({ reason, by, at }: ApplicationLock, now: number): string =>
  `locked by ${by}${at === '' ? '' : ` since ${at} (${since(at, now)} ago)`}: ${reason}`;

/** Nobody may have hosts do something with a locked one. */
export const refuseLocked = (context: CliContext, application: Application): void => {
  const lock = lockOf(application);
  if (lock === null) return;
  const { name, namespace } = application.metadata;
  const hint = `unlock it with: ${context.program} unlock ${name} -n ${namespace ?? ''}`;
  throw new CliError(`${shortName('Application', name)} is ${lockText(lock, context.now())}; ${hint}`, {
    exit: EXIT.conflict,
  });
};

/** So much of a revision tells it from others. */
export const shortRevision = (revision: string): string =>
  /^[0-9a-f]{40,64}$/.test(revision) ? revision.slice(0, 12) : revision;

/** What it is to do, and with which release, in a few words. */
export const aboutText = ({ spec, status }: Deployment): string => {
  const { command = 'deploy', revision } = spec ?? ({} as Partial<DeploymentSpec>);
  const { release } = (status ?? {}) as DeploymentStatus;
  if (release !== undefined)
    return `${command} of release ${String(release.number)} (${shortRevision(release.revision)})`;
  return revision === undefined ? command : `${command} of ${shortRevision(revision)}`;
};

/** What a person should know about where it is; empty: nothing. */
export const messageOf = (deployment: Deployment): string => {
  const { Stalled, Reconciling, Complete } = conditionsOf(deployment);
  const said = [Stalled, Reconciling, Complete].find(
    (condition) => condition?.status === 'True' && condition.message !== '',
  );
  return said?.message ?? '';
};

export const hostsOf = (deployment: Deployment): readonly (readonly [string, DeploymentHost])[] =>
  Object.entries(statusOf(deployment).hosts ?? {}).sort(([left], [right]) =>
    left.localeCompare(right, 'en', { numeric: true }),
  );

/** Since it began, or how long it took. */
export const tookMs = (deployment: Deployment, now: number): number => {
  const { startedAt = deployment.metadata.creationTimestamp, finishedAt } = statusOf(deployment);
  return (finishedAt === undefined ? now : Date.parse(finishedAt)) - Date.parse(startedAt);
};

/** `42s`, `3m12s`, `1h05m`. */
export const durationText = (milliseconds: number): string => {
  if (!Number.isFinite(milliseconds)) return '-';
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  const two = (number: number): string => String(number).padStart(2, '0');
  if (seconds < 60) return `${String(seconds)}s`;
  if (seconds < 3600) return `${String(Math.floor(seconds / 60))}m${two(seconds % 60)}s`;
  return `${String(Math.floor(seconds / 3600))}h${two(Math.floor((seconds % 3600) / 60))}m`;
};
