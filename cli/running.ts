/** Making a Run and following it to its end: for `run` and `drift`. */
import type { RunSpec, RunStatus } from '../api-types/kinds/run.js';
import type { Address, Client, ObjectOf } from '../client/client.js';
import { valueOf } from './answers.js';
import { type CliContext, CliError } from './context.js';
import { EXIT } from './exit-codes.js';
import { type HostOutput, hostOutput } from './host-output.js';
import { conditionsOf } from './table.js';
import { shortName } from './words.js';

export type Run = ObjectOf<'Run'>;

export const statusOf = (run: Run): RunStatus => run.status ?? {};

/** `host/app-1` and `app-1` are the same. */
export const bareName = (name: string): string => name.replace(/^[a-z]+\//, '');

/** Its name begins with what it does. */
export const madeRun = async (
  context: CliContext,
  client: Client,
  cluster: string,
  { name, spec }: { readonly name: string; readonly spec: RunSpec },
): Promise<Run> => {
  const body = { metadata: { generateName: `${name}-` }, spec };
  const { object, warning } = await valueOf(client.create({ kind: 'Run', cluster, name: '' }, body));
  if (warning !== null) context.err(`warning: ${warning}\n`);
  if (object === null) throw new CliError('the run was deleted as soon as it was made');
  return object;
};

/** How to look at it later. */
export const hintOf = ({ program }: CliContext, { kind, cluster, name }: Address): string =>
  `${program} get ${shortName(kind, name)} -n ${cluster ?? ''} -o yaml`;

/** Why a host failed; empty: it did not, or nothing is known. */
export const messageOf = ({ failures = [] }: RunStatus, host: string): string =>
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

const wantAll = (output: HostOutput, { events: [event] = [], hosts = {} }: RunStatus): void => {
  if (event !== undefined) for (const host of Object.keys(hosts)) output.want(host, event);
};

/** Null: Ctrl-C. */
const ended = async (
  context: CliContext,
  client: Client,
  run: Run,
  output: HostOutput | null,
): Promise<Run | null> => {
  const { name, namespace = null, resourceVersion, uid } = run.metadata;
  const tell = teller(context);
  const how = { cluster: namespace, name, resourceVersion, known: [run], signal: context.interrupted };
  for await (const { type, object } of client.watch('Run', how)) {
    if (type === 'DELETED' || object.metadata.uid !== uid)
      throw new CliError(`run/${name} was deleted; what hosts have begun goes on`, { exit: EXIT.notFound });
    const status = statusOf(object);
    if (output !== null) wantAll(output, status);
    tell(status);
    if (status.finishedAt !== undefined) return object;
  }
  return null;
};

/** The Run as it ended, a line for each host's end meanwhile; null: Ctrl-C. `live`: what hosts write of it, too. */
export const followedRun = async (
  context: CliContext,
  client: Client,
  run: Run,
  live: boolean,
): Promise<Run | null> => {
  const show = (line: string): void => {
    context.err(`${line}\n`);
  };
  const shown = { cluster: run.metadata.namespace ?? '', signal: context.interrupted, show };
  const output = live ? hostOutput(context, client, shown) : null;
  try {
    return await ended(context, client, run, output);
  } finally {
    await output?.close();
  }
};

/** What ended badly, in one line; null: nothing did. */
export const badEnd = (run: Run): string | null => {
  const { phase, total = 0, hosts = {} } = statusOf(run);
  if (phase === 'Succeeded') return null;
  const bad = Object.entries(hosts).flatMap(([host, state]) => (state === 'failed' ? [host] : []));
  if (total === 0) return conditionsOf(run)['Stalled']?.message ?? 'it failed';
  return `${String(bad.length)} of ${String(total)} hosts failed: ${bad.join(', ')}`;
};
