/** `scalarium run setup|configure`: makes a Run, and follows it until every host has answered. */
import type { Command } from 'commander';
import { RUN_EVENTS, type RunStatus } from '../../api-types/kinds/run.js';
import type { Address, Client, ObjectOf } from '../../client/client.js';
import { clusterMeant, valueOf } from '../answers.js';
import { type CliContext, CliError, type GlobalFlags, UsageError } from '../context.js';
import { secondsOf } from '../durations.js';
import { EXIT } from '../exit-codes.js';
import { formatOf, machineText } from '../output.js';
import { conditionsOf, tableText } from '../table.js';
import { shortName } from '../words.js';

interface RunFlags extends GlobalFlags {
  readonly role?: readonly string[];
  readonly host?: readonly string[];
  readonly detach?: boolean;
  readonly timeout?: string;
  readonly output?: string;
}

type Run = ObjectOf<'Run'>;

const statusOf = (run: Run): RunStatus => run.status ?? {};

const bare = (name: string): string => name.replace(/^[a-z]+\//, '');

const specOf = (event: string, { role = [], host = [], timeout }: RunFlags): object => {
  const known = RUN_EVENTS.find((one) => one === event);
  if (known === undefined) throw new UsageError(`expected ${RUN_EVENTS.join(' or ')}, got "${event}"`);
  const timeoutSeconds = timeout === undefined ? {} : { timeoutSeconds: secondsOf('--timeout', timeout) };
  return { event: known, roles: role, instances: host.map(bare), ...timeoutSeconds };
};

const made = async (context: CliContext, client: Client, cluster: string, spec: object): Promise<Run> => {
  const { event } = spec as { readonly event: string };
  const body = { metadata: { generateName: `${event}-` }, spec };
  const { object, warning } = await valueOf(client.create({ kind: 'Run', cluster, name: '' }, body));
  if (warning !== null) context.err(`warning: ${warning}\n`);
  if (object === null) throw new CliError('the run was deleted as soon as it was made');
  return object;
};

/** `text` where no format for programs is asked for. */
const printed = async (context: CliContext, { output }: RunFlags, run: Run, text: string): Promise<void> => {
  const format = formatOf(output, ['json', 'yaml']);
  context.out(format === 'json' || format === 'yaml' ? await machineText(format, run) : text);
};

/** How to look at it later. */
const hint = ({ program }: CliContext, { kind, cluster, name }: Address): string =>
  `${program} get ${shortName(kind, name)} -n ${cluster ?? ''} -o yaml`;

const messageOf = ({ failures = [] }: RunStatus, host: string): string =>
  failures.find(({ instance }) => instance === host)?.message ?? '';

/** Says each host's end once. */
const teller = (context: CliContext): ((status: RunStatus) => void) => {
  const told = new Set<string>();
  return (status) => {
    for (const [host, state] of Object.entries(status.hosts ?? {})) {
      if (state === 'pending' || told.has(host)) continue;
      told.add(host);
      const message = messageOf(status, host);
      context.err(`${shortName('host', host)} ${state}${message === '' ? '' : `: ${message}`}\n`);
    }
  };
};

/** The Run as it ended; null: Ctrl-C. */
const followed = async (context: CliContext, client: Client, run: Run): Promise<Run | null> => {
  const { name, namespace = null, resourceVersion, uid } = run.metadata;
  const tell = teller(context);
  const how = { cluster: namespace, name, resourceVersion, known: [run], signal: context.interrupted };
  for await (const { type, object } of client.watch('Run', how)) {
    if (type === 'DELETED' || object.metadata.uid !== uid)
      throw new CliError(`run/${name} was deleted; what hosts have begun goes on`, { exit: EXIT.notFound });
    tell(statusOf(object));
    if (statusOf(object).finishedAt !== undefined) return object;
  }
  return null;
};

const table = (run: Run): string => {
  const status = statusOf(run);
  const rows = Object.entries(status.hosts ?? {}).map(([host, state]) => [
    host,
    state,
    messageOf(status, host) || '-',
  ]);
  return `${tableText([['HOST', 'STATE', 'MESSAGE'], ...rows])}\n`;
};

/** Ends the command as the run ended. */
const judged = (run: Run): void => {
  const { phase, total = 0, hosts = {} } = statusOf(run);
  if (phase === 'Succeeded') return;
  const bad = Object.entries(hosts).flatMap(([host, state]) => (state === 'failed' ? [host] : []));
  const why = conditionsOf(run)['Stalled']?.message ?? 'it failed';
  const message =
    total === 0 ? why : `${String(bad.length)} of ${String(total)} hosts failed: ${bad.join(', ')}`;
  throw new CliError(message, { exit: EXIT.failed });
};

const run = async (context: CliContext, event: string, flags: RunFlags): Promise<void> => {
  const spec = specOf(event, flags);
  formatOf(flags.output, ['json', 'yaml']);
  const client = context.connect(flags);
  const cluster = await clusterMeant(client, flags);
  const begun = await made(context, client, cluster, spec);
  const address: Address = { kind: 'Run', cluster, name: begun.metadata.name };
  if (flags.detach === true) {
    await printed(context, flags, begun, `run/${address.name} created\n`);
    return;
  }
  context.err(`run/${address.name} begins\n`);
  const ended = await followed(context, client, begun);
  if (ended === null) {
    context.err(`run/${address.name} goes on; see how far it is: ${hint(context, address)}\n`);
    return;
  }
  await printed(context, flags, ended, statusOf(ended).total === 0 ? '' : table(ended));
  judged(ended);
};

export const register = (program: Command, context: CliContext): void => {
  program
    .command('run')
    .description('carry recipes out now, whether or not anything has changed')
    .argument('<event>', 'setup or configure')
    .option('--role <role...>', 'on all online hosts of these roles')
    .option('--host <host...>', 'on these hosts; with neither: on all of the cluster')
    .option('--detach', 'do not wait until it is done')
    .option('--timeout <time>', 'how long each host may take: 30s, 10m; 10m unless told')
    .option('-o, --output <format>', 'json or yaml')
    .action(async (event: string, _flags: unknown, command: Command) => {
      await run(context, event, command.optsWithGlobals());
    });
};
