/** Kinds and names as people type them: `roles`, `role/app`, `in app-1`, `roles,instances`, `all`. */
import type { KindEntry } from '../api-types/kind-entry.js';
import { type KindName, KIND_NAMES, findKind, kindEntry } from '../api-types/kinds.js';
import { UsageError } from './context.js';

export interface Asked {
  readonly entry: KindEntry;
  readonly kind: KindName;
  readonly names: readonly string[];
}

const kindNamed = (word: string): KindEntry => {
  const entry = findKind(word);
  if (entry !== null) return entry;
  const known = KIND_NAMES.map((kind) => kindEntry(kind).plural).join(', ');
  throw new UsageError(`there is no kind "${word}"; there are ${known}`);
};

/** `KIND [NAME…]` or `KIND/NAME`. */
export const asked = (word: string, names: readonly string[]): Asked => {
  const [kindWord = '', name, ...rest] = word.split('/');
  if (rest.length > 0) throw new UsageError(`expected KIND NAME or KIND/NAME, got "${word}"`);
  const entry = kindNamed(kindWord);
  const all = name === undefined || name === '' ? names : [name, ...names];
  return { entry, kind: entry.kind as KindName, names: all };
};

/** Words of categories; `all` is the one that everything people write is in. */
const inCategory = (word: string): readonly KindName[] => {
  const category = word === 'all' ? 'scalarium' : word;
  return KIND_NAMES.filter((kind) => kindEntry(kind).categories.includes(category));
};

const kindsNamed = (words: string): readonly Asked[] => {
  const kinds = words.split(',').flatMap((word): readonly KindName[] => {
    const all = inCategory(word);
    return all.length > 0 ? all : [asked(word, []).kind];
  });
  return [...new Set(kinds)].map((kind) => ({ kind, entry: kindEntry(kind), names: [] }));
};

const merged = (all: readonly Asked[]): readonly Asked[] => {
  const kinds = [...new Set(all.map(({ kind }) => kind))];
  return kinds.map((kind) => {
    const names = all.filter((one) => one.kind === kind).flatMap((one) => one.names);
    return { kind, entry: kindEntry(kind), names: [...new Set(names)] };
  });
};

/** Any of: one kind with names, `KIND/NAME…`, kinds and categories parted by commas. */
export const askedAll = (word: string, names: readonly string[]): readonly Asked[] => {
  if (names.some((name) => name.includes('/'))) {
    const all = [word, ...names].map((one) => asked(one, []));
    if (all.every((one) => one.names.length === 1)) return merged(all);
    throw new UsageError(`expected KIND NAME… or KIND/NAME…, got "${[word, ...names].join(' ')}"`);
  }
  if (word.includes('/')) return [asked(word, names)];
  const kinds = kindsNamed(word);
  const [only] = kinds;
  if (names.length === 0) return kinds;
  if (only === undefined || kinds.length > 1)
    throw new UsageError(`names go with one kind; got ${word} and ${names.join(' ')}`);
  return [{ ...only, names: [...new Set(names)] }];
};

/** `role/app`: how an object is named in output. */
export const shortName = (kind: string, name: string): string => `${kind.toLowerCase()}/${name}`;
