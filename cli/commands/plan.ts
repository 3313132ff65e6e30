/** `scalarium plan -f FILE`: what applying would do. Exit code 0: nothing; 2: something; 1: it could not be told. */
import type { Command } from 'commander';
import { PLAN_ACTIONS, type PlanAction, type PlannedChange } from '../../api-types/plan.js';
import { valueOf } from '../answers.js';
import { checkReferences, readManifests } from '../checks.js';
import type { CliContext, GlobalFlags } from '../context.js';
import { formatOf, machineText } from '../output.js';
import { tableText } from '../table.js';
import { shortName } from '../words.js';

interface PlanFlags extends GlobalFlags {
  readonly filename: readonly string[];
  readonly output?: string;
}

const SIGNS: Readonly<Record<PlanAction, string>> = {
  create: '+',
  launch: '+',
  change: '~',
  stop: '!',
  terminate: '-',
  delete: '-',
};

const place = ({ object: { kind, namespace, name } }: PlannedChange): string =>
  `${namespace === undefined ? '' : `${namespace} `}${shortName(kind, name)}`;

const counted = (changes: readonly PlannedChange[]): string =>
  PLAN_ACTIONS.map((action) => ({
    action,
    count: changes.filter((change) => change.action === action).length,
  }))
    .filter(({ count }) => count > 0)
    .map(({ action, count }) => `${String(count)} to ${action}`)
    .join(', ');

/** The plan for people. */
const planText = (changes: readonly PlannedChange[]): string => {
  if (changes.length === 0) return 'Nothing to do: everything is as the files say.\n';
  const rows = changes.map((change) => [
    `${SIGNS[change.action]} ${change.action}`,
    place(change),
    change.requiresConsent ? `${change.message} (waits for consent)` : change.message,
  ]);
  const consent = changes.some(({ requiresConsent }) => requiresConsent)
    ? 'Applied, this ends so many hosts that it waits until somebody runs "scalarium consent".\n'
    : '';
  return `${tableText(rows)}\n\nPlan: ${counted(changes)}.\n${consent}`;
};

const run = async (context: CliContext, flags: PlanFlags): Promise<void> => {
  const format = formatOf(flags.output, ['json', 'yaml']);
  const placed = await readManifests(context, flags.filename, flags.namespace ?? null);
  const client = context.connect(flags);
  await checkReferences(context, client, placed);
  const plan = await valueOf(client.plan(placed.map(({ manifest }) => manifest)));
  const machine = format === 'json' || format === 'yaml';
  context.out(machine ? await machineText(format, plan) : planText(plan.changes));
  context.exitCode(plan.changes.length === 0 ? 0 : 2);
};

export const register = (program: Command, context: CliContext): void => {
  program
    .command('plan')
    .description('show what applying files would do; exit code 0: nothing, 2: something')
    .requiredOption('-f, --filename <path...>', 'files, directories, or - for standard input')
    .option('-o, --output <format>', 'json or yaml')
    .action(async (_flags: unknown, command: Command) => {
      await run(context, command.optsWithGlobals());
    });
};
