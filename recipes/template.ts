/** Templates: `{{ haproxy.port }}`, `{{ password | json }}` and nothing else. */
import * as E from 'fp-ts/lib/Either.js';
import { isRecord } from './attributes.js';
import type { Filled } from './resource.js';
import { isReference, type Secrets } from './secrets.js';

const PLACE = /\{\{([^{}]*)\}\}/g;

/** What stands between the braces: `password | json`. */
const partsOf = (between: string): readonly [name: string, shape: string | undefined] => {
  const [name = '', shape] = between.split('|').map((part) => part.trim());
  return [name, shape];
};

/** Plain ones are left bare, for whoever reads them by eye or with a parser that knows no quotes. */
const quotedForEnvironment = (text: string): string =>
  /^[\w.,:/@%+=~-]*$/.test(text) ? text : `"${text.replace(/[\\"$`]/g, '\\$&')}"`;

/** PHP's: within double quotes $ would begin a name, within single quotes nothing means anything. */
const quotedForIni = (text: string): string =>
  text.includes("'") ? `"${text.replace(/[\\"$]/g, '\\$&')}"` : `'${text}'`;

type Text = string | number | boolean;

/** How a value is written so that the format around it takes it for one value, whatever is in it. */
const SHAPES: Readonly<Record<string, (value: Text) => string>> = {
  json: (value) => JSON.stringify(value),
  env: (value) => quotedForEnvironment(String(value)),
  ini: (value) => quotedForIni(String(value)),
};

const lookUp = (attributes: Readonly<Record<string, unknown>>, name: string): unknown =>
  name
    .split('.')
    .reduce<unknown>(
      (value, part) => (isRecord(value) && Object.hasOwn(value, part) ? value[part] : undefined),
      attributes,
    );

const isText = (value: unknown): value is Text => ['string', 'number', 'boolean'].includes(typeof value);

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
    const [name, shape] = partsOf(between);
    const value = resolved.get(name) ?? lookUp(attributes, name);
    const written = shape === undefined ? String : SHAPES[shape];
    if (isText(value) && written !== undefined) return written(value);
    unknown.add(written === undefined ? `${name} | ${shape ?? ''}` : name);
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
    const [name] = partsOf(between);
    const value = lookUp(attributes, name);
    if (isReference(value) && !resolved.has(name)) resolved.set(name, await secrets.text(value));
  }
  const rendered = render(template, attributes, resolved);
  if (E.isLeft(rendered)) throw new Error(rendered.left);
  return { text: rendered.right, secret: resolved.size > 0 };
};
