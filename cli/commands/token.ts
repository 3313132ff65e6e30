/** `scalarium token create|list|revoke` */
import type { Command } from 'commander';
import type { Client } from '../../client/client.js';
import { valueOf } from '../answers.js';
import { type CliContext, type GlobalFlags, UsageError } from '../context.js';
import { secondsOf } from '../durations.js';
import { formatOf, machineText } from '../output.js';
import { since, tableText } from '../table.js';

interface TokenFlags extends GlobalFlags {
  readonly user?: string;
  readonly expires?: string;
  readonly output?: string;
}

/** Whose tokens: those of --user, else one's own. */
const ownerOf = async (client: Client, { user }: TokenFlags): Promise<string> =>
  user ?? (await valueOf(client.access.whoAmI())).username;

const create = async (context: CliContext, name: string, flags: TokenFlags): Promise<void> => {
  const expires = flags.expires === undefined ? null : secondsOf('--expires', flags.expires);
  if (expires !== null && !(expires >= 1 && Number.isInteger(expires)))
    throw new UsageError(`--expires: expected a second or more, got "${flags.expires ?? ''}"`);
  const client = context.connect(flags);
  const user = await ownerOf(client, flags);
  const wanted = expires === null ? { name } : { name, expiresSeconds: expires };
  const made = await valueOf(client.access.createToken(user, wanted));
  const until = made.expiresAt === undefined ? 'for ever' : `until ${made.expiresAt}`;
  context.err(`token ${name} of ${user}, good ${until}; it is shown this once:\n`);
  context.out(`${made.token}\n`);
};

const list = async (context: CliContext, flags: TokenFlags): Promise<void> => {
  const format = formatOf(flags.output, ['json', 'yaml', 'name']);
  const client = context.connect(flags);
  const user = await ownerOf(client, flags);
  const tokens = await valueOf(client.access.tokens(user));
  if (format === 'json' || format === 'yaml') context.out(await machineText(format, { items: tokens }));
  else if (format === 'name') context.out(tokens.map(({ name }) => `${name}\n`).join(''));
  else if (tokens.length === 0) context.err(`${user} has no tokens\n`);
  else {
    const rows = tokens.map(({ name, createdAt, expiresAt }) => [
      name,
      expiresAt ?? 'never',
      since(createdAt, context.now()),
    ]);
    context.out(`${tableText([['NAME', 'EXPIRES', 'AGE'], ...rows])}\n`);
  }
};

const revoke = async (context: CliContext, names: readonly string[], flags: TokenFlags): Promise<void> => {
  const client = context.connect(flags);
  const user = await ownerOf(client, flags);
  for (const name of names) {
    await valueOf(client.access.revokeToken(user, name));
    context.out(`token/${name} revoked\n`);
  }
};

const USER = ['--user <name>', 'whose tokens; none: your own'] as const;

export const register = (program: Command, context: CliContext): void => {
  const token = program.command('token').description('make, list and revoke the tokens that programs show');
  token
    .command('create')
    .description('make a token; only its text goes to standard output')
    .argument('<name>', 'what it is for')
    .option('--expires <time>', 'for how long it is good: 12h, 30d; none: for ever')
    .option(...USER)
    .action(async (name: string, _flags: unknown, command: Command) => {
      await create(context, name, command.optsWithGlobals());
    });
  token
    .command('list')
    .description('the names of tokens, and until when they are good')
    .option('-o, --output <format>', 'json, yaml or name')
    .option(...USER)
    .action(async (_flags: unknown, command: Command) => {
      await list(context, command.optsWithGlobals());
    });
  token
    .command('revoke')
    .description('refuse tokens from now on')
    .argument('<names...>')
    .option(...USER)
    .action(async (names: readonly string[], _flags: unknown, command: Command) => {
      await revoke(context, names, command.optsWithGlobals());
    });
};
