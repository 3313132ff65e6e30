/** `scalarium drift`: what a run of their recipes would change on hosts, without touching them. */
import type { Command } from 'commander';
import type { RunStatus } from '../../api-types/kinds/run.js';
import { clusterMeant } from '../answers.js';
import { type CliContext, CliError, type GlobalFlags } from '../context.js';
import { differencesText } from '../differences.js';
import { secondsOf } from '../durations.js';
import { EXIT, never1 } from '../exit-codes.js';
import { formatOf, machineText } from '../output.js';
import { type Run, badEnd, bareName, followedRun, hintOf, madeRun, messageOf, statusOf } from '../running.js';
import { tableText } from '../table.js';

interface DriftFlags extends GlobalFlags {
  readonly role?: readonly string[];
  readonly host?: readonly string[];
  readonly timeout?: string;
  readonly output?: string;
}

interface HostDrift {
  readonly host: string;
  /** unknown: it could not be told. */
  readonly state: 'clean' | 'drifted' | 'unknown';
  /** How many resources differ. */
  readonly changes: number;
  readonly message?: string;
}

const hostsIn = (status: RunStatus): readonly HostDrift[] =>
  Object.entries(status.hosts ?? {}).map(([host, state]) => {
    const changes = status.changed?.[host] ?? 0;
    if (state !== 'succeeded') return { host, state: 'unknown', changes, message: messageOf(status, host) };
    return { host, state: changes > 0 ? 'drifted' : 'clean', changes };
  });

/** For programs. */
const report = (cluster: string, status: RunStatus): object => ({
  cluster,
  checkedAt: status.finishedAt,
  hosts: hostsIn(status),
  differences: (status.diffs ?? []).map(({ resource, diff, instances }) => ({
    resource,
    diff,
    hosts: instances,
  })),
  differencesLeftOut: status.diffsLeftOut ?? 0,
});

const table = (hosts: readonly HostDrift[]): string =>
  `${tableText([
    ['HOST', 'DRIFT', 'CHANGES', 'MESSAGE'],
    ...hosts.map(({ host, state, changes, message }) => [host, state, String(changes), message ?? '-']),
  ])}\n`;

const printed = async (context: CliContext, { output }: DriftFlags, cluster: string, run: Run) => {
  const format = formatOf(output, ['json', 'yaml']);
  const status = statusOf(run);
  if (format === 'json' || format === 'yaml') {
    context.out(await machineText(format, report(cluster, status)));
    return;
  }
  if (status.total === 0) return;
  context.out(`${table(hostsIn(status))}${differencesText(status, context.colour)}`);
};

const run = async (context: CliContext, flags: DriftFlags): Promise<void> => {
  formatOf(flags.output, ['json', 'yaml']);
  const { role = [], host = [], timeout } = flags;
  const timeoutSeconds = timeout === undefined ? {} : { timeoutSeconds: secondsOf('--timeout', timeout) };
  const client = context.connect(flags);
  const cluster = await clusterMeant(client, flags);
  const hosts = { roles: role, instances: host.map(bareName) };
  const spec = { event: 'configure', dryRun: true, ...hosts, ...timeoutSeconds } as const;
  const begun = await madeRun(context, client, cluster, { name: 'drift', spec });
  const ended = await followedRun(context, client, begun, false);
  if (ended === null) {
    const address = { kind: 'Run', cluster, name: begun.metadata.name } as const;
    context.err(`run/${address.name} goes on; see how far it is: ${hintOf(context, address)}\n`);
    return;
  }
  await printed(context, flags, cluster, ended);
  const bad = badEnd(ended);
  if (bad !== null) throw new CliError(bad, { exit: EXIT.changes });
  if (Object.keys(statusOf(ended).changed ?? {}).length > 0) context.exitCode(EXIT.failed);
};

export const register = (program: Command, context: CliContext): void => {
  program
    .command('drift')
    .description('show what a run of their recipes would change on hosts, and touch nothing')
    .option('--role <role...>', 'all online hosts of these roles')
    .option('--host <host...>', 'these hosts; with neither: all of the cluster')
    .option('--timeout <time>', 'how long each host may take: 30s, 10m; 10m unless told')
    .option('-o, --output <format>', 'json or yaml')
    .action(async (_flags: unknown, command: Command) => {
      await run(context, command.optsWithGlobals()).catch(never1);
    });
};
