/** `scalarium __complete -- WORDS…`, for the scripts of shells: what could stand in place of the last word, a line each. */
import type { Command } from 'commander';
import * as E from 'fp-ts/lib/Either.js';
import { kindEntry } from '../../api-types/kinds.js';
import type { ObjectList } from '../../client/client.js';
import { collectionPath } from '../../client/paths.js';
import type { CliContext, GlobalFlags } from '../context.js';
import { type Candidates, candidates } from './candidates.js';

/** Verbs that bring a whole control plane along: too slow to load for a Tab. */
const HEAVY = ['up', 'down', 'agent', 'local-cloud', 'hosts'];

const flagIn = (line: readonly string[], ...named: readonly string[]): string | undefined => {
  const index = line.findIndex((word) => named.includes(word));
  return index < 0 ? undefined : line[index + 1];
};

const flagsIn = (line: readonly string[]): GlobalFlags =>
  Object.fromEntries(
    [
      ['namespace', flagIn(line, '-n', '--namespace')],
      ['data', flagIn(line, '--data')],
      ['server', flagIn(line, '--server')],
      ['token', flagIn(line, '--token')],
      ['kubeconfig', flagIn(line, '--kubeconfig')],
      ['context', flagIn(line, '--context')],
    ].filter(([, value]) => value !== undefined),
  ) as GlobalFlags;

const namesOf = async (
  context: CliContext,
  { kind, before }: Extract<Candidates, { readonly are: 'names' }>,
  line: readonly string[],
): Promise<readonly string[]> => {
  const flags = flagsIn(line);
  const cluster =
    kindEntry(kind).scope === 'Cluster'
      ? null
      : (flags.namespace ?? context.env['SCALARIUM_NAMESPACE'] ?? null);
  const signal = AbortSignal.timeout(context.tabPatience);
  const answer = await context
    .connect(flags)
    .raw('GET', `${collectionPath(kind, cluster)}?limit=500`, { signal })();
  if (E.isLeft(answer)) return [];
  const names = (answer.right.json as ObjectList).items.map(({ metadata }) => `${before}${metadata.name}`);
  return [...new Set(names)];
};

/** The program with the verb of these words loaded, unless that is one of `not`. */
export type ProgramFor = (words: readonly string[], not: readonly string[]) => Promise<Command>;

/** Prints what could stand in place of the last word. */
export const complete = async (
  context: CliContext,
  line: readonly string[],
  programFor: ProgramFor,
): Promise<void> => {
  const found = candidates(await programFor(line.slice(0, -1), HEAVY), line);
  if (found.are === 'files') {
    context.out(':files\n');
    return;
  }
  const all = found.are === 'words' ? found.words : await namesOf(context, found, line).catch(() => []);
  const current = line.at(-1) ?? '';
  const fitting = [...new Set(all)].filter((word) => word !== '' && word.startsWith(current));
  context.out(fitting.map((word) => `${word}\n`).join(''));
};
