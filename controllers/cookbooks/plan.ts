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
  /** `resolve`: to what there is now; `restore`: to what is pinned, whose pack is lost. */
  readonly action: 'resolve' | 'restore';
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

const stepFor = (source: CookbookSource, facts: CookbookFacts): CookbookStep | null => {
  const { packs, states, annotations, lost } = facts;
  const fingerprint = fingerprintOf(source);
  const update = updateAsked(annotations, source.name);
  const pack = packs.find(({ name }) => name === source.name);
  const state = states[source.name];
  const common = { source, fingerprint, update };
  if (pack === undefined || state?.fingerprint !== fingerprint || (state.update ?? '') !== update)
    return { action: 'resolve', ...common, pinned: null };
  return lost.has(pack.digest) ? { action: 'restore', ...common, pinned: pack.revision } : null;
};

/** One for each source that needs something; of two with one name only the first counts. */
export const planCookbooks = (facts: CookbookFacts): readonly CookbookStep[] =>
  firstOfName(facts.sources).flatMap((source) => stepFor(source, facts) ?? []);

export const firstOfName = (sources: readonly CookbookSource[]): readonly CookbookSource[] =>
  sources.filter(({ name }, index) => sources.findIndex((one) => one.name === name) === index);

/** Of those that count. */
export const fingerprintsOf = (sources: readonly CookbookSource[]): ReadonlySet<string> =>
  new Set(firstOfName(sources).map(fingerprintOf));
