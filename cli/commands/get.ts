/** `scalarium get KIND [NAME…]` */
import type { Command } from 'commander';
import type { Client, ObjectList, ObjectOf } from '../../client/client.js';
import { clusterMeant, valueOf } from '../answers.js';
import { type CliContext, CliError, type GlobalFlags } from '../context.js';
import { type Format, formatOf, machineText } from '../output.js';
import { type TableStyle, headOf, rowOf, tableText, widthsOf } from '../table.js';
import { type Asked, asked, shortName } from '../words.js';

interface GetFlags extends GlobalFlags {
  readonly allNamespaces?: boolean;
  readonly output?: string;
  readonly watch?: boolean;
  readonly selector?: string;
}

interface Wanted {
  readonly asked: Asked;
  /** Null: cluster-wide, or all clusters. */
  readonly cluster: string | null;
  readonly format: Format;
  readonly style: TableStyle;
  readonly flags: GetFlags;
}

const clusterFor = async (client: Client, what: Asked, flags: GetFlags): Promise<string | null> => {
  if (what.entry.scope === 'Cluster' || flags.allNamespaces === true) return null;
  if (flags.namespace !== undefined) return flags.namespace;
  return what.names.length > 0 ? clusterMeant(client, flags) : null;
};

const options = ({ cluster, flags, asked: { names } }: Wanted) => ({
  cluster,
  ...(flags.selector === undefined ? {} : { labelSelector: flags.selector }),
  ...(names.length === 1 && names[0] !== undefined ? { name: names[0] } : {}),
});

/** The named objects one by one (a name that is not there is an error), or the whole list. */
const found = async (client: Client, wanted: Wanted): Promise<ObjectList> => {
  const { kind, names, entry } = wanted.asked;
  if (names.length === 0) return valueOf(client.list(kind, options(wanted)));
  const items: ObjectOf[] = [];
  for (const name of names) items.push(await valueOf(client.get({ kind, cluster: wanted.cluster, name })));
  const resourceVersion = items.at(-1)?.metadata.resourceVersion ?? '';
  return {
    apiVersion: items[0]?.apiVersion ?? '',
    kind: `${entry.kind}List`,
    metadata: { resourceVersion },
    items,
  };
};

const printed = async (
  { asked: { kind, names, entry }, format, style }: Wanted,
  list: ObjectList,
): Promise<string> => {
  if (format === 'name')
    return list.items.map(({ metadata }) => `${shortName(kind, metadata.name)}\n`).join('');
  if (format === 'yaml' || format === 'json')
    return machineText(format, names.length === 1 ? list.items[0] : list);
  const rows = list.items.map((object) => rowOf(entry, object, style));
  return `${tableText([headOf(entry, style), ...rows])}\n`;
};

const nothing = ({ asked: { entry }, cluster }: Wanted): string =>
  cluster === null ? `no ${entry.plural} found\n` : `no ${entry.plural} found in cluster ${cluster}\n`;

/** Changes as they come, in columns as wide as those of the table before. */
const followed = async (
  context: CliContext,
  client: Client,
  wanted: Wanted,
  list: ObjectList,
): Promise<void> => {
  const { kind, entry, names } = wanted.asked;
  const shown = list.items.map((object) => rowOf(entry, object, wanted.style));
  let widths = widthsOf([headOf(entry, wanted.style), ...shown]);
  const resourceVersion = list.metadata.resourceVersion;
  const how = { ...options(wanted), resourceVersion, signal: context.interrupted };
  for await (const { object, type } of client.watch(kind, how)) {
    if (names.length > 0 && !names.includes(object.metadata.name)) continue;
    if (wanted.format !== 'table' && wanted.format !== 'wide') {
      const one = { ...wanted, asked: { ...wanted.asked, names: [object.metadata.name] } };
      context.out(
        (wanted.format === 'yaml' ? '---\n' : '') + (await printed(one, { ...list, items: [object] })),
      );
      continue;
    }
    const row = rowOf(entry, object, { ...wanted.style, now: context.now() });
    widths = widthsOf([row], widths);
    context.out(`${tableText([type === 'DELETED' ? [...row, '(deleted)'] : row], widths)}\n`);
  }
};

const run = async (context: CliContext, words: readonly string[], flags: GetFlags): Promise<void> => {
  const [word = '', ...names] = words;
  const what = asked(word, names);
  const format = formatOf(flags.output);
  const client = context.connect(flags);
  const cluster = await clusterFor(client, what, flags);
  const clusters = what.entry.scope === 'Namespaced' && cluster === null;
  const style = { wide: format === 'wide', clusters, now: context.now() };
  const wanted: Wanted = { asked: what, cluster, format, style, flags };
  if (flags.selector !== undefined && names.length > 0)
    throw new CliError('-l and names can not be given together');
  const list = await found(client, wanted);
  const empty = list.items.length === 0 && (format === 'table' || format === 'wide');
  if (empty) context.err(nothing(wanted));
  else context.out(await printed(wanted, list));
  if (flags.watch === true) await followed(context, client, wanted, list);
};

export const register = (program: Command, context: CliContext): void => {
  program
    .command('get')
    .description('list objects, or show some')
    .argument('<kind>', 'clouds, clusters, roles, instances, lifecycleevents, events, or KIND/NAME')
    .argument('[names...]', 'only these')
    .option('-A, --all-namespaces', 'of all clusters')
    .option('-o, --output <format>', 'yaml, json, wide or name')
    .option('-w, --watch', 'go on with changes as they come')
    .option('-l, --selector <labels>', 'only those with these labels: label=value,…')
    .action(async (kind: string, names: readonly string[], _flags: unknown, command: Command) => {
      await run(context, [kind, ...names], command.optsWithGlobals());
    });
};
