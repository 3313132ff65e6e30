/** `scalarium grant USER LEVEL`, `grant list`, `grant revoke USER` */
import type { Command } from 'commander';
import { type GrantSpec, LEVELS, type Level } from '../../api-types/kinds/grant.js';
import { kindEntry } from '../../api-types/kinds.js';
import { API_VERSION } from '../../api-types/metadata.js';
import type { Client, ObjectOf } from '../../client/client.js';
import { clusterMeant, valueOf, valueOrNull } from '../answers.js';
import { type CliContext, CliError, type GlobalFlags, UsageError } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { paintOf } from '../print/printer.js';
import { headOf, rowOf, tableText } from '../table.js';

interface GrantFlags extends GlobalFlags {
  readonly group?: string;
  readonly ssh?: boolean;
  readonly sudo?: boolean;
  readonly role?: readonly string[];
}

type Who = Pick<GrantSpec, 'user' | 'group'>;

const levelOf = (word: string | undefined): Level => {
  const level = LEVELS.find((candidate) => candidate === word);
  if (level === undefined)
    throw new UsageError(
      `expected a level (${LEVELS.join(', ')}), got ${word === undefined ? 'none' : `"${word}"`}`,
    );
  return level;
};

/** `USER LEVEL`, or `LEVEL` with --group. */
const readWords = (
  words: readonly string[],
  { group }: GrantFlags,
): { readonly who: Who; readonly level: Level } => {
  const expected = group === undefined ? 2 : 1;
  if (words.length !== expected)
    throw new UsageError('expected grant USER LEVEL, or grant --group GROUP LEVEL');
  const [first = '', second] = words;
  if (group !== undefined) return { who: { group }, level: levelOf(first) };
  return { who: { user: first }, level: levelOf(second) };
};

const textOfWho = ({ user, group }: Who): string => (user === undefined ? `group ${group ?? ''}` : user);

/** The name of the Grant that this command keeps: one for each user and group of a cluster. */
const grantName = ({ user, group }: Who): string => {
  const word = user ?? `group-${group ?? ''}`;
  return word
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 63);
};

const isOf = ({ spec }: ObjectOf<'Grant'>, { user, group }: Who): boolean =>
  user === undefined ? spec?.group === group : spec?.user === user;

/** Gives what the server says to it, or null. */
const saved = async (client: Client, cluster: string, spec: GrantSpec): Promise<string | null> => {
  const address = { kind: 'Grant', cluster, name: grantName(spec) } as const;
  const live = await valueOrNull(client.get(address));
  if (live !== null && !isOf(live, spec))
    throw new CliError(
      `grant ${address.name} in cluster ${cluster} is for somebody else: write one of another name with "scalarium apply"`,
      { exit: EXIT.conflict },
    );
  const metadata = { name: address.name, namespace: cluster };
  if (live === null) {
    const made = { apiVersion: API_VERSION, kind: 'Grant', metadata, spec } as const;
    return (await valueOf(client.create(address, made))).warning;
  }
  const { resourceVersion } = live.metadata;
  const document = { ...live, metadata: { ...metadata, resourceVersion }, spec };
  return (await valueOf(client.replace(address, { ...document, status: undefined }))).warning;
};

const grant = async (context: CliContext, words: readonly string[], flags: GrantFlags): Promise<void> => {
  const { who, level } = readWords(words, flags);
  const client = context.connect(flags);
  const cluster = await clusterMeant(client, flags);
  const spec: GrantSpec = {
    ...who,
    level,
    ...(flags.ssh === true ? { ssh: true } : {}),
    ...(flags.sudo === true ? { sudo: true } : {}),
    ...(flags.role === undefined ? {} : { roles: flags.role }),
  };
  const warning = await saved(client, cluster, spec);
  if (warning !== null) context.err(`warning: ${warning}\n`);
  const accounts = flags.sudo === true ? ', with sudo' : flags.ssh === true ? ', with ssh' : '';
  context.out(`${textOfWho(who)}: ${level} in cluster ${cluster}${accounts}\n`);
};

const revoke = async (context: CliContext, user: string | undefined, flags: GrantFlags): Promise<void> => {
  if ((user === undefined) === (flags.group === undefined))
    throw new UsageError('expected grant revoke USER, or grant revoke --group GROUP');
  const who = user === undefined ? { group: flags.group } : { user };
  const client = context.connect(flags);
  const cluster = await clusterMeant(client, flags);
  const { items } = await valueOf(client.list('Grant', { cluster }));
  const theirs = items.filter((one) => isOf(one, who));
  if (theirs.length === 0)
    throw new CliError(`${textOfWho(who)} has no grant in cluster ${cluster}`, { exit: EXIT.notFound });
  for (const { metadata } of theirs) {
    await valueOf(client.delete({ kind: 'Grant', cluster, name: metadata.name }, { uid: metadata.uid }));
    context.out(`grant/${metadata.name} revoked\n`);
  }
};

const list = async (context: CliContext, flags: GrantFlags): Promise<void> => {
  const client = context.connect(flags);
  const cluster = flags.namespace ?? null;
  const { items } = await valueOf(client.list('Grant', { cluster }));
  const style = { wide: true, clusters: cluster === null, now: context.now() };
  const entry = kindEntry('Grant');
  if (items.length === 0) context.err('nobody has a grant\n');
  else {
    const rows = items.map((object) => rowOf(entry, object, style));
    context.out(`${tableText([headOf(entry, style), ...rows], [], paintOf(context))}\n`);
  }
};

export const register = (program: Command, context: CliContext): void => {
  const command = program
    .command('grant')
    .description('say what a user or a group may do in a cluster')
    .argument('[words...]', `USER LEVEL, or LEVEL with --group; levels: ${LEVELS.join(', ')}`)
    .option('--group <group>', 'everybody in this group, instead of a user')
    .option('--ssh', 'with an account on the hosts')
    .option('--sudo', 'with an account that may become root')
    .option('--role <roles...>', 'only for these roles and their hosts')
    .action(async (words: readonly string[], _flags: unknown, one: Command) => {
      await grant(context, words, one.optsWithGlobals());
    });
  command
    .command('list')
    .description('the grants of a cluster, or (without -n) of all')
    .action(async (_flags: unknown, one: Command) => {
      await list(context, one.optsWithGlobals());
    });
  command
    .command('revoke')
    .description('take all grants of a user, or of a group (--group), in a cluster away')
    .argument('[user]')
    .option('--group <group>', 'those of a group')
    .action(async (user: string | undefined, _flags: unknown, one: Command) => {
      await revoke(context, user, one.optsWithGlobals());
    });
};
