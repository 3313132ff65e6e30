/** `scalarium whoami` */
import type { Command } from 'commander';
import { valueOf } from '../answers.js';
import type { CliContext, GlobalFlags } from '../context.js';
import { formatOf, machineText } from '../output.js';

interface WhoAmIFlags extends GlobalFlags {
  readonly output?: string;
}

const run = async (context: CliContext, flags: WhoAmIFlags): Promise<void> => {
  const format = formatOf(flags.output, ['json', 'yaml', 'name']);
  const who = await valueOf(context.connect(flags).access.whoAmI());
  if (format === 'json' || format === 'yaml') context.out(await machineText(format, who));
  else {
    const groups = (who.groups ?? []).filter((group) => !group.startsWith('system:'));
    const more = groups.length === 0 || format === 'name' ? '' : ` (groups: ${groups.join(', ')})`;
    context.out(`${who.username}${more}\n`);
  }
};

export const register = (program: Command, context: CliContext): void => {
  program
    .command('whoami')
    .description('say who the control plane takes you for')
    .option('-o, --output <format>', 'json, yaml or name')
    .action(async (_flags: unknown, command: Command) => {
      await run(context, command.optsWithGlobals());
    });
};
