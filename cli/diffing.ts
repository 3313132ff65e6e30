/** Two states of an object as `diff` shows them: without what the server writes, and without a Secret's values. */
import type { ObjectOf } from '../client/client.js';
import { exported } from './print/export.js';

type Texts = Readonly<Record<string, string>>;

const dataOf = (object: ObjectOf | null): Texts =>
  (object?.spec as { readonly data?: Texts } | undefined)?.data ?? {};

/** Values as stars; of one that differs both sides say that it does. */
const masked = (data: Texts, other: Texts, side: string): Texts =>
  Object.fromEntries(
    Object.entries(data).map(([key, text]) => {
      const differs = Object.hasOwn(other, key) && other[key] !== text;
      return [key, differs ? `*** (${side})` : '***'];
    }),
  );

const shown = (object: ObjectOf | null, other: ObjectOf | null, side: string): object | null => {
  if (object === null) return null;
  if (object.kind !== 'Secret') return exported(object);
  const data = masked(dataOf(object), dataOf(other), side);
  return exported({ ...object, spec: { data } });
};

/** What is and what would be. */
export const compared = (live: ObjectOf | null, next: ObjectOf): readonly [object | null, object | null] => [
  shown(live, next, 'before'),
  shown(next, live, 'after'),
];
