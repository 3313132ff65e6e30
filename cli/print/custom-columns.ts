/** `-o custom-columns=NAME:.metadata.name,…` and `--sort-by`. */
import { UsageError } from '../context.js';
import { type Path, pathOf, textOf, valuesAt } from './jsonpath.js';

export interface CustomColumn {
  readonly title: string;
  readonly path: Path;
}

const bare = (path: string): string => path.replace(/^\{(.*)\}$/, '$1');

/** Commas inside brackets belong to the path. */
const parts = (text: string): readonly string[] => text.split(/,(?![^[]*\])/);

/** The columns as typed. */
export const customColumns = (text: string): readonly CustomColumn[] =>
  parts(text).map((part) => {
    const [, title = '', path = ''] = /^([^:]+):(.+)$/.exec(part) ?? [];
    if (title === '')
      throw new UsageError(`-o custom-columns: expected TITLE:.path,…, got "${part}" in "${text}"`);
    return { title: title.trim(), path: pathOf(bare(path)) };
  });

/** One object's cells; `<none>` where it has none. */
export const customRow = (columns: readonly CustomColumn[], object: unknown): readonly string[] =>
  columns.map(({ path }) => {
    const found = valuesAt(object, path);
    return found.length === 0 ? '<none>' : found.map(textOf).join(',');
  });

const compared = (left: unknown, right: unknown): number => {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  return textOf(left).localeCompare(textOf(right), 'en', { numeric: true });
};

/** Objects in the order of what is at a path: numbers as numbers, `app-2` before `app-10`; those without it first. */
export const sortedBy = <O>(objects: readonly O[], path: string): readonly O[] => {
  const steps = pathOf(bare(path));
  const keyed = objects.map((object) => ({ object, key: valuesAt(object, steps)[0] }));
  return keyed.toSorted((left, right) => compared(left.key, right.key)).map(({ object }) => object);
};
