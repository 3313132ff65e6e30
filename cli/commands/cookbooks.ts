/** `scalarium cookbooks [list]` and `cookbooks update [NAME…]`: what sources of cookbooks are pinned to, and to pin them anew. */
import type { Command } from 'commander';
import {
  UPDATE_ALL,
  updateAsked,
  updateOf,
  type CookbookPack,
  type CookbookSourceState,
} from '../../api-types/cookbooks.js';
import type { Address, Client, ObjectOf } from '../../client/client.js';
import { clusterMeant, valueOf } from '../answers.js';
import { type CliContext, CliError, type GlobalFlags } from '../context.js';
import { secondsOf } from '../durations.js';
import { EXIT } from '../exit-codes.js';
import { formatOf, machineText } from '../output.js';
import { type Row, since, tableText } from '../table.js';
import type { Goal } from '../waiting/goal.js';
import { waitFor } from '../waiting/wait.js';

interface ListFlags extends GlobalFlags {
  readonly output?: string;
}

interface UpdateFlags extends GlobalFlags {
  readonly wait: boolean;
  readonly timeout: string;
}

type Cluster = ObjectOf<'Cluster'>;

interface Known {
  readonly name: string;
  readonly type: string;
  readonly revision: string | null;
  readonly digest: string | null;
  readonly resolvedAt: string | null;
  readonly problem: string | null;
}

const statesOf = ({ status }: Cluster): Readonly<Record<string, CookbookSourceState>> =>
  (status?.['cookbookSources'] ?? {}) as Readonly<Record<string, CookbookSourceState>>;

const knownIn = (cluster: Cluster): readonly Known[] => {
  const packs = (cluster.status?.['cookbooks'] ?? []) as readonly CookbookPack[];
  return (cluster.spec?.cookbooks ?? []).map(({ name, type }) => {
    const pack = packs.find((one) => one.name === name);
    const state = statesOf(cluster)[name];
    return {
      name,
      type,
      revision: pack?.revision ?? null,
      digest: pack?.digest ?? null,
      resolvedAt: state?.resolvedAt ?? null,
      problem: state?.problem ?? null,
    };
  });
};

const SHOWN = 12;

const rowOf =
  (now: number) =>
  ({ name, type, revision, digest, resolvedAt, problem }: Known): Row => [
    name,
    type,
    revision?.slice(0, SHOWN) ?? '-',
    digest?.slice(0, SHOWN) ?? '-',
    since(resolvedAt ?? undefined, now),
    problem ?? (revision === null ? 'not resolved yet' : ''),
  ];

const addressOf = (cluster: string): Address<'Cluster'> => ({
  kind: 'Cluster',
  cluster: null,
  name: cluster,
});

const clusterFor = async (client: Client, flags: GlobalFlags): Promise<Cluster> =>
  valueOf(client.get(addressOf(await clusterMeant(client, flags))));

const list = async (context: CliContext, flags: ListFlags): Promise<void> => {
  const cluster = await clusterFor(context.connect(flags), flags);
  const known = knownIn(cluster);
  const format = formatOf(flags.output, ['json', 'yaml']);
  if (format === 'json' || format === 'yaml') {
    context.out(await machineText(format, known));
    return;
  }
  if (known.length === 0) {
    context.err(`cluster ${cluster.metadata.name} has no sources of cookbooks: give it spec.cookbooks\n`);
    return;
  }
  const titles: Row = ['NAME', 'TYPE', 'REVISION', 'DIGEST', 'AGE', 'PROBLEM'];
  context.out(`${tableText([titles, ...known.map(rowOf(context.now()))])}\n`);
};

const refuseStrange = (cluster: Cluster, names: readonly string[]): void => {
  const known = (cluster.spec?.cookbooks ?? []).map(({ name }) => name);
  const strange = names.filter((name) => !known.includes(name));
  const { name } = cluster.metadata;
  if (known.length === 0)
    throw new CliError(`cluster ${name} has no sources of cookbooks`, { exit: EXIT.notFound });
  if (strange.length > 0)
    throw new CliError(`cluster ${name} has no source ${strange.join(', ')}; it has ${known.join(', ')}`, {
      exit: EXIT.notFound,
    });
};

/** Every source has answered the newest request. */
const answered =
  (names: readonly string[]): Goal =>
  (object) => {
    if (object === null) return 'it is not there any more';
    const states = statesOf(object as Cluster);
    const open = names.filter(
      (name) => (states[name]?.update ?? '') !== updateAsked(object.metadata.annotations ?? {}, name),
    );
    const lacks = open.map((name) => states[name]?.problem ?? `source ${name} is being fetched`);
    return lacks.length === 0 ? null : lacks.join('; ');
  };

const update = async (context: CliContext, names: readonly string[], flags: UpdateFlags): Promise<void> => {
  const seconds = secondsOf('--timeout', flags.timeout);
  const client = context.connect(flags);
  const cluster = await clusterFor(client, flags);
  refuseStrange(cluster, names);
  const address = addressOf(cluster.metadata.name);
  const asked = new Date(context.now()).toISOString();
  const keys = names.length === 0 ? [UPDATE_ALL] : names.map(updateOf);
  const annotations = Object.fromEntries(keys.map((key) => [key, asked]));
  const { warning } = await valueOf(client.patch(address, { metadata: { annotations } }));
  if (warning !== null) context.err(`warning: ${warning}\n`);
  const meant = names.length === 0 ? (cluster.spec?.cookbooks ?? []).map(({ name }) => name) : names;
  if (!flags.wait) {
    context.out(`to be resolved anew: ${meant.join(', ')}\n`);
    return;
  }
  await waitFor(context, client, {
    targets: [{ address, uid: cluster.metadata.uid }],
    goal: answered(meant),
    seconds,
    reached: () => undefined,
    lacking: (_of, now) => {
      context.err(`${now}\n`);
    },
  });
  await list(context, { ...flags, namespace: cluster.metadata.name });
};

export const register = (program: Command, context: CliContext): void => {
  const cookbooks = program
    .command('cookbooks')
    .description('where recipes come from, and which revision is pinned');
  cookbooks
    .command('list', { isDefault: true })
    .description('the sources of a cluster, what they were resolved to, and what is wrong')
    .option('-o, --output <format>', 'json or yaml')
    .action(async (_flags: unknown, command: Command) => {
      await list(context, command.optsWithGlobals());
    });
  cookbooks
    .command('update')
    .description('resolve sources anew: all, or some; hosts get the new revision with their next event')
    .argument('[names...]', 'only these sources')
    .option('--no-wait', 'do not wait until it is done')
    .option('--timeout <time>', 'how long to wait: 30s, 10m', '10m')
    .action(async (names: readonly string[], _flags: unknown, command: Command) => {
      await update(context, names, command.optsWithGlobals());
    });
};
