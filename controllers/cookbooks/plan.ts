/** What has to be done about the sources of a cluster: pure. */
import { createHash } from 'node:crypto';
import {
  updateAsked,
  type CookbookPack,
  type CookbookSource,
  type CookbookSourceState,
} from '../../api-types/cookbooks.js';
import { canonicalJson } from '../../api-types/snapshot-digest.js';

export interface CookbookFacts {
  readonly sources: readonly CookbookSource[];
  readonly packs: readonly CookbookPack[];
  readonly states: Readonly<Record<string, CookbookSourceState>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Digests of packs that are named and not there. */
  readonly lost: ReadonlySet<string>;
}

export interface CookbookStep {
  /** `resolve`: to what there is now; `restore`: to what is pinned, whose pack is lost; `recall`: to what was pinned before. */
  readonly action: 'resolve' | 'restore' | 'recall';
  readonly source: CookbookSource;
  readonly fingerprint: string;
  /** The request for an update that this answers; empty: none was ever made. */
  readonly update: string;
  readonly pinned: string | null;
}

const CHARACTERS = 16;

/** Of all that says where a source is; the name of its Secret is part of it, the content is not. */
export const fingerprintOf = (source: CookbookSource): string =>
  createHash('sha256').update(canonicalJson(source)).digest('hex').slice(0, CHARACTERS);

const stepsFor = (source: CookbookSource, facts: CookbookFacts): readonly CookbookStep[] => {
  const { packs, states, annotations, lost } = facts;
  const fingerprint = fingerprintOf(source);
  const update = updateAsked(annotations, source.name);
  const pack = packs.find(({ name }) => name === source.name);
  const state = states[source.name];
  const common = { source, fingerprint, update };
  if (pack === undefined || state?.fingerprint !== fingerprint || (state.update ?? '') !== update)
    return [{ action: 'resolve', ...common, pinned: null }];
  const { previous, previousRevision } = state;
  const steps: CookbookStep[] = [];
  if (lost.has(pack.digest)) steps.push({ action: 'restore', ...common, pinned: pack.revision });
  if (previous !== undefined && previousRevision !== undefined && lost.has(previous))
    steps.push({ action: 'recall', ...common, pinned: previousRevision });
  return steps;
};

/** For each source that needs something; of two with one name only the first counts. */
export const planCookbooks = (facts: CookbookFacts): readonly CookbookStep[] =>
  firstOfName(facts.sources).flatMap((source) => stepsFor(source, facts));

export const firstOfName = (sources: readonly CookbookSource[]): readonly CookbookSource[] =>
  sources.filter(({ name }, index) => sources.findIndex((one) => one.name === name) === index);

/** Of those that count. */
export const fingerprintsOf = (sources: readonly CookbookSource[]): ReadonlySet<string> =>
  new Set(firstOfName(sources).map(fingerprintOf));
