/** `scalarium can-i VERB KIND [NAME]`, `scalarium can-i --list` */
import type { Command } from 'commander';
import { API_GROUP } from '../../api-types/metadata.js';
import type { ResourceAttributes, ResourceRule } from '../../client/doors.js';
import { clusterMeant, valueOf } from '../answers.js';
import { type CliContext, type GlobalFlags, UsageError } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { tableText } from '../table.js';
import { asked } from '../words.js';

interface CanIFlags extends GlobalFlags {
  readonly list?: boolean;
  readonly quiet?: boolean;
  readonly subresource?: string;
}

const rulesText = (rules: readonly ResourceRule[]): string => {
  const rows = rules.map(({ resources, resourceNames = [], verbs }) => [
    resources.join(', '),
    resourceNames.length === 0 ? '-' : resourceNames.join(', '),
    [...verbs].join(' '),
  ]);
  return `${tableText([['RESOURCES', 'NAMES', 'VERBS'], ...rows])}\n`;
};

const attributes = (words: readonly string[], flags: CanIFlags): ResourceAttributes => {
  const [verb, word, ...more] = words;
  if (verb === undefined || word === undefined)
    throw new UsageError('expected can-i VERB KIND [NAME], or can-i --list');
  const { entry, names } = asked(word, more);
  const [name, ...rest] = names;
  if (rest.length > 0) throw new UsageError(`expected one name, got ${names.join(' ')}`);
  const { namespace, subresource } = flags;
  return {
    verb,
    group: API_GROUP,
    resource: entry.plural,
    ...(entry.scope === 'Cluster' || namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(subresource === undefined ? {} : { subresource }),
  };
};

const run = async (context: CliContext, words: readonly string[], flags: CanIFlags): Promise<void> => {
  if (flags.list === true) {
    const client = context.connect(flags);
    const cluster = await clusterMeant(client, flags);
    context.out(rulesText(await valueOf(client.access.rules(cluster))));
    return;
  }
  const what = attributes(words, flags);
  const { allowed, reason = '' } = await valueOf(context.connect(flags).access.canI(what));
  if (flags.quiet !== true) context.out(`${allowed ? 'yes' : 'no'}${reason === '' ? '' : ` - ${reason}`}\n`);
  if (!allowed) context.exitCode(EXIT.failed);
};

export const register = (program: Command, context: CliContext): void => {
  program
    .command('can-i')
    .description('say whether you may do something')
    .argument('[verb]', 'get, list, watch, create, update, patch, delete, …')
    .argument('[kind]', 'KIND, or KIND/NAME')
    .argument('[name]')
    .option('--list', 'all that you may do in a cluster')
    .option('--subresource <name>', 'of something below it: logs, scale, consent')
    .option('-q, --quiet', 'only the exit code')
    .action(async (verb: string | undefined, kind: string | undefined, name: string | undefined, ...rest) => {
      const command = rest.at(-1) as Command;
      const words = [verb, kind, name].filter((word) => word !== undefined);
      await run(context, words, command.optsWithGlobals());
    });
};
