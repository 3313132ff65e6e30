/** `Filter.n.Name` and `Filter.n.Value.m`: any of a filter's values, all of the filters; `*` and `?` are wildcards. */
import * as E from 'fp-ts/lib/Either.js';
import { invalidValue, missingParameter, type Result } from './api-error.js';
import type { ResourceTags } from './model.js';
import { list, one, structs, type Params } from './query.js';

/** What a filter looks at: the values a thing has under that name. */
export type FilterTable<T> = Readonly<Record<string, (thing: T) => readonly string[]>>;

const literally = (character: string): string => character.replace(/[.*+?^${}()|[\]\\/-]/, '\\$&');

const wildcard = (pattern: string): RegExp => {
  const source = pattern.replace(/\\?[^]/g, (found) => {
    if (found === '*') return '.*';
    if (found === '?') return '.';
    return literally(found.length === 2 ? found.slice(1) : found);
  });
  return new RegExp(`^${source}$`, 's');
};

/** The characters a pattern may hold that are more than themselves. */
const isPattern = (text: string): boolean => /[*?\\]/.test(text);

const matcher = (values: readonly string[]): ((value: string) => boolean) => {
  const plain = new Set(values.filter((value) => !isPattern(value)));
  const patterns = values.filter(isPattern).map(wildcard);
  return (value) => plain.has(value) || patterns.some((pattern) => pattern.test(value));
};

const tagValues =
  (key: string) =>
  (tags: ResourceTags): readonly string[] => {
    const value = tags[key];
    return value === undefined ? [] : [value];
  };

const valuesOf = <T>(
  name: string,
  table: FilterTable<T>,
  tagsOf: (thing: T) => ResourceTags,
): ((thing: T) => readonly string[]) | undefined => {
  if (name.startsWith('tag:')) {
    const values = tagValues(name.slice('tag:'.length));
    return (thing) => values(tagsOf(thing));
  }
  if (name === 'tag-key') return (thing) => Object.keys(tagsOf(thing));
  return Object.hasOwn(table, name) ? table[name] : undefined;
};

/** A predicate of the call's filters; a filter nobody knows is an error, as at EC2. */
export const filterOf = <T>(
  params: Params,
  table: FilterTable<T>,
  tagsOf: (thing: T) => ResourceTags,
): Result<(thing: T) => boolean> => {
  const tests: ((thing: T) => boolean)[] = [];
  for (const filter of structs(params, 'Filter')) {
    const name = one(filter, 'Name');
    if (name === undefined) return E.left(missingParameter('Filter.Name'));
    const values = valuesOf(name, table, tagsOf);
    if (values === undefined) return E.left(invalidValue(`The filter '${name}' is invalid`));
    const matches = matcher(list(filter, 'Value'));
    tests.push((thing) => values(thing).some(matches));
  }
  return E.right((thing) => tests.every((test) => test(thing)));
};
