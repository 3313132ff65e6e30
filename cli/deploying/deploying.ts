/** Makes a Deployment, and follows it to its end: what `deploy`, `rollback`, `restart app/APP` and their kind have in common. */
import type { DeploymentSpec } from '../../api-types/kinds/deployment.js';
import type { Client } from '../../client/client.js';
import { clusterMeant, valueOf } from '../answers.js';
import { type CliContext, CliError } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { formatOf, machineText } from '../output.js';
import { type Application, type Deployment, applicationNamed, nameOf, refuseLocked } from './deployment.js';
import { badText, failuresText, isWell, wellText } from './ending.js';
import { followed } from './following.js';
import { type DeployFlags, attributesOf, commonOf, strategyOver, strategyTyped } from './options.js';

/** What is to be done, but for what options say that all have. */
export type Wanted = Pick<DeploymentSpec, 'command'> & Partial<DeploymentSpec>;

/** What to ask of the application before anything is made; throws a CliError. */
export type Check = (application: Application) => Promise<void> | void;

const printed = async (
  context: CliContext,
  { output }: DeployFlags,
  deployment: Deployment,
  text: string,
): Promise<void> => {
  const format = formatOf(output, ['json', 'yaml']);
  context.out(format === 'json' || format === 'yaml' ? await machineText(format, deployment) : text);
};

/** Hosts and roles that are not there are told before anything is begun. */
const checkTargets = async (client: Client, cluster: string, spec: DeploymentSpec): Promise<void> => {
  for (const name of spec.roles ?? []) await valueOf(client.get({ kind: 'Role', cluster, name }));
  for (const name of spec.instances ?? []) await valueOf(client.get({ kind: 'Instance', cluster, name }));
};

const made = async (
  context: CliContext,
  client: Client,
  cluster: string,
  spec: DeploymentSpec,
): Promise<Deployment> => {
  const body = { metadata: { generateName: `${spec.application}-` }, spec };
  const { object, warning } = await valueOf(client.create({ kind: 'Deployment', cluster, name: '' }, body));
  if (warning !== null) context.err(`warning: ${warning}\n`);
  if (object === null) throw new CliError('the deployment was deleted as soon as it was made');
  return object;
};

/** Tells how it ended; a bad end ends the command. */
export const toldEnd = async (context: CliContext, flags: DeployFlags, ended: Deployment): Promise<void> => {
  const well = isWell(ended);
  await printed(context, flags, ended, well ? wellText(ended) : '');
  if (well) return;
  context.err(failuresText(ended));
  throw new CliError(badText(ended), { exit: EXIT.failed });
};

/** The whole of such a verb. */
export const deploying = async (
  context: CliContext,
  word: string,
  { wanted, flags, check }: { readonly wanted: Wanted; readonly flags: DeployFlags; readonly check?: Check },
): Promise<void> => {
  // all that can be wrong with the words is said before anybody is asked
  formatOf(flags.output, ['json', 'yaml']);
  const typed = strategyTyped(flags);
  const common = { ...commonOf(flags), ...(await attributesOf(flags)) };
  const client = context.connect(flags);
  const cluster = await clusterMeant(client, flags);
  const application = await applicationNamed(client, cluster, word);
  refuseLocked(context, application);
  await check?.(application);
  const strategy = typed === null ? {} : { strategy: strategyOver(typed, application.spec?.strategy) };
  const spec = { application: application.metadata.name, ...common, ...strategy, ...wanted };
  await checkTargets(client, cluster, spec);
  const begun = await made(context, client, cluster, spec);
  if (flags.detach === true) {
    await printed(context, flags, begun, `${nameOf(begun)} created\n`);
    return;
  }
  context.err(`${nameOf(begun)} begins\n`);
  const ended = await followed(context, client, begun, flags.quiet === true);
  if (ended !== null) await toldEnd(context, flags, ended);
};
