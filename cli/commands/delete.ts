/** `scalarium delete KIND NAME…` and `delete -f FILE` */
import type { Command } from 'commander';
import * as E from 'fp-ts/lib/Either.js';
import { inDependencyOrder } from '../../api-types/references.js';
import type { Address, Client, ObjectOf } from '../../client/client.js';
import { clusterMeant, lineOf } from '../answers.js';
import { readManifests } from '../checks.js';
import { type CliContext, CliError, type GlobalFlags, UsageError } from '../context.js';
import { secondsOf } from '../durations.js';
import { deleted } from '../waiting/goal.js';
import { type Waited, waitFor } from '../waiting/wait.js';
import { askedAll, shortName } from '../words.js';

interface DeleteFlags extends GlobalFlags {
  readonly filename?: readonly string[];
  readonly wait?: boolean;
  readonly timeout: string;
  readonly ignoreNotFound?: boolean;
}

const fromFiles = async (context: CliContext, flags: DeleteFlags): Promise<readonly Address[]> => {
  const placed = await readManifests(context, flags.filename ?? [], flags.namespace ?? null);
  const manifests = inDependencyOrder(placed.map(({ manifest }) => manifest));
  return manifests.toReversed().map(({ kind, metadata }) => ({
    kind,
    cluster: metadata.namespace ?? null,
    name: metadata.name,
  }));
};

const fromWords = async (
  client: Client,
  words: readonly string[],
  flags: DeleteFlags,
): Promise<readonly Address[]> => {
  const [word, ...more] = words;
  if (word === undefined) throw new UsageError('name what to delete: KIND NAME, or -f FILE');
  const wanted = askedAll(word, more);
  for (const { entry, names } of wanted)
    if (names.length === 0) throw new UsageError(`name the ${entry.plural} to delete`);
  const within = wanted.some(({ entry }) => entry.scope === 'Namespaced');
  const cluster = within ? await clusterMeant(client, flags) : null;
  return wanted.flatMap(({ kind, entry, names }) =>
    names.map((name) => ({ kind, cluster: entry.scope === 'Cluster' ? null : cluster, name })),
  );
};

/** The object whose end is to be waited for; null: it is gone, or was not there; else why not: others may go all the same. */
const deleteOne = async (
  context: CliContext,
  client: Client,
  address: Address,
  flags: DeleteFlags,
): Promise<ObjectOf | CliError | null> => {
  const name = shortName(address.kind, address.name);
  const result = await client.delete(address)();
  if (E.isLeft(result)) {
    if (result.left.code !== 404 || flags.ignoreNotFound !== true)
      return new CliError(`${name}: ${lineOf(result.left)}`, { cause: result.left });
    context.err(`${name} is not there\n`);
    return null;
  }
  context.out(`${name} ${result.right.object === null ? 'deleted' : 'is being deleted'}\n`);
  return result.right.object;
};

const run = async (context: CliContext, words: readonly string[], flags: DeleteFlags): Promise<void> => {
  const seconds = secondsOf('--timeout', flags.timeout);
  if (flags.filename !== undefined && words.length > 0)
    throw new UsageError('expected KIND NAME or -f FILE, not both');
  const client = context.connect(flags);
  const addresses =
    flags.filename === undefined ? await fromWords(client, words, flags) : await fromFiles(context, flags);
  const going: Waited[] = [];
  const failed: CliError[] = [];
  for (const address of addresses) {
    const object = await deleteOne(context, client, address, flags);
    if (object instanceof CliError) failed.push(object);
    else if (object !== null) going.push({ address, uid: object.metadata.uid });
  }
  const last = failed.pop();
  for (const { message } of failed) context.err(`${context.program}: ${message}\n`);
  if (last !== undefined) throw last;
  if (flags.wait !== true) return;
  const reached = ({ kind, name }: Address): void => {
    context.out(`${shortName(kind, name)} deleted\n`);
  };
  await waitFor(context, client, { targets: going, goal: deleted, seconds, reached });
};

export const register = (program: Command, context: CliContext): void => {
  program
    .command('delete')
    .description('delete objects; hosts of a deleted role are shut down, then terminated')
    .argument('[kind]', 'clouds, clusters, roles, instances, or KIND/NAME')
    .argument('[names...]')
    .option('-f, --filename <path...>', 'what these files, directories or - (standard input) name')
    .option('--wait', 'until they are gone')
    .option('--timeout <time>', 'how long --wait waits: 30s, 10m', '10m')
    .option('--ignore-not-found', 'what is not there is fine')
    .action(async (kind: string | undefined, names: readonly string[], _flags: unknown, command: Command) => {
      await run(context, kind === undefined ? [] : [kind, ...names], command.optsWithGlobals());
    });
};
