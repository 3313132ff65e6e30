/** Templates: `{{ haproxy.port }}` and nothing else. */
import * as E from 'fp-ts/lib/Either.js';

const PLACE = /\{\{\s*([^{}]*?)\s*\}\}/g;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const lookUp = (attributes: Readonly<Record<string, unknown>>, name: string): unknown =>
  name
    .split('.')
    .reduce<unknown>(
      (value, part) => (isRecord(value) && Object.hasOwn(value, part) ? value[part] : undefined),
      attributes,
    );

const isText = (value: unknown): value is string | number | boolean =>
  ['string', 'number', 'boolean'].includes(typeof value);

/** Fills in a template; Left names every attribute that is unknown or is no text, number or boolean. */
export const render = (
  template: string,
  attributes: Readonly<Record<string, unknown>>,
): E.Either<string, string> => {
  const unknown = new Set<string>();
  const text = template.replace(PLACE, (_place, name: string) => {
    const value = lookUp(attributes, name);
    if (isText(value)) return String(value);
    unknown.add(name);
    return '';
  });
  return unknown.size === 0
    ? E.right(text)
    : E.left(`unknown attribute ${[...unknown].map((name) => `"${name}"`).join(', ')} in the template`);
};
