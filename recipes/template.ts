/** Templates: `{{ haproxy.port }}` and nothing else. */
import * as E from 'fp-ts/lib/Either.js';
import type { Filled } from './resource.js';
import { isReference, type Secrets } from './secrets.js';

const PLACE = /\{\{([^{}]*)\}\}/g;

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

/**
 * Fills in a template; Left names every attribute that is unknown or is no text, number or boolean. `resolved`: the
 * values of those that are references to secrets.
 */
export const render = (
  template: string,
  attributes: Readonly<Record<string, unknown>>,
  resolved: ReadonlyMap<string, string> = new Map(),
): E.Either<string, string> => {
  const unknown = new Set<string>();
  const text = template.replace(PLACE, (_place, between: string) => {
    const name = between.trim();
    const value = resolved.get(name) ?? lookUp(attributes, name);
    if (isText(value)) return String(value);
    unknown.add(name);
    return '';
  });
  return unknown.size === 0
    ? E.right(text)
    : E.left(`unknown attribute ${[...unknown].map((name) => `"${name}"`).join(', ')} in the template`);
};

export interface FilledText {
  readonly text: string;
  /** There is a secret in it. */
  readonly secret: boolean;
}

/** Fills in a template, secrets too: only those that stand in it are asked for. Throws as `render` says. */
export const fill = async ({ template, attributes }: Filled, secrets: Secrets): Promise<FilledText> => {
  const resolved = new Map<string, string>();
  for (const [, between = ''] of template.matchAll(PLACE)) {
    const name = between.trim();
    const value = lookUp(attributes, name);
    if (isReference(value) && !resolved.has(name)) resolved.set(name, await secrets.text(value));
  }
  const rendered = render(template, attributes, resolved);
  if (E.isLeft(rendered)) throw new Error(rendered.left);
  return { text: rendered.right, secret: resolved.size > 0 };
};
