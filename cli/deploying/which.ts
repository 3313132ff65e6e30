/** Which Deployment is meant: by its own name, or by that of its application. */
import { isEnded } from '../../api-types/kinds/deployment.js';
import type { Client } from '../../client/client.js';
import { valueOf, valueOrNull } from '../answers.js';
import { CliError, UsageError } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { asked } from '../words.js';
import { type Deployment, applicationIn, nameOf, statusOf } from './deployment.js';

const byAge = (left: Deployment, right: Deployment): number => {
  const [one, two] = [left.metadata.creationTimestamp, right.metadata.creationTimestamp];
  if (one !== two) return one < two ? 1 : -1;
  return Number(right.metadata.resourceVersion) - Number(left.metadata.resourceVersion);
};

/** Newest first; `application` null: of all. */
export const deploymentsOf = async (
  client: Client,
  cluster: string,
  application: string | null,
): Promise<readonly Deployment[]> => {
  const { items } = await valueOf(client.list('Deployment', { cluster }));
  return items.filter(({ spec }) => application === null || spec?.application === application).sort(byAge);
};

/** The one that has begun and goes on; else the one that comes next; else the newest. */
const meantOf = (newestFirst: readonly Deployment[]): Deployment | null => {
  const open = newestFirst.filter((one) => !isEnded(statusOf(one)));
  const waits = ({ phase = 'Pending' }: ReturnType<typeof statusOf>): boolean =>
    phase === 'Pending' || phase === 'Waiting';
  return open.find((one) => !waits(statusOf(one))) ?? open.at(-1) ?? newestFirst[0] ?? null;
};

const ofApplication = async (client: Client, cluster: string, name: string): Promise<Deployment | null> =>
  meantOf(await deploymentsOf(client, cluster, name));

/** `web-abc12`, `deployment/web-abc12`, `web`, `app/web`. */
export const deploymentMeant = async (client: Client, cluster: string, word: string): Promise<Deployment> => {
  const application = applicationIn(word);
  if (application === null) {
    const { kind, names } = word.includes('/') ? asked(word, []) : { kind: 'Deployment', names: [word] };
    const [name = ''] = names;
    if (kind !== 'Deployment') throw new UsageError(`expected a deployment or an application, got "${word}"`);
    const own = await valueOrNull(client.get({ kind: 'Deployment', cluster, name }));
    if (own !== null) return own;
  }
  const found = await ofApplication(client, cluster, application ?? word);
  if (found !== null) return found;
  throw new CliError(`there is no deployment "${word}" in cluster ${cluster}, and none of an application`, {
    exit: EXIT.notFound,
  });
};

/** What has ended cannot be told anything. */
export const refuseEnded = (deployment: Deployment): void => {
  const status = statusOf(deployment);
  if (!isEnded(status)) return;
  throw new CliError(`${nameOf(deployment)} has ended: it ${(status.phase ?? '').toLowerCase()}`, {
    exit: EXIT.conflict,
  });
};
