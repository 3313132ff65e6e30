/** What fetchers of sources are given, and what they give. */
import type { ApplicationSource } from '../api-types/application-source.js';
import type { CookbookSource } from '../api-types/cookbooks.js';
import type { Clock } from '../runtime/clock.js';
import type { Texts } from '../runtime/sealing.js';
import type { Words } from './words.js';

export type Source = ApplicationSource | CookbookSource;

export interface Fetching {
  readonly source: Source;
  /** What is in the Secret that it names; null: it names none. */
  readonly texts: Texts | null;
  /** Only this revision will do: what was made of it is lost. Null: what there is now. */
  readonly pinned: string | null;
  /** A folder for this alone. */
  readonly folder: string;
  /** Known hosts of ssh are kept there. */
  readonly lasting: string;
  /** Repositories that are folders of this machine may be read: whoever started the control plane says so. */
  readonly local: boolean;
  readonly words: Words;
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

export interface Fetched {
  /** What it was resolved to: a commit, a number of svn, or the SHA-256 of an archive. */
  readonly revision: string;
  /** Where it was laid out. */
  readonly top: string;
}

/** Throws, for people: what was tried, what came of it, what to do. */
export type Fetcher = (fetching: Fetching) => Promise<Fetched>;

/** Those of cookbooks have names. */
export const isOfCookbooks = (source: Source): source is CookbookSource => 'name' in source;

export const wantsSubmodules = (source: Source): boolean =>
  isOfCookbooks(source) || source.submodules !== false;

/** A name and a password in an address are nobody's business. */
export const withoutPassword = (text: string): string => text.replace(/\/\/[^/@\s'"]+@/g, '//');

/** What the Secret holds under this key; null: nothing. */
export const textIn = (texts: Texts | null, key: string): string | null => {
  const text = texts !== null && Object.hasOwn(texts, key) ? texts[key] : undefined;
  return text === undefined || text === '' ? null : text;
};

/** Throws with the key's name where a Secret that is named lacks it. */
export const textNamed = (texts: Texts, keys: readonly string[], source: Source): string => {
  for (const key of keys) {
    const text = textIn(texts, key);
    if (text !== null) return text;
  }
  const all = keys.join(' or ');
  throw new Error(
    `the Secret ${source.secret ?? ''} has no ${all}: scalarium secret set ${source.secret ?? ''} ${keys[0] ?? ''}=-`,
  );
};
