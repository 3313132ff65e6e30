/** `scalarium wait KIND[/NAME…] --for …` */
import type { Command } from 'commander';
import type { Address, Client } from '../../client/client.js';
import { clusterMeant, valueOf } from '../answers.js';
import { type CliContext, CliError, type GlobalFlags, UsageError } from '../context.js';
import { secondsOf } from '../durations.js';
import { EXIT } from '../exit-codes.js';
import { deleted, goalOf } from '../waiting/goal.js';
import { type Waited, waitFor } from '../waiting/wait.js';
import { type Asked, askedAll, shortName } from '../words.js';

interface WaitFlags extends GlobalFlags {
  readonly for: string;
  readonly timeout: string;
  readonly selector?: string;
  readonly all?: boolean;
}

const chosen = async (
  client: Client,
  { kind, entry }: Asked,
  flags: WaitFlags,
): Promise<readonly Waited[]> => {
  const labels = flags.selector === undefined ? {} : { labelSelector: flags.selector };
  const cluster = entry.scope === 'Cluster' ? null : await clusterMeant(client, flags);
  const { items } = await valueOf(client.list(kind, { cluster, ...labels }));
  return items.map(({ metadata }) => ({
    address: { kind, cluster: metadata.namespace ?? null, name: metadata.name },
    uid: metadata.uid,
  }));
};

/** Named objects must be there, unless their end is waited for. */
const present = async (client: Client, address: Address, ending: boolean): Promise<readonly Waited[]> => {
  const result = await client.get(address)();
  if (result._tag === 'Right') return [ending ? { address, uid: result.right.metadata.uid } : { address }];
  if (result.left.code === 404 && ending) return [];
  return [await valueOf(() => Promise.resolve(result)).then(() => ({ address }))];
};

const targetsOf = async (client: Client, one: Asked, flags: WaitFlags): Promise<readonly Waited[]> => {
  if (one.names.length === 0) {
    if (flags.all === true || flags.selector !== undefined) return chosen(client, one, flags);
    throw new UsageError(`name the ${one.entry.plural} to wait for, or say --all or -l label=value`);
  }
  const cluster = one.entry.scope === 'Cluster' ? null : await clusterMeant(client, flags);
  const goal = goalOf(flags.for);
  const all = one.names.map((name) => present(client, { kind: one.kind, cluster, name }, goal === deleted));
  return (await Promise.all(all)).flat();
};

const run = async (context: CliContext, words: readonly string[], flags: WaitFlags): Promise<void> => {
  const [word = '', ...names] = words;
  const goal = goalOf(flags.for);
  const seconds = secondsOf('--timeout', flags.timeout);
  const asked = askedAll(word, names);
  const client = context.connect(flags);
  const targets = (await Promise.all(asked.map((one) => targetsOf(client, one, flags)))).flat();
  if (targets.length === 0 && goal !== deleted)
    throw new CliError(`there are no ${asked.map(({ entry }) => entry.plural).join(', ')} to wait for`, {
      exit: EXIT.notFound,
    });
  const how = goal === deleted ? 'deleted' : 'condition met';
  const reached = ({ kind, name }: Address): void => {
    context.out(`${shortName(kind, name)} ${how}\n`);
  };
  await waitFor(context, client, { targets, goal, seconds, reached });
};

export const register = (program: Command, context: CliContext): void => {
  program
    .command('wait')
    .description('wait until objects are as wanted')
    .argument('<kind>', 'KIND, or KIND/NAME')
    .argument('[names...]')
    .requiredOption('--for <what>', 'condition=TYPE[=False], delete, or jsonpath={.path}[=value]')
    .option('--timeout <time>', 'how long at most: 30s, 5m, 1h', '30s')
    .option('-l, --selector <labels>', 'all with these labels: label=value,…')
    .option('--all', 'all of the kind in the cluster')
    .action(async (kind: string, names: readonly string[], _flags: unknown, command: Command) => {
      await run(context, [kind, ...names], command.optsWithGlobals());
    });
};
