/** `scalarium apply -f FILE`: all documents are checked first; with any problem nothing is stored. */
import type { Command } from 'commander';
import * as E from 'fp-ts/lib/Either.js';
import { isDeepStrictEqual } from 'node:util';
import type { SentManifest } from '../../api-types/manifest.js';
import { inDependencyOrder } from '../../api-types/references.js';
import type { Address, Client, ObjectOf, Written } from '../../client/client.js';
import { lineOf, valueOrNull } from '../answers.js';
import { checkReferences, readManifests } from '../checks.js';
import { type CliContext, CliError, type GlobalFlags } from '../context.js';
import { documentFor } from '../documents-for.js';
import { conditionsOf } from '../table.js';
import { shortName } from '../words.js';

interface ApplyFlags extends GlobalFlags {
  readonly filename: readonly string[];
}

type Applied = 'created' | 'configured' | 'unchanged';

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

/** Creates or replaces; somebody else who writes at the same time means another look. */
const applyOne = async (context: CliContext, client: Client, manifest: SentManifest): Promise<Applied> => {
  const address = addressOf(manifest);
  for (let attempt = 1; ; attempt += 1) {
    const live = await valueOrNull(client.get(address));
    if (live !== null && isUnchanged(manifest, live)) return 'unchanged';
    const document = documentFor(manifest, live);
    const written = await (
      live === null ? client.create(address, document) : client.replace(address, document)
    )();
    if (E.isRight(written)) return done(context, written.right, live === null ? 'created' : 'configured');
    if (written.left.code !== 409 || attempt >= TRIES)
      throw new CliError(`${shortName(address.kind, address.name)}: ${lineOf(written.left)}`, {
        cause: written.left,
      });
    await context.pause(50 * attempt);
  }
};

/** Checks all documents of the files, then makes the objects what they say; nothing is stored when any is wrong. */
export const applyFiles = async (
  context: CliContext,
  client: Client,
  files: { readonly names: readonly string[]; readonly namespace: string | null },
): Promise<void> => {
  const placed = await readManifests(context, files.names, files.namespace);
  await checkReferences(context, client, placed);
  for (const manifest of inDependencyOrder(placed.map((one) => one.manifest))) {
    const how = await applyOne(context, client, manifest);
    context.out(`${shortName(manifest.kind, manifest.metadata.name)} ${how}\n`);
  }
};

export const register = (program: Command, context: CliContext): void => {
  program
    .command('apply')
    .description('make objects what files say; nothing is stored when anything is wrong with any of them')
    .requiredOption('-f, --filename <path...>', 'files, directories, or - for standard input')
    .action(async (_flags: unknown, command: Command) => {
      const flags = command.optsWithGlobals<ApplyFlags>();
      const names = { names: flags.filename, namespace: flags.namespace ?? null };
      await applyFiles(context, context.connect(flags), names);
    });
};
