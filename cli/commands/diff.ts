/** `scalarium diff -f FILE`: what applying would change. Exit code 0: nothing; 1: something; 2 and more: it could not be told. */
import type { Command } from 'commander';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SentManifest } from '../../api-types/manifest.js';
import { inDependencyOrder } from '../../api-types/references.js';
import type { Client, ObjectOf } from '../../client/client.js';
import { valueOf, valueOrNull } from '../answers.js';
import { checkReferences, readManifests } from '../checks.js';
import { onTerminal } from '../child.js';
import { type CliContext, CliError, type GlobalFlags } from '../context.js';
import { compared } from '../diffing.js';
import { documentFor } from '../documents-for.js';
import { EXIT, never1 } from '../exit-codes.js';
import { yamlText } from '../yaml.js';

interface DiffFlags extends GlobalFlags {
  readonly filename: readonly string[];
}

/** What the object would be, by the server's word; null: it cannot be told before its cluster is there. */
const merged = async (client: Client, manifest: SentManifest, live: ObjectOf | null): Promise<unknown> => {
  const { kind, metadata } = manifest;
  const address = { kind, cluster: metadata.namespace ?? null, name: metadata.name };
  const document = documentFor(manifest, live);
  if (live !== null) return (await valueOf(client.replace(address, document, { dryRun: true }))).object;
  const cluster = address.cluster;
  const isCluster =
    cluster === null || (await valueOrNull(client.get({ kind: 'Cluster', cluster: null, name: cluster })));
  // a new object of a new cluster: the server cannot look at one without the other
  if (isCluster === null) return document;
  return (await valueOf(client.create(address, document, { dryRun: true }))).object;
};

/** Writes both sides of each document; false when nothing differs. */
const sides = async (
  client: Client,
  manifests: readonly SentManifest[],
  folder: string,
): Promise<boolean> => {
  let differs = false;
  for (const side of ['LIVE', 'MERGED']) mkdirSync(join(folder, side));
  for (const manifest of manifests) {
    const { kind, metadata } = manifest;
    const address = { kind, cluster: metadata.namespace ?? null, name: metadata.name };
    const live = await valueOrNull(client.get(address));
    const pair = compared(live, (await merged(client, manifest, live)) as ObjectOf);
    const [before, after] = pair.map((one) => (one === null ? '' : yamlText(one)));
    if (before === after) continue;
    differs = true;
    const file = [
      kind,
      ...(metadata.namespace === undefined ? [] : [metadata.namespace]),
      metadata.name,
    ].join('.');
    if (before !== '') writeFileSync(join(folder, 'LIVE', file), before ?? '', { mode: 0o600 });
    writeFileSync(join(folder, 'MERGED', file), after ?? '', { mode: 0o600 });
  }
  return differs;
};

const printed = async (context: CliContext, folder: string): Promise<number> => {
  const other = context.env['SCALARIUM_DIFF'] ?? context.env['KUBECTL_EXTERNAL_DIFF'] ?? '';
  const program = other === '' ? (context.colour ? 'diff -u -N --color=always' : 'diff -u -N') : other;
  const missing = 'there is no sh to start diff with';
  const [live, after] = [join(folder, 'LIVE'), join(folder, 'MERGED')];
  const { code } = await onTerminal(
    spawn,
    'sh',
    ['-c', `${program} "$1" "$2"`, 'diff', live, after],
    missing,
  );
  if (code <= 1) return EXIT.failed;
  throw new CliError(
    `"${program}" ended with ${String(code)}: install diff, or name another with $SCALARIUM_DIFF`,
  );
};

const run = async (context: CliContext, flags: DiffFlags): Promise<void> => {
  const placed = await readManifests(context, flags.filename, flags.namespace ?? null);
  const client = context.connect(flags);
  await checkReferences(context, client, placed);
  const folder = mkdtempSync(join(tmpdir(), 'scalarium-diff-'));
  try {
    const manifests = inDependencyOrder(placed.map(({ manifest }) => manifest));
    if (await sides(client, manifests, folder)) context.exitCode(await printed(context, folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

export const register = (program: Command, context: CliContext): void => {
  program
    .command('diff')
    .description('show what applying files would change in the objects')
    .requiredOption('-f, --filename <path...>', 'files, directories, or - for standard input')
    .action(async (_flags: unknown, command: Command) => {
      await run(context, command.optsWithGlobals()).catch(never1);
    });
};
