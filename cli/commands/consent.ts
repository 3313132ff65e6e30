/** `scalarium consent CLUSTER [ROLE…]`: shows what waits, asks, and lets it go on. */
import type { Command } from 'commander';
import type { Address, Client, ObjectOf } from '../../client/client.js';
import { valueOf } from '../answers.js';
import { type CliContext, CliError, type GlobalFlags } from '../context.js';
import { conditionsOf } from '../table.js';
import { shortName } from '../words.js';

interface ConsentFlags extends GlobalFlags {
  readonly yes?: boolean;
}

interface Parked {
  readonly address: Address<'Role' | 'Cluster'>;
  readonly seen: { readonly uid: string; readonly generation: number };
  readonly message: string;
}

const parkedIn = (kind: 'Role' | 'Cluster', objects: readonly ObjectOf[]): readonly Parked[] =>
  objects.flatMap((object) => {
    const condition = conditionsOf(object)['ConsentRequired'];
    if (condition?.status !== 'True') return [];
    const { name, namespace, uid, generation } = object.metadata;
    const address = { kind, cluster: namespace ?? null, name };
    return [{ address, seen: { uid, generation }, message: condition.message }];
  });

const allParked = async (client: Client, cluster: string): Promise<readonly Parked[]> => {
  const own = await valueOf(client.get({ kind: 'Cluster', cluster: null, name: cluster }));
  const roles = await valueOf(client.list('Role', { cluster }));
  return [...parkedIn('Cluster', [own]), ...parkedIn('Role', roles.items)];
};

const chosen = (parked: readonly Parked[], roles: readonly string[]): readonly Parked[] => {
  if (roles.length === 0) return parked;
  const of = parked.filter(({ address }) => address.kind === 'Role' && roles.includes(address.name));
  const missing = roles.filter((role) => !of.some(({ address }) => address.name === role));
  if (missing.length > 0) throw new CliError(`nothing of role ${missing.join(', ')} waits for consent`);
  return of;
};

const agreed = async (context: CliContext, flags: ConsentFlags): Promise<void> => {
  if (flags.yes === true) return;
  const answer = await context.ask('Let this go on? [y/N] ');
  if (answer === null) throw new CliError('there is no terminal to ask on; say --yes to consent');
  if (!/^y(es)?$/i.test(answer.trim())) throw new CliError('nothing was consented to');
};

const run = async (context: CliContext, words: readonly string[], flags: ConsentFlags): Promise<void> => {
  const [cluster = '', ...roles] = words;
  const client = context.connect(flags);
  const parked = chosen(await allParked(client, cluster), roles);
  if (parked.length === 0) {
    context.err(`nothing waits for consent in cluster ${cluster}\n`);
    return;
  }
  for (const { address, message } of parked)
    context.err(`${shortName(address.kind, address.name)}: ${message}\n`);
  await agreed(context, flags);
  for (const { address, seen } of parked) {
    await valueOf(client.consent(address, seen));
    context.out(`${shortName(address.kind, address.name)} consented\n`);
  }
};

export const register = (program: Command, context: CliContext): void => {
  program
    .command('consent')
    .description('let edits and deletions go on that would end a large part of a cluster')
    .argument('<cluster>')
    .argument('[roles...]', 'only of these roles')
    .option('-y, --yes', 'do not ask')
    .action(async (cluster: string, roles: readonly string[], _flags: unknown, command: Command) => {
      await run(context, [cluster, ...roles], command.optsWithGlobals());
    });
};
