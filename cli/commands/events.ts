/** `scalarium events`: what has happened lately. */
import type { Command } from 'commander';
import type { CliContext, GlobalFlags } from '../context.js';
import { valueOf } from '../answers.js';
import { EVENT_HEAD, byTime, eventRow } from '../event-rows.js';
import { formatOf, machineText } from '../output.js';
import { tableText, widthsOf } from '../table.js';

interface EventsFlags extends GlobalFlags {
  readonly watch?: boolean;
  readonly output?: string;
}

const run = async (context: CliContext, flags: EventsFlags): Promise<void> => {
  const format = formatOf(flags.output, ['json', 'yaml']);
  const client = context.connect(flags);
  const cluster = flags.namespace ?? null;
  const list = await valueOf(client.list('Event', { cluster }));
  if (format === 'json' || format === 'yaml') {
    context.out(await machineText(format, list));
    return;
  }
  const rows = byTime(list.items).map((event) => eventRow(event, context.now()));
  if (rows.length === 0) context.err('no events in the last hour\n');
  else context.out(`${tableText([EVENT_HEAD, ...rows])}\n`);
  if (flags.watch !== true) return;
  const widths = widthsOf([EVENT_HEAD, ...rows]);
  const { resourceVersion } = list.metadata;
  const how = { cluster, resourceVersion, signal: context.interrupted };
  for await (const { type, object } of client.watch('Event', how))
    if (type !== 'DELETED') context.out(`${tableText([eventRow(object, context.now())], widths)}\n`);
};

export const register = (program: Command, context: CliContext): void => {
  program
    .command('events')
    .description('what has happened lately, oldest first; of one cluster with -n')
    .option('-w, --watch', 'go on with events as they come')
    .option('-o, --output <format>', 'json or yaml')
    .action(async (_flags: unknown, command: Command) => {
      await run(context, command.optsWithGlobals());
    });
};
