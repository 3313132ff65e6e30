/** `scalarium scale role NAME --replicas N` */
import type { Command } from 'commander';
import type { Address, Client } from '../../client/client.js';
import { clusterMeant, valueOf } from '../answers.js';
import { type CliContext, CliError, type GlobalFlags, UsageError } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { asked, shortName } from '../words.js';

interface ScaleFlags extends GlobalFlags {
  readonly replicas: string;
  readonly currentReplicas?: string;
}

const countOf = (option: string, text: string): number => {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new UsageError(`${option}: expected a whole number, got "${text}"`);
};

interface Scaling {
  readonly address: Address<'Role'>;
  readonly replicas: number;
  readonly expected: number | null;
}

const scaleOne = async (context: CliContext, client: Client, { address, replicas, expected }: Scaling) => {
  const name = shortName(address.kind, address.name);
  const { spec, metadata } = await valueOf(client.get(address));
  const has = spec?.replicas ?? 0;
  if (expected !== null && has !== expected) {
    const what = `${name} has ${String(has)} replicas, not ${String(expected)}`;
    throw new CliError(`${what} (--current-replicas): it was not changed`, { exit: EXIT.conflict });
  }
  // without an expectation the last word counts, whoever else edits
  const seen = expected === null ? {} : { resourceVersion: metadata.resourceVersion };
  const { warning } = await valueOf(client.scale(address, { replicas, ...seen }));
  if (warning !== null) context.err(`warning: ${warning}\n`);
  context.out(`${name} scaled from ${String(has)} to ${String(replicas)}\n`);
};

const run = async (context: CliContext, words: readonly string[], flags: ScaleFlags): Promise<void> => {
  const [word = '', ...more] = words;
  const { kind, names, entry } = asked(word, more);
  if (kind !== 'Role') throw new UsageError(`only roles can be scaled, not ${entry.plural}`);
  if (names.length === 0) throw new UsageError('name the role: scale role NAME --replicas N');
  const replicas = countOf('--replicas', flags.replicas);
  const current = flags.currentReplicas;
  const expected = current === undefined ? null : countOf('--current-replicas', current);
  const client = context.connect(flags);
  const cluster = await clusterMeant(client, flags);
  for (const name of names)
    await scaleOne(context, client, { address: { kind, cluster, name }, replicas, expected });
};

export const register = (program: Command, context: CliContext): void => {
  program
    .command('scale')
    .description('say how many hosts a role is to have')
    .argument('<kind>', 'role, or role/NAME')
    .argument('[names...]')
    .requiredOption('--replicas <n>', 'how many')
    .option('--current-replicas <n>', 'only if it has so many now')
    .action(async (kind: string, names: readonly string[], _flags: unknown, command: Command) => {
      await run(context, [kind, ...names], command.optsWithGlobals());
    });
};
