/** `scalarium secret set NAME KEY=VALUE…` and `secret list`: values go in, and are never shown. */
import type { Command } from 'commander';
import * as E from 'fp-ts/lib/Either.js';
import type { Address, Client, Written } from '../../client/client.js';
import { clusterMeant, lineOf, valueOf } from '../answers.js';
import { type CliContext, CliError, type GlobalFlags } from '../context.js';
import { fileText } from '../file-text.js';
import { type Row, since, tableText } from '../table.js';

interface Given {
  readonly key: string;
  readonly source: string;
}

const givenIn = (word: string): Given => {
  const at = word.indexOf('=');
  if (at > 0) return { key: word.slice(0, at), source: word.slice(at + 1) };
  // a word without "=" may be a value that went astray: it is not repeated
  throw new CliError('expected KEY=VALUE, KEY=@FILE or KEY=- (standard input), got a word without "KEY="');
};

/** One newline at the end is the shell's or the editor's, and not of the value. */
const withoutNewline = (text: string): string => text.replace(/\r?\n$/, '');

const valuesOf = async (
  context: CliContext,
  words: readonly string[],
): Promise<Readonly<Record<string, string>>> => {
  const given = words.map(givenIn);
  const keys = given.map(({ key }) => key);
  const twice = keys.find((key, index) => keys.indexOf(key) !== index);
  if (twice !== undefined) throw new CliError(`${twice} is given twice`);
  if (given.filter(({ source }) => source === '-').length > 1)
    throw new CliError('only one value can come from standard input');
  const values: [string, string][] = [];
  for (const { key, source } of given) {
    if (source === '-') values.push([key, withoutNewline(await context.readStdin())]);
    else values.push([key, source.startsWith('@') ? withoutNewline(fileText(source.slice(1))) : source]);
  }
  return Object.fromEntries(values);
};

const TRIES = 5;

/** Other values of the Secret stay. */
const stored = async (
  client: Client,
  address: Address<'Secret'>,
  data: Readonly<Record<string, string>>,
): Promise<{ readonly written: Written<'Secret'>; readonly how: string }> => {
  const { cluster, name } = address;
  const document = { metadata: { name, namespace: cluster }, spec: { data } };
  for (let attempt = 1; ; attempt += 1) {
    const patched = await client.patch(address, { spec: { data } })();
    if (E.isRight(patched)) return { written: patched.right, how: 'configured' };
    if (patched.left.code !== 404) throw new CliError(lineOf(patched.left), { cause: patched.left });
    const created = await client.create(address, document)();
    if (E.isRight(created)) return { written: created.right, how: 'created' };
    if (created.left.code !== 409 || attempt >= TRIES)
      throw new CliError(lineOf(created.left), { cause: created.left });
  }
};

const set = async (context: CliContext, words: readonly string[], flags: GlobalFlags): Promise<void> => {
  const [name = '', ...values] = words;
  const data = await valuesOf(context, values);
  const client = context.connect(flags);
  const cluster = await clusterMeant(client, flags);
  const { written, how } = await stored(client, { kind: 'Secret', cluster, name }, data);
  if (written.warning !== null) context.err(`warning: ${written.warning}\n`);
  context.out(`secret/${name} ${how}: ${Object.keys(data).sort().join(', ')}\n`);
};

const list = async (context: CliContext, flags: GlobalFlags): Promise<void> => {
  const { items } = await valueOf(
    context.connect(flags).list('Secret', { cluster: flags.namespace ?? null }),
  );
  const rows = items.map(({ metadata, spec }): Row => [
    metadata.namespace ?? '-',
    metadata.name,
    Object.keys(spec?.data ?? {}).join(','),
    since(metadata.creationTimestamp, context.now()),
  ]);
  if (rows.length === 0) context.err('no secrets found\n');
  else context.out(`${tableText([['NAMESPACE', 'NAME', 'KEYS', 'AGE'], ...rows])}\n`);
};

export const register = (program: Command, context: CliContext): void => {
  const secret = program
    .command('secret')
    .description('put values into a cluster’s Secrets, and list their names');
  secret
    .command('set')
    .description('set values of a Secret, which is made if it is not there; its other values stay')
    .argument('<name>')
    .argument('<values...>', 'KEY=VALUE, KEY=@FILE, or KEY=- for standard input')
    .action(async (name: string, values: readonly string[], _flags: unknown, command: Command) => {
      await set(context, [name, ...values], command.optsWithGlobals());
    });
  secret
    .command('list')
    .description('names of Secrets and of their values; of one cluster with -n')
    .action(async (_flags: unknown, command: Command) => {
      await list(context, command.optsWithGlobals());
    });
};
