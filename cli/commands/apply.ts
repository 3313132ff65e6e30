/** `scalarium apply -f FILE`: all documents are checked first; with any problem nothing is stored. */
import type { Command } from 'commander';
import * as E from 'fp-ts/lib/Either.js';
import { isDeepStrictEqual } from 'node:util';
import type { SentManifest } from '../../api-types/manifest.js';
import type { Status } from '../../api-types/status.js';
import { inDependencyOrder } from '../../api-types/references.js';
import type { Address, Client, ObjectOf, Written } from '../../client/client.js';
import { lineOf, valueOrNull } from '../answers.js';
import { type Placed, checkReferences, readManifests } from '../checks.js';
import { type CliContext, CliError, FIELD_MANAGER, type GlobalFlags, UsageError } from '../context.js';
import { documentFor } from '../documents-for.js';
import { conditionsOf } from '../table.js';
import { shortName } from '../words.js';

interface ApplyFlags extends GlobalFlags {
  readonly filename: readonly string[];
  readonly serverSide?: boolean;
  readonly forceConflicts?: boolean;
  readonly fieldManager?: string;
  readonly dryRun?: string;
}

/** How it is applied. */
interface How {
  /** By server-side apply. */
  readonly serverSide: boolean;
  /** Takes fields over from other managers. */
  readonly force: boolean;
  readonly fieldManager: string;
  /** The server checks all and stores nothing. */
  readonly dryRun: boolean;
}

const PLAINLY: How = { serverSide: false, force: false, fieldManager: FIELD_MANAGER, dryRun: false };

type Applied = 'created' | 'configured' | 'unchanged' | 'serverside-applied';

const TRIES = 5;

const holds = (
  has: Readonly<Record<string, string>> | undefined,
  wanted: Readonly<Record<string, string>> | undefined,
): boolean => Object.entries(wanted ?? {}).every(([name, text]) => has?.[name] === text);

/** In force already: a frozen or going object is never what the file says. */
const isUnchanged = (manifest: SentManifest, live: ObjectOf): boolean =>
  live.metadata.deletionTimestamp === undefined &&
  conditionsOf(live)['Valid']?.status !== 'False' &&
  holds(live.metadata.labels, manifest.metadata.labels) &&
  holds(live.metadata.annotations, manifest.metadata.annotations) &&
  isDeepStrictEqual(live.spec, JSON.parse(JSON.stringify(manifest.spec)));

const addressOf = ({ kind, metadata }: SentManifest): Address => ({
  kind,
  cluster: metadata.namespace ?? null,
  name: metadata.name,
});

const done = (context: CliContext, { warning }: Written, how: Applied): Applied => {
  if (warning !== null) context.err(`warning: ${warning}\n`);
  return how;
};

const failed = ({ kind, name }: Address, status: Status): CliError =>
  new CliError(`${shortName(kind, name)}: ${lineOf(status)}`, { cause: status });

/** What the file says, and no default beside it: that would be owned too. */
const applyOnServer = async (
  context: CliContext,
  client: Client,
  { source, manifest }: Placed,
  { force, fieldManager, dryRun }: How,
): Promise<Applied> => {
  const address = addressOf(manifest);
  const written = await client.apply(address, source.value, { force, fieldManager, dryRun })();
  if (E.isRight(written)) return done(context, written.right, 'serverside-applied');
  throw failed(address, written.left);
};

/** Creates or replaces; somebody else who writes at the same time means another look. */
const applyOne = async (
  context: CliContext,
  client: Client,
  { manifest }: Placed,
  { fieldManager, dryRun }: How,
): Promise<Applied> => {
  const address = addressOf(manifest);
  const options = { fieldManager, dryRun };
  for (let attempt = 1; ; attempt += 1) {
    const live = await valueOrNull(client.get(address));
    if (live !== null && isUnchanged(manifest, live)) return 'unchanged';
    const document = documentFor(manifest, live);
    const written = await (
      live === null ? client.create(address, document, options) : client.replace(address, document, options)
    )();
    if (E.isRight(written)) return done(context, written.right, live === null ? 'created' : 'configured');
    if (written.left.code !== 409 || attempt >= TRIES) throw failed(address, written.left);
    await context.pause(50 * attempt);
  }
};

/** Checks all documents of the files, then makes the objects what they say; nothing is stored when any is wrong. */
export const applyFiles = async (
  context: CliContext,
  client: Client,
  files: { readonly names: readonly string[]; readonly namespace: string | null },
  how: How = PLAINLY,
): Promise<void> => {
  const placed = await readManifests(context, files.names, files.namespace);
  await checkReferences(context, client, placed);
  const sources = new Map(placed.map((one) => [one.manifest, one]));
  for (const manifest of inDependencyOrder(placed.map((one) => one.manifest))) {
    const one = sources.get(manifest);
    if (one === undefined) continue;
    const became = await (how.serverSide ? applyOnServer : applyOne)(context, client, one, how);
    const dry = how.dryRun ? ' (server dry run)' : '';
    context.out(`${shortName(manifest.kind, manifest.metadata.name)} ${became}${dry}\n`);
  }
};

const howOf = (flags: ApplyFlags): How => {
  const { serverSide = false, forceConflicts = false, fieldManager = FIELD_MANAGER, dryRun } = flags;
  if (forceConflicts && !serverSide) throw new UsageError('--force-conflicts goes with --server-side');
  if (dryRun !== undefined && !['server', 'none'].includes(dryRun))
    throw new UsageError(`--dry-run: expected server, got "${dryRun}" (what would come of it tells "plan")`);
  return { serverSide, force: forceConflicts, fieldManager, dryRun: dryRun === 'server' };
};

export const register = (program: Command, context: CliContext): void => {
  program
    .command('apply')
    .description('make objects what files say; nothing is stored when anything is wrong with any of them')
    .requiredOption('-f, --filename <path...>', 'files, directories, or - for standard input')
    .option('--server-side', 'let the server merge, by who owns which field')
    .option('--force-conflicts', 'with --server-side: take over what others own')
    .option('--field-manager <name>', 'in whose name', FIELD_MANAGER)
    .option('--dry-run <how>', 'server: it checks everything and stores nothing')
    .action(async (_flags: unknown, command: Command) => {
      const flags = command.optsWithGlobals<ApplyFlags>();
      const names = { names: flags.filename, namespace: flags.namespace ?? null };
      await applyFiles(context, context.connect(flags), names, howOf(flags));
    });
};
