/** `scalarium deployments [APP]`: the history of an application, or of all of a cluster. */
import type { Command } from 'commander';
import { clusterMeant } from '../answers.js';
import { coloured, plain } from '../colour.js';
import type { CliContext, GlobalFlags } from '../context.js';
import {
  type Application,
  applicationNamed,
  bareApplication,
  lockOf,
  lockText,
} from '../deploying/deployment.js';
import { HISTORY_HEAD, historyEntry, historyRow } from '../deploying/history.js';
import { deploymentsOf } from '../deploying/which.js';
import { type Format, formatOf, machineText } from '../output.js';
import { tableText } from '../table.js';

interface Flags extends GlobalFlags {
  readonly output?: string;
}

const tellLock = (context: CliContext, application: Application): void => {
  const lock = lockOf(application);
  const { name } = application.metadata;
  if (lock !== null) context.err(`application/${name} is ${lockText(lock, context.now())}\n`);
};

const asMachine = (format: Format): format is 'json' | 'yaml' => format === 'json' || format === 'yaml';

const run = async (context: CliContext, word: string | undefined, flags: Flags): Promise<void> => {
  const format = formatOf(flags.output, ['json', 'yaml']);
  const client = context.connect(flags);
  const cluster = await clusterMeant(client, flags);
  const application = word === undefined ? null : await applicationNamed(client, cluster, word);
  const name = word === undefined ? null : bareApplication(word);
  const all = await deploymentsOf(client, cluster, name);
  const now = context.now();
  if (asMachine(format)) {
    const entries = all.map((one) => historyEntry(one, now));
    context.out(await machineText(format, entries));
    return;
  }
  if (application !== null) tellLock(context, application);
  if (all.length === 0) {
    context.err(`nothing was deployed yet${name === null ? '' : ` of ${name}`} in cluster ${cluster}\n`);
    return;
  }
  const rows = [HISTORY_HEAD, ...all.map((one) => historyRow(one, now))];
  context.out(`${tableText(rows, [], context.colour ? coloured : plain)}\n`);
};

export const register = (program: Command, context: CliContext): void => {
  program
    .command('deployments')
    .description('what was done to an application: who, what, from where to where, and how it ended')
    .argument('[application]', 'its name; all of the cluster unless told')
    .option('-o, --output <format>', 'json or yaml')
    .action(async (word: string | undefined, _flags: unknown, self: Command) => {
      await run(context, word, self.optsWithGlobals());
    });
};
