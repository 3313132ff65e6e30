/**
 * The JSONPath of kubectl, the part people use: fields, `['a.b']`, `[0]`, `[-1]`, `[1:3]`, `[*]`, `..name`, filters
 * `[?(@.type=="Ready")]`; in templates also `{range …}…{end}`, texts in quotes and between braces.
 */
import { UsageError } from '../context.js';

type Operator = '==' | '!=' | '<' | '<=' | '>' | '>=';

export type Step =
  | { readonly step: 'field'; readonly name: string }
  | { readonly step: 'all' }
  | { readonly step: 'below'; readonly name: string }
  | { readonly step: 'slice'; readonly from: number | null; readonly to: number | null }
  | { readonly step: 'index'; readonly at: number }
  | { readonly step: 'filter'; readonly path: Path; readonly is: Operator | null; readonly value: unknown };
export type Path = readonly Step[];

const wrong = (text: string, why: string): UsageError =>
  new UsageError(
    `JSONPath: expected a path like .status.phase or .items[*].metadata.name, got "${text}" (${why})`,
  );

const FILTER = /^\?\(\s*@(.*?)\s*(?:(==|!=|<=|>=|<|>)\s*(.+?))?\s*\)$/;

const literal = (text: string, whole: string): unknown => {
  const quoted = /^'(.*)'$|^"(.*)"$/.exec(text);
  if (quoted !== null) return quoted[1] ?? quoted[2];
  try {
    return JSON.parse(text);
  } catch {
    throw wrong(whole, `${text} is no text in quotes, number, true or false`);
  }
};

const filterStep = (inside: string, whole: string): Step => {
  const [, path, operator, value] = FILTER.exec(inside) ?? [];
  if (path === undefined) throw wrong(whole, `[${inside}] is no filter like [?(@.type=="Ready")]`);
  const is = (operator ?? null) as Operator | null;
  return { step: 'filter', path: pathOf(path), is, value: is === null ? null : literal(value ?? '', whole) };
};

const numberOrNull = (text: string | undefined): number | null =>
  text === undefined || text === '' ? null : Number(text);

const bracketStep = (inside: string, whole: string): Step => {
  if (inside === '*') return { step: 'all' };
  if (inside.startsWith('?')) return filterStep(inside, whole);
  const quoted = /^'(.*)'$|^"(.*)"$/.exec(inside);
  if (quoted !== null) return { step: 'field', name: quoted[1] ?? quoted[2] ?? '' };
  if (/^-?\d+$/.test(inside)) return { step: 'index', at: Number(inside) };
  const slice = /^(-?\d+)?:(-?\d+)?$/.exec(inside);
  if (slice === null) throw wrong(whole, `[${inside}] is not understood`);
  return { step: 'slice', from: numberOrNull(slice[1]), to: numberOrNull(slice[2]) };
};

/** The end of a bracket that opens at `start`: quotes may hold one. */
const bracketEnd = (text: string, start: number): number => {
  let quote = '';
  for (let at = start + 1; at < text.length; at += 1) {
    const letter = text.charAt(at);
    if (quote !== '') quote = letter === quote ? '' : quote;
    else if (letter === '"' || letter === "'") quote = letter;
    else if (letter === ']') return at;
  }
  throw wrong(text, 'a [ is not closed');
};

const FIELD = /^(\.\.?)((?:\\.|[^.[\]\s\\])+)/;

const fieldStep = (dots: string, name: string): Step => {
  if (dots === '..') return { step: 'below', name };
  return name === '*' ? { step: 'all' } : { step: 'field', name: name.replaceAll(/\\(.)/g, '$1') };
};

/** The step that begins at `at`, and where it ends. */
const stepAt = (whole: string, at: number): { readonly step: Step; readonly end: number } => {
  const rest = whole.slice(at);
  const [all = '', dots = '', name = ''] = FIELD.exec(rest) ?? [];
  if (all !== '') return { step: fieldStep(dots, name), end: at + all.length };
  if (!/^\.?\[/.test(rest)) throw wrong(whole, `${rest} is not understood`);
  const start = whole.indexOf('[', at);
  const end = bracketEnd(whole, start);
  return { step: bracketStep(whole.slice(start + 1, end).trim(), whole), end: end + 1 };
};

/** The steps of `.a.b[0]`; a leading `$` or `@` and a missing first dot are fine. */
export const pathOf = (text: string): Path => {
  const bare = text.trim().replace(/^[$@]/, '');
  const whole = /^(?:[.[]|$)/.test(bare) ? bare : `.${bare}`;
  const steps: Step[] = [];
  for (let at = whole === '.' ? 1 : 0; at < whole.length;) {
    const { step, end } = stepAt(whole, at);
    steps.push(step);
    at = end;
  }
  return steps;
};

const childrenOf = (value: unknown): readonly unknown[] => {
  if (Array.isArray(value)) return value as readonly unknown[];
  return typeof value === 'object' && value !== null ? Object.values(value) : [];
};

const fieldOf = (value: unknown, name: string): readonly unknown[] => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  if (!Object.hasOwn(value, name)) return [];
  return [(value as Readonly<Record<string, unknown>>)[name]];
};

const below = (value: unknown, name: string): readonly unknown[] => [
  ...(name === '*' ? childrenOf(value) : fieldOf(value, name)),
  ...childrenOf(value).flatMap((child) => below(child, name)),
];

const COMPARED: Readonly<Record<Operator, (left: never, right: never) => boolean>> = {
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
};

const holds = ({ path, is, value }: Extract<Step, { readonly step: 'filter' }>, item: unknown): boolean => {
  const found = valuesAt(item, path);
  if (is === null) return found.length > 0;
  return found.some((one) => COMPARED[is](one as never, value as never));
};

const listOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? (value as readonly unknown[]) : [];

type Take<S> = (value: unknown, step: S) => readonly unknown[];

const TAKES: { readonly [S in Step['step']]: Take<Extract<Step, { readonly step: S }>> } = {
  field: (value, { name }) => fieldOf(value, name),
  below: (value, { name }) => below(value, name),
  all: childrenOf,
  index: (value, { at }) => listOf(value).slice(at, at === -1 ? undefined : at + 1),
  slice: (value, { from, to }) => listOf(value).slice(from ?? 0, to ?? undefined),
  filter: (value, step) => childrenOf(value).filter((item) => holds(step, item)),
};

const taken = (value: unknown, step: Step): readonly unknown[] =>
  (TAKES[step.step] as Take<Step>)(value, step);

/** All values at a path; none where it leads nowhere. */
export const valuesAt = (value: unknown, path: Path): readonly unknown[] =>
  path.reduce<readonly unknown[]>((values, step) => values.flatMap((one) => taken(one, step)), [value]);

/** A value as text: texts as they are, anything else as JSON. */
export const textOf = (value: unknown): string => {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
};
