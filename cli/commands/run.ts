/** `scalarium run setup|configure|deploy|undeploy`, `scalarium run --recipe`: makes a Run, and follows it until every host has answered. */
import type { Command } from 'commander';
import { RUN_EVENTS, type RunSpec } from '../../api-types/kinds/run.js';
import type { Address } from '../../client/client.js';
import { clusterMeant } from '../answers.js';
import { type CliContext, CliError, type GlobalFlags, UsageError } from '../context.js';
import { differencesText } from '../differences.js';
import { secondsOf } from '../durations.js';
import { EXIT } from '../exit-codes.js';
import { formatOf, machineText } from '../output.js';
import { type Run, badEnd, bareName, followedRun, hintOf, madeRun, messageOf, statusOf } from '../running.js';
import { tableText } from '../table.js';

interface RunFlags extends GlobalFlags {
  readonly role?: readonly string[];
  readonly host?: readonly string[];
  readonly recipe?: readonly string[];
  readonly dryRun?: boolean;
  readonly quiet?: boolean;
  readonly detach?: boolean;
  readonly timeout?: string;
  readonly output?: string;
}

/** `--recipe a,b --recipe c` */
const recipesIn = ({ recipe = [] }: RunFlags): readonly string[] =>
  recipe.flatMap((word) => word.split(',')).filter((name) => name !== '');

const whatOf = (event: string | undefined, flags: RunFlags): Pick<RunSpec, 'event' | 'recipes'> => {
  const recipes = recipesIn(flags);
  if (event === undefined) {
    if (recipes.length > 0) return { recipes };
    throw new UsageError(`say what to run: one of ${RUN_EVENTS.join(', ')}, or recipes with --recipe`);
  }
  const known = RUN_EVENTS.find((one) => one === event);
  if (known === undefined)
    throw new UsageError(
      `expected ${RUN_EVENTS.join(', ')}, got "${event}"; recipes are named with --recipe`,
    );
  if (recipes.length > 0)
    throw new UsageError(`either an event or --recipe: recipes run by themselves, without those of ${known}`);
  return { event: known };
};

const specOf = (event: string | undefined, flags: RunFlags): RunSpec => {
  const { role = [], host = [], timeout, dryRun = false } = flags;
  const timeoutSeconds = timeout === undefined ? {} : { timeoutSeconds: secondsOf('--timeout', timeout) };
  const dry = dryRun ? { dryRun } : {};
  return { ...whatOf(event, flags), roles: role, instances: host.map(bareName), ...dry, ...timeoutSeconds };
};

/** `text` where no format for programs is asked for. */
const printed = async (context: CliContext, { output }: RunFlags, run: Run, text: string): Promise<void> => {
  const format = formatOf(output, ['json', 'yaml']);
  context.out(format === 'json' || format === 'yaml' ? await machineText(format, run) : text);
};

const table = (run: Run): string => {
  const status = statusOf(run);
  const { changed = {} } = status;
  const title = run.spec?.dryRun === true ? 'WOULD-CHANGE' : 'CHANGED';
  const rows = Object.entries(status.hosts ?? {}).map(([host, state]) => [
    host,
    state,
    String(changed[host] ?? 0),
    messageOf(status, host) || '-',
  ]);
  return `${tableText([['HOST', 'STATE', title, 'MESSAGE'], ...rows])}\n`;
};

const endText = (context: CliContext, run: Run): string =>
  statusOf(run).total === 0 ? '' : `${table(run)}${differencesText(statusOf(run), context.colour)}`;

const run = async (context: CliContext, event: string | undefined, flags: RunFlags): Promise<void> => {
  const spec = specOf(event, flags);
  formatOf(flags.output, ['json', 'yaml']);
  const client = context.connect(flags);
  const cluster = await clusterMeant(client, flags);
  const begun = await madeRun(context, client, cluster, { name: event ?? 'recipes', spec });
  const address: Address = { kind: 'Run', cluster, name: begun.metadata.name };
  if (flags.detach === true) {
    await printed(context, flags, begun, `run/${address.name} created\n`);
    return;
  }
  context.err(`run/${address.name} begins\n`);
  const ended = await followedRun(context, client, begun, flags.quiet !== true);
  if (ended === null) {
    context.err(`run/${address.name} goes on; see how far it is: ${hintOf(context, address)}\n`);
    return;
  }
  await printed(context, flags, ended, endText(context, ended));
  const bad = badEnd(ended);
  if (bad !== null) throw new CliError(bad, { exit: EXIT.failed });
};

export const register = (program: Command, context: CliContext): void => {
  program
    .command('run')
    .description('carry an event or recipes out now, whether or not anything has changed')
    .argument('[event]', `${RUN_EVENTS.join(', ')}: all that the hosts' roles have for it`)
    .option('--recipe <recipe...>', 'these recipes of the cookbooks and nothing else: r1,r2')
    .option('--dry-run', 'touch nothing: show what would change')
    .option('--role <role...>', 'on all online hosts of these roles')
    .option('--host <host...>', 'on these hosts; with neither: on all of the cluster')
    .option('-q, --quiet', 'do not show what hosts write meanwhile')
    .option('--detach', 'do not wait until it is done')
    .option('--timeout <time>', 'how long each host may take: 30s, 10m; 10m unless told')
    .option('-o, --output <format>', 'json or yaml')
    .action(async (event: string | undefined, _flags: unknown, command: Command) => {
      await run(context, event, command.optsWithGlobals());
    });
};
