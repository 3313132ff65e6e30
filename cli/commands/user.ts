/** `scalarium user …`: people and programs, their passwords and SSH keys. */
import type { Command } from 'commander';
import { readFileSync } from 'node:fs';
import { API_VERSION } from '../../api-types/metadata.js';
import type { UserSpec } from '../../api-types/kinds/user.js';
import { kindEntry } from '../../api-types/kinds.js';
import type { Address, Client } from '../../client/client.js';
import { valueOf } from '../answers.js';
import { type CliContext, CliError, type GlobalFlags, UsageError } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { type PasswordFlags, givenPassword, newPassword, takesPassword } from '../passwords.js';
import { paintOf } from '../print/printer.js';
import { headOf, rowOf, tableText } from '../table.js';

interface UserFlags extends GlobalFlags, PasswordFlags {
  readonly admin?: boolean;
  readonly group?: readonly string[];
  readonly sshKey?: readonly string[];
  readonly revokeTokens?: boolean;
  readonly displayName?: string;
  readonly email?: string;
  readonly user?: string;
}

const addressOf = (name: string): Address<'User'> => ({ kind: 'User', cluster: null, name });

const publicLines = (file: string, text: string): readonly string[] => {
  if (text.includes('PRIVATE KEY-----'))
    throw new Error(`this one holds a private key, which is nobody else's: give ${file}.pub`);
  const lines = text.split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '' && !line.startsWith('#'));
};

/** The keys in files as ssh-keygen writes them, comments and empty lines left out. */
const keysIn = (files: readonly string[]): readonly string[] =>
  files.flatMap((file) => {
    try {
      return publicLines(file, readFileSync(file, 'utf8'));
    } catch (error) {
      throw new UsageError(`${file}: expected a file with public keys: ${(error as Error).message}`, error);
    }
  });

const specOf = (flags: UserFlags): UserSpec => ({
  ...(flags.displayName === undefined ? {} : { displayName: flags.displayName }),
  ...(flags.email === undefined ? {} : { email: flags.email }),
  ...(flags.admin === true ? { admin: true } : {}),
  ...(flags.group === undefined ? {} : { groups: flags.group }),
  ...(flags.sshKey === undefined ? {} : { sshKeys: keysIn(flags.sshKey) }),
});

const create = async (context: CliContext, name: string, flags: UserFlags): Promise<void> => {
  const spec = specOf(flags);
  const given = await givenPassword(context, flags);
  const password = given === null ? null : await newPassword(context, given);
  const client = context.connect(flags);
  await valueOf(
    client.create(addressOf(name), { apiVersion: API_VERSION, kind: 'User', metadata: { name }, spec }),
  );
  context.out(`user/${name} created\n`);
  if (password !== null) await valueOf(client.access.setPassword(name, { password }));
  else
    context.err(
      `${name} cannot log in yet: set a password with "${context.program} user password ${name}", or make a token with "${context.program} token create NAME --user ${name}"\n`,
    );
};

const list = async (context: CliContext, flags: UserFlags): Promise<void> => {
  const { items } = await valueOf(context.connect(flags).list('User'));
  const style = { wide: true, clusters: false, now: context.now() };
  const entry = kindEntry('User');
  const rows = items.map((object) => rowOf(entry, object, style));
  context.out(`${tableText([headOf(entry, style), ...rows], [], paintOf(context))}\n`);
};

const remove = async (context: CliContext, names: readonly string[], flags: UserFlags): Promise<void> => {
  const client = context.connect(flags);
  for (const name of names) {
    const { warning } = await valueOf(client.delete(addressOf(name)));
    context.out(`user/${name} deleted\n`);
    if (warning !== null) context.err(`warning: ${warning}\n`);
  }
};

const disable = async (context: CliContext, name: string, how: { disabled: boolean; flags: UserFlags }) => {
  await valueOf(context.connect(how.flags).patch(addressOf(name), { spec: { disabled: how.disabled } }));
  context.out(`user/${name} ${how.disabled ? 'disabled' : 'enabled'}\n`);
};

const whose = async (client: Client, name: string | undefined): Promise<string> =>
  name ?? (await valueOf(client.access.whoAmI())).username;

const password = async (context: CliContext, named: string | undefined, flags: UserFlags): Promise<void> => {
  const client = context.connect(flags);
  const me = (await valueOf(client.access.whoAmI())).username;
  const name = named ?? me;
  const given = await givenPassword(context, flags);
  const current =
    name === me && given === null ? await context.askSecret('Your password now (none: Enter): ') : null;
  const next = await newPassword(context, given);
  const proof = current === null || current === '' ? {} : { current };
  const revokeTokens = flags.revokeTokens === true;
  await valueOf(client.access.setPassword(name, { password: next, ...proof, revokeTokens }));
  context.out(`password of user/${name} set${revokeTokens ? ', tokens revoked' : ''}\n`);
};

