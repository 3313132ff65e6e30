/** `scalarium get KIND[,KIND…] [NAME…]` */
import type { Command } from 'commander';
import type { Client, ObjectList, ObjectOf } from '../../client/client.js';
import { clusterMeant, valueOf } from '../answers.js';
import { type CliContext, type GlobalFlags, UsageError } from '../context.js';
import { outputOf } from '../output.js';
import { sortedBy } from '../print/custom-columns.js';
import { followed } from '../print/follow.js';
import { type Found, type Manner, printed } from '../print/printer.js';
import { type Asked, askedAll } from '../words.js';

interface GetFlags extends GlobalFlags {
  readonly allNamespaces?: boolean;
  readonly output?: string;
  readonly watch?: boolean;
  readonly selector?: string;
  readonly fieldSelector?: string;
  readonly sortBy?: string;
  readonly export?: boolean;
  readonly showManagedFields?: boolean;
}

/** Null: of all clusters. */
const clusterFor = async (
  client: Client,
  wanted: readonly Asked[],
  flags: GetFlags,
): Promise<string | null> => {
  if (flags.allNamespaces === true) return null;
  if (flags.namespace !== undefined) return flags.namespace;
  const named = wanted.some(({ entry, names }) => entry.scope === 'Namespaced' && names.length > 0);
  return named ? clusterMeant(client, flags) : null;
};

const optionsFor = ({ entry }: Asked, cluster: string | null, flags: GetFlags) => ({
  cluster: entry.scope === 'Cluster' ? null : cluster,
  ...(flags.selector === undefined ? {} : { labelSelector: flags.selector }),
  ...(flags.fieldSelector === undefined ? {} : { fieldSelector: flags.fieldSelector }),
});

/** Of the one cluster that is meant, where several kinds are asked for with -n. */
const ofCluster = (objects: readonly ObjectOf[], cluster: string | null): readonly ObjectOf[] =>
  cluster === null ? objects : objects.filter(({ metadata }) => metadata.name === cluster);

const listed = async (
  client: Client,
  wanted: Asked,
  { cluster, flags, several }: { cluster: string | null; flags: GetFlags; several: boolean },
): Promise<ObjectList> => {
  const list = await valueOf(client.list(wanted.kind, optionsFor(wanted, cluster, flags)));
  const narrowed = several && wanted.kind === 'Cluster' ? ofCluster(list.items, cluster) : list.items;
  const items = flags.sortBy === undefined ? narrowed : sortedBy(narrowed, flags.sortBy);
  return { ...list, items };
};

/** The named objects one by one: a name that is not there is an error. */
const named = async (client: Client, { kind, names, entry }: Asked, cluster: string | null) => {
  const items: ObjectOf[] = [];
  const place = entry.scope === 'Cluster' ? null : cluster;
  for (const name of names) items.push(await valueOf(client.get({ kind, cluster: place, name })));
  const resourceVersion = items.at(-1)?.metadata.resourceVersion ?? '';
  const { apiVersion = '' } = items[0] ?? {};
  return { apiVersion, kind: `${entry.kind}List`, metadata: { resourceVersion }, items };
};

/** Lists mask the values of Secrets; for files that apply elsewhere each is asked for. */
const revealed = async (client: Client, found: Found, flags: GetFlags): Promise<Found> => {
  if (flags.export !== true || found.asked.kind !== 'Secret') return found;
  const items: ObjectOf[] = [];
  for (const { metadata } of found.list.items) {
    const address = { kind: 'Secret' as const, cluster: metadata.namespace ?? null, name: metadata.name };
    items.push(await valueOf(client.get(address)));
  }
  return { ...found, list: { ...found.list, items } };
};

const refuseOdd = (wanted: readonly Asked[], flags: GetFlags): void => {
  const names = wanted.some((one) => one.names.length > 0);
  if ((flags.selector ?? flags.fieldSelector) !== undefined && names)
    throw new UsageError('-l and --field-selector choose from lists: they cannot go with names');
  if (flags.watch !== true) return;
  if (wanted.length > 1) throw new UsageError('-w goes with one kind');
  if (flags.export === true) throw new UsageError('--export and -w cannot be given together');
};

const nothing = (wanted: readonly Asked[], cluster: string | null): string => {
  const kinds = wanted.map(({ entry }) => entry.plural).join(', ');
  const place = cluster === null ? '' : ` in cluster ${cluster}`;
  return `no ${kinds} found${place}\n`;
};

const shown = async (
  context: CliContext,
  found: readonly Found[],
  manner: Manner,
  cluster: string | null,
) => {
  const { as } = manner.output;
  const table = (as === 'table' || as === 'wide') && !manner.exporting;
  if (table && found.every(({ list }) => list.items.length === 0))
    context.err(
      nothing(
        found.map((one) => one.asked),
        cluster,
      ),
    );
  else context.out(await printed(found, manner));
};

const run = async (context: CliContext, words: readonly string[], flags: GetFlags): Promise<void> => {
  const [word = '', ...names] = words;
  const wanted = askedAll(word, names);
  const output = outputOf(flags.output);
  refuseOdd(wanted, flags);
  const client = context.connect(flags);
  const cluster = await clusterFor(client, wanted, flags);
  const clusters = wanted.some(({ entry }) => entry.scope === 'Namespaced') && cluster === null;
  const style = { wide: output.as === 'wide', clusters, now: context.now() };
  const manner = {
    output,
    style,
    colour: context.colour,
    exporting: flags.export === true,
    managed: flags.showManagedFields === true,
  };
  const found: Found[] = [];
  const how = { cluster, flags, several: wanted.length > 1 };
  for (const one of wanted) {
    const list = one.names.length > 0 ? await named(client, one, cluster) : await listed(client, one, how);
    found.push(await revealed(client, { asked: one, list }, flags));
  }
  await shown(context, found, manner, cluster);
  const [first] = found;
  if (flags.watch === true && first !== undefined)
    await followed(context, client, {
      found: first,
      manner,
      options: optionsFor(first.asked, cluster, flags),
    });
};

export const register = (program: Command, context: CliContext): void => {
  program
    .command('get')
    .description('list objects, or show some')
    .argument('<kind>', 'clouds, clusters, roles, instances, …; several: roles,instances; all; or KIND/NAME')
    .argument('[names...]', 'only these')
    .option('-A, --all-namespaces', 'of all clusters')
    .option(
      '-o, --output <format>',
      'yaml, json, wide, name, jsonpath=TEMPLATE or custom-columns=TITLE:.path,…',
    )
    .option('-w, --watch', 'go on with changes as they come')
    .option('-l, --selector <labels>', 'only those with these labels: label=value,…')
    .option('--field-selector <fields>', 'only those with these fields: status.phase=online,…')
    .option('--sort-by <path>', 'in the order of what is at this JSONPath')
    .option(
      '--export',
      'without what only this cluster has: for files that apply elsewhere (YAML, or -o json)',
    )
    .option('--show-managed-fields', 'with metadata.managedFields, in YAML and JSON')
    .action(async (kind: string, names: readonly string[], _flags: unknown, command: Command) => {
      await run(context, [kind, ...names], command.optsWithGlobals());
    });
};
