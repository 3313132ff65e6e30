/** `scalarium audit`: who did what, newest last. */
import type { Command } from 'commander';
import type { AuditEntry } from '../../api-types/audit.js';
import type { Client } from '../../client/client.js';
import { API_PATH, queryOf } from '../../client/paths.js';
import { valueOf } from '../answers.js';
import type { CliContext, GlobalFlags } from '../context.js';
import { formatOf, machineText } from '../output.js';
import { type Row, tableText, widthsOf } from '../table.js';

interface AuditFlags extends GlobalFlags {
  readonly since?: string;
  readonly user?: string;
  readonly cluster?: string;
  readonly kind?: string;
  readonly verb?: string;
  readonly limit?: string;
  readonly follow?: boolean;
  readonly output?: string;
}

const HEAD: Row = ['TIME', 'USER', 'FROM', 'VERB', 'OBJECT', 'RESULT'];
const PAUSE_MS = 1000;
const MOST = '10000';

const objectOf = ({ kind, cluster, name, subresource, path }: AuditEntry): string => {
  if (kind === null) return path;
  const place = cluster === null ? '' : `${cluster}/`;
  const below = subresource === null ? '' : `/${subresource}`;
  return `${place}${kind.toLowerCase()}${name === null ? 's' : `/${name}`}${below}`;
};

const resultOf = ({ allowed, code, dryRun, reason }: AuditEntry): string => {
  if (!allowed) return `refused (${String(code)}): ${reason}`;
  return `${String(code)}${dryRun ? ' (dry run)' : ''}`;
};

const rowOf = (entry: AuditEntry): Row => [
  entry.time,
  entry.user === '' ? '-' : entry.user,
  entry.address,
  entry.verb,
  objectOf(entry),
  resultOf(entry),
];

const asked = async (client: Client, flags: AuditFlags): Promise<readonly AuditEntry[]> => {
  const { since, user, kind, verb, limit } = flags;
  const cluster = flags.cluster ?? flags.namespace;
  const path = `${API_PATH}/audit${queryOf({ since, user, cluster, kind, verb, limit })}`;
  const { json } = await valueOf(client.raw('GET', path));
  return (json as { readonly items: readonly AuditEntry[] }).items;
};

/** Entries of the last millisecond that was shown come again: those are left out. */
const newOf = (entries: readonly AuditEntry[], shown: readonly AuditEntry[]): readonly AuditEntry[] => {
  const last = shown.at(-1)?.time;
  const again = shown.filter(({ time }) => time === last).length;
  return entries.slice(entries.filter(({ time }) => time === last).length < again ? 0 : again);
};

const printer = (context: CliContext, json: boolean, first: readonly AuditEntry[]) => {
  const widths = widthsOf([HEAD, ...first.map(rowOf)]);
  return (entries: readonly AuditEntry[]): void => {
    for (const entry of entries)
      context.out(json ? `${JSON.stringify(entry)}\n` : `${tableText([rowOf(entry)], widths)}\n`);
  };
};

const followed = async (
  context: CliContext,
  flags: AuditFlags,
  first: readonly AuditEntry[],
  print: (entries: readonly AuditEntry[]) => void,
): Promise<void> => {
  const client = context.connect(flags);
  let shown = first;
  for (;;) {
    await context.pause(PAUSE_MS, context.interrupted);
    if (context.interrupted.aborted) return;
    const since = shown.at(-1)?.time ?? flags.since ?? '10s';
    const entries = await asked(client, { ...flags, since, limit: MOST });
    const fresh = newOf(entries, shown);
    print(fresh);
    if (fresh.length > 0) shown = [...shown.filter(({ time }) => time === fresh.at(-1)?.time), ...fresh];
  }
};

const run = async (context: CliContext, flags: AuditFlags): Promise<void> => {
  const format = formatOf(flags.output, ['json', 'yaml']);
  const entries = await asked(context.connect(flags), flags);
  if (format === 'yaml' || (format === 'json' && flags.follow !== true)) {
    context.out(await machineText(format, entries));
    return;
  }
  const json = format === 'json';
  const print = printer(context, json, entries);
  if (entries.length === 0 && flags.follow !== true) context.err('the audit log has no such line\n');
  else if (!json) context.out(`${tableText([HEAD], widthsOf([HEAD, ...entries.map(rowOf)]))}\n`);
  print(entries);
  if (flags.follow === true) await followed(context, flags, entries, print);
};

export const register = (program: Command, context: CliContext): void => {
  program
    .command('audit')
    .description('who did what, on which object, from where, allowed or not; newest last (for admins)')
    .option('--since <time>', 'how long back (90s, 15m, 1h, 7d), or an RFC 3339 time')
    .option('--user <name>', 'of this user')
    .option('--cluster <name>', 'in this cluster (as -n)')
    .option('--kind <kind>', 'on objects of this kind, as Role')
    .option('--verb <verb>', 'create, update, patch, delete, reveal, login …')
    .option('--limit <count>', 'at most so many of the newest (default 200, at most 10000)')
    .option('-f, --follow', 'go on with lines as they come')
    .option('-o, --output <format>', 'json or yaml; with -f json gives a line each')
    .action(async (_flags: unknown, command: Command) => {
      await run(context, command.optsWithGlobals());
    });
};
