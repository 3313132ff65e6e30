/** Everything about documents that can be wrong, found before anything is written. */
import * as E from 'fp-ts/lib/Either.js';
import type { KindName } from '../api-types/kinds.js';
import { type SentManifest, decodeManifest, nameOfManifest } from '../api-types/manifest.js';
import { SYSTEM_NAMESPACE } from '../api-types/metadata.js';
import { type Problem, problemText } from '../api-types/problems.js';
import { type Lookup, referenceProblems, referencesOf } from '../api-types/references.js';
import type { Client, ObjectOf } from '../client/client.js';
import { valueOf, valueOrNull } from './answers.js';
import { type CliContext, CliError } from './context.js';
import { type SourceDocument, parseTexts, sourceTexts } from './documents.js';

/** A manifest with the file it is from. */
export interface Placed {
  readonly source: SourceDocument;
  readonly manifest: SentManifest;
}

const lineOf = (source: SourceDocument, problem: Problem): string =>
  `${source.file} (document ${String(source.index)}, ${nameOfManifest(source.value)}): ${problemText(problem)}`;

/** Decodes all; the manifests, or a line for each problem. */
export const decodeAll = (
  documents: readonly SourceDocument[],
  cluster: string | null,
): E.Either<readonly string[], readonly Placed[]> => {
  const lines: string[] = [];
  const placed: Placed[] = [];
  for (const source of documents) {
    const manifest = decodeManifest(source.value, cluster);
    if (E.isLeft(manifest)) lines.push(...manifest.left.map((problem) => lineOf(source, problem)));
    else placed.push({ source, manifest: manifest.right });
  }
  return lines.length > 0 ? E.left(lines) : E.right(placed);
};

/** Duplicate names, dangling references and circles, a line each. */
const referenceLines = (placed: readonly Placed[], stored: Lookup): readonly string[] =>
  referenceProblems(
    placed.map(({ manifest }) => manifest),
    stored,
  ).flatMap(({ document, ...problem }) => {
    const one = placed[document];
    return one === undefined ? [] : [lineOf(one.source, problem)];
  });

const key = (kind: string, cluster: string | null, name: string): string =>
  `${kind}/${cluster ?? ''}/${name}`;

const remembered = (known: Map<string, unknown>, kind: KindName, items: readonly ObjectOf[]): void => {
  for (const { metadata, spec } of items)
    if (metadata.deletionTimestamp === undefined)
      known.set(key(kind, metadata.namespace ?? null, metadata.name), spec);
};

/** What is stored of all that the manifests could refer to: clouds, clusters, and the roles and applications of their clusters. */
const storedLookup = async (client: Client, placed: readonly Placed[]): Promise<Lookup> => {
  const known = new Map<string, unknown>();
  if (placed.flatMap(({ manifest }) => referencesOf(manifest)).length > 0) {
    remembered(known, 'Cloud', (await valueOf(client.list('Cloud'))).items);
    remembered(known, 'Cluster', (await valueOf(client.list('Cluster'))).items);
    if (placed.some(({ manifest }) => referencesOf(manifest).some(({ kind }) => kind === 'Secret')))
      remembered(
        known,
        'Secret',
        (await valueOf(client.list('Secret', { cluster: SYSTEM_NAMESPACE }))).items,
      );
    const clusters = new Set(placed.flatMap(({ manifest }) => manifest.metadata.namespace ?? []));
    for (const cluster of clusters) {
      const list = await valueOrNull(client.list('Role', { cluster }));
      remembered(known, 'Role', list?.items ?? []);
      if (placed.some(({ manifest }) => manifest.kind === 'Deployment')) {
        const applications = await valueOrNull(client.list('Application', { cluster }));
        remembered(known, 'Application', applications?.items ?? []);
      }
    }
  }
  return (kind, cluster, name) => known.get(key(kind, cluster, name)) ?? null;
};

const refuse = (context: CliContext, lines: readonly string[]): never => {
  for (const line of lines) context.err(`${line}\n`);
  const count = lines.length === 1 ? 'one problem' : `${String(lines.length)} problems`;
  throw new CliError(`${count}; nothing was stored`);
};

/** Parses and decodes what `-f` names; ends the command when anything is wrong. */
export const readManifests = async (
  context: CliContext,
  paths: readonly string[],
  cluster: string | null,
): Promise<readonly Placed[]> => {
  const { documents, problems } = parseTexts(await sourceTexts(paths, () => context.readStdin()));
  const decoded = decodeAll(documents, cluster);
  const lines = [...problems, ...(E.isLeft(decoded) ? decoded.left : [])];
  if (lines.length > 0 || E.isLeft(decoded)) return refuse(context, lines);
  if (decoded.right.length === 0) throw new CliError('there is no document in what -f names');
  return decoded.right;
};

/** Checks references across files and store; ends the command when anything is wrong. */
export const checkReferences = async (
  context: CliContext,
  client: Client,
  placed: readonly Placed[],
): Promise<void> => {
  const lines = referenceLines(placed, await storedLookup(client, placed));
  if (lines.length > 0) refuse(context, lines);
};
