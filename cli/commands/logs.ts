/** `scalarium logs HOST…`: what agents have written of their events, and go on to write. */
import type { Command } from 'commander';
import * as E from 'fp-ts/lib/Either.js';
import type { Client } from '../../client/client.js';
import type { LogOptions } from '../../client/logs.js';
import { clusterMeant, lineOf, valueOf } from '../answers.js';
import { type CliContext, CliError, UsageError } from '../context.js';
import { deploymentLogs } from '../deploying/logs.js';
import { deploymentMeant } from '../deploying/which.js';
import { EXIT } from '../exit-codes.js';
import { type Host, type HostFlags, hostsMeant } from '../hosts-meant.js';
import { logLine, prefixesOf } from '../log-lines.js';
import { formatOf } from '../output.js';
import { shortName } from '../words.js';

interface LogFlags extends HostFlags {
  readonly follow?: boolean;
  readonly tail: string;
  readonly event?: string;
  readonly output?: string;
  readonly deployment?: string;
}

const MOST_LINES = 10_000;

const optionsOf = ({ interrupted }: CliContext, { tail, follow, event }: LogFlags): LogOptions => {
  if (!/^\d{1,6}$/.test(tail) || Number(tail) > MOST_LINES)
    throw new UsageError(`--tail: expected 0 to ${String(MOST_LINES)} lines, got "${tail}"`);
  return {
    tail: Number(tail),
    follow: follow === true,
    ...(event === undefined ? {} : { event: event.replace(/^[a-z]+\//, '') }),
    signal: interrupted,
  };
};

interface Reading {
  readonly context: CliContext;
  readonly client: Client;
  readonly options: LogOptions;
  /** A line as it is printed. */
  readonly line: (line: string) => string;
}

const printAll = async (
  { context, line }: Reading,
  lines: AsyncIterable<string>,
  prefix: string,
): Promise<void> => {
  for await (const one of lines) context.out(`${prefix}${line(one)}\n`);
};

/** Whether it was read to where it should end. */
const readOne = async (reading: Reading, host: Host, prefix: string): Promise<boolean> => {
  const { context, client, options } = reading;
  const name = shortName('host', host.name);
  const lines = await client.logs(host, options)();
  if (E.isLeft(lines)) {
    if (context.interrupted.aborted) return true;
    context.err(`${name}: ${lineOf(lines.left)}\n`);
    return false;
  }
  try {
    await printAll(reading, lines.right, prefix);
  } catch (error) {
    context.err(`${name}: the connection broke: ${(error as Error).message}\n`);
    return false;
  }
  if (options.follow !== true || context.interrupted.aborted) return true;
  context.err(`${name}: its log is not followed any more\n`);
  return false;
};

/** At once where they are followed, else one after the other. */
const readAll = async (reading: Reading, hosts: readonly Host[]): Promise<readonly boolean[]> => {
  const prefixes = prefixesOf(
    hosts.map(({ name }) => name),
    reading.context.colour,
  );
  const read = (host: Host, at: number): Promise<boolean> => readOne(reading, host, prefixes[at] ?? '');
  if (reading.options.follow === true) return Promise.all(hosts.map(read));
  const done: boolean[] = [];
  for (const [at, host] of hosts.entries()) done.push(await read(host, at));
  return done;
};

interface OfDeployment {
  readonly word: string;
  readonly raw: boolean;
  readonly options: LogOptions;
  readonly flags: LogFlags;
}

const ofDeployment = async (
  context: CliContext,
  names: readonly string[],
  { word, raw, options, flags }: OfDeployment,
): Promise<void> => {
  const { role = [], event } = flags;
  if (names.length > 0 || role.length > 0 || event !== undefined)
    throw new UsageError('--deployment is about all its hosts and events: name no hosts, roles or event');
  const client = context.connect(flags);
  const cluster = await clusterMeant(client, flags);
  const { tail = 0, follow = false } = options;
  await deploymentLogs(context, client, await deploymentMeant(client, cluster, word), { tail, follow, raw });
};

const run = async (context: CliContext, names: readonly string[], flags: LogFlags): Promise<void> => {
  const raw = formatOf(flags.output, ['json']) === 'json';
  const options = optionsOf(context, flags);
  if (flags.deployment !== undefined)
    return ofDeployment(context, names, { word: flags.deployment, raw, options, flags });
  const client = context.connect(flags);
  const hosts = await hostsMeant(client, 'whose logs to show', names, flags);
  // a name that is wrong is told before any line
  for (const host of hosts) await valueOf(client.get(host));
  const line = (text: string): string => (raw ? text : logLine(text, context.colour));
  const done = await readAll({ context, client, options, line }, hosts);
  const bad = done.filter((well) => !well).length;
  if (bad === 0) return;
  throw new CliError(
    `the logs of ${String(bad)} of ${String(hosts.length)} hosts could not be shown to their end`,
    {
      exit: EXIT.failed,
    },
  );
};

export const register = (program: Command, context: CliContext): void => {
  program
    .command('logs')
    .description('what the agents of hosts have written of their events')
    .argument('[hosts...]', 'names, as app-1')
    .option('--role <role...>', 'all hosts of these roles')
    .option('-f, --follow', 'go on with lines as they come')
    .option('--tail <n>', 'so many of the newest lines, of each host', '100')
    .option('--event <name>', 'of this lifecycle event only')
    .option(
      '--deployment <name>',
      'all that a deployment (or the last one of this application) did on its hosts',
    )
    .option('-o, --output <format>', 'json: the lines as the agent wrote them')
    .action(async (hosts: readonly string[], _flags: unknown, command: Command) => {
      await run(context, hosts, command.optsWithGlobals());
    });
};
