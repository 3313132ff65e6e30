/** Kinds and names as people type them: `roles`, `role/app`, `in app-1`. */
import { type KindEntry, type KindName, KIND_NAMES, findKind, kindEntry } from '../api-types/kinds.js';
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

/** `role/app`: how an object is named in output. */
export const shortName = (kind: string, name: string): string => `${kind.toLowerCase()}/${name}`;