/** The user's keys become what `change` makes of them; refused when somebody else changes them meanwhile. */
const changeKeys = async (
  client: Client,
  flags: UserFlags,
  change: (keys: readonly string[]) => readonly string[],
): Promise<string> => {
  const name = await whose(client, flags.user);
  const { spec, metadata } = await valueOf(client.get(addressOf(name)));
  const sshKeys = change(spec?.sshKeys ?? []);
  const seen = { resourceVersion: metadata.resourceVersion };
  await valueOf(client.patch(addressOf(name), { metadata: seen, spec: { sshKeys } }));
  return name;
};

const addKeys = async (context: CliContext, files: readonly string[], flags: UserFlags): Promise<void> => {
  const added = keysIn(files);
  const name = await changeKeys(context.connect(flags), flags, (keys) => [...new Set([...keys, ...added])]);
  context.out(`user/${name}: ${String(added.length)} ${added.length === 1 ? 'key' : 'keys'} added\n`);
};

const listKeys = async (context: CliContext, flags: UserFlags): Promise<void> => {
  const client = context.connect(flags);
  const { spec } = await valueOf(client.get(addressOf(await whose(client, flags.user))));
  context.out((spec?.sshKeys ?? []).map((key) => `${key}\n`).join(''));
};

const removeKey = async (context: CliContext, word: string, flags: UserFlags): Promise<void> => {
  const is = (key: string): boolean =>
    key === word || key.split(' ').slice(1).join(' ') === word || key.split(' ').slice(2).join(' ') === word;
  const name = await changeKeys(context.connect(flags), flags, (keys) => {
    const left = keys.filter((key) => !is(key));
    if (left.length < keys.length) return left;
    throw new CliError(
      `no key has the comment or text "${word}": see "${context.program} user ssh-key list"`,
      {
        exit: EXIT.notFound,
      },
    );
  });
  context.out(`user/${name}: key removed\n`);
};

type Action = (context: CliContext, words: readonly string[], flags: UserFlags) => Promise<void>;

const registerKeys = (
  user: Command,
  act: (action: Action) => (...args: unknown[]) => Promise<void>,
): void => {
  const keys = user.command('ssh-key').description('public keys that open accounts on hosts');
  const whoseKeys = ['--user <name>', 'whose keys; none: your own'] as const;
  keys
    .command('add')
    .description('add the keys in files')
    .argument('<files...>')
    .option(...whoseKeys)
    .action(act(addKeys));
  keys
    .command('list')
    .description('print them')
    .option(...whoseKeys)
    .action(act((context, _words, flags) => listKeys(context, flags)));
  keys
    .command('remove')
    .description('remove a key by its comment or text')
    .argument('<key>')
    .option(...whoseKeys)
    .action(act((context, [word = ''], flags) => removeKey(context, word, flags)));
};

export const register = (program: Command, context: CliContext): void => {
  const user = program.command('user').description('people and programs that may ask the control plane');
  const act =
    (action: Action) =>
    async (...args: unknown[]): Promise<void> => {
      const command = args.at(-1) as Command;
      await action(context, command.args, command.optsWithGlobals());
    };
  const one = ['<name>', 'also an account on hosts: a-z, 0-9 and "-"'] as const;
  takesPassword(
    user
      .command('create')
      .description('make a user')
      .argument(...one),
  )
    .option('--admin', 'may do everything in every cluster')
    .option('--group <groups...>', 'groups that grants may name')
    .option('--ssh-key <files...>', 'files with public keys')
    .option('--display-name <text>', 'the name that people are shown')
    .option('--email <address>', 'where messages go')
    .action(act((_context, [name = ''], flags) => create(context, name, flags)));
  user
    .command('list')
    .description('all users')
    .action(act((_context, _words, flags) => list(context, flags)));
  user
    .command('delete')
    .description('delete users, with their tokens')
    .argument('<names...>')
    .action(act(remove));
  for (const [word, disabled] of [
    ['disable', true],
    ['enable', false],
  ] as const)
    user
      .command(word)
      .description(disabled ? 'refuse a user at every door' : 'let a disabled user in again')
      .argument('<name>')
      .action(act((_context, [name = ''], flags) => disable(context, name, { disabled, flags })));
  takesPassword(
    user
      .command('password')
      .description('set a password: your own, or (admins) of another')
      .argument('[name]'),
  )
    .option('--revoke-tokens', 'and refuse all tokens of the user, but the one this is asked with')
    .action(act((_context, [name], flags) => password(context, name, flags)));
  registerKeys(user, act);
};
