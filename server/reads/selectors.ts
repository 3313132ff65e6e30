/** `labelSelector` and `fieldSelector` of lists and watches. */
import * as E from 'fp-ts/lib/Either.js';
import { isLabelKey, isLabelValue } from '../../api-types/labels.js';
import type { Labels } from '../../api-types/metadata.js';
import type { Status } from '../../api-types/status.js';
import type { Live } from '../../store/objects/objects.js';
import { badRequest } from '../statuses.js';
import type { View } from '../views/view.js';

export type Selector = (live: Live) => boolean;

type Term = E.Either<string, Selector>;
type LabelTerm = E.Either<string, (labels: Labels) => boolean>;

const ownLabels = ({ labels }: Live): Labels => labels;

/** `key in (a, b)`, `key notin (a)`. */
const SET_TERM = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/;
const VALUE_TERM = /^([^=!\s]+)\s*(==|=|!=)([^=!]*)$/;
const PRESENCE_TERM = /^(!?)\s*([^=!\s()]+)$/;

/** At commas outside of brackets. */
const labelTerms = (text: string): readonly string[] => {
  const terms: string[] = [''];
  let inside = false;
  for (const letter of text) {
    if (letter === ',' && !inside) {
      terms.push('');
      continue;
    }
    inside = letter === '(' || (inside && letter !== ')');
    terms.push(`${terms.pop() ?? ''}${letter}`);
  }
  return terms;
};

const chosen = (key: string, values: readonly string[], wanted: boolean): LabelTerm => {
  if (!isLabelKey(key)) return E.left(`"${key}" is no label key`);
  const wrong = values.find((value) => !isLabelValue(value));
  if (wrong !== undefined) return E.left(`"${wrong}" is no label value`);
  const among = new Set(values);
  return E.right((labels) => {
    const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
    return (value !== undefined && among.has(value)) === wanted;
  });
};

const present = (key: string, wanted: boolean): LabelTerm =>
  isLabelKey(key)
    ? E.right((labels) => Object.hasOwn(labels, key) === wanted)
    : E.left(`"${key}" is no label key`);

const labelTerm = (term: string): LabelTerm => {
  const set = SET_TERM.exec(term);
  if (set !== null) {
    const [, key = '', operator, values = ''] = set;
    const named = values.split(',').map((value) => value.trim());
    return chosen(key, named, operator === 'in');
  }
  const compared = VALUE_TERM.exec(term);
  if (compared !== null) {
    const [, key = '', operator, value = ''] = compared;
    return chosen(key, [value.trim()], operator !== '!=');
  }
  const [, not, key] = PRESENCE_TERM.exec(term) ?? [];
  if (key !== undefined) return present(key, not === '');
  return E.left('expected key=value, key!=value, key in (a,b), key notin (a,b), key or !key');
};

const onLabels =
  ({ labels = ownLabels }: View) =>
  (holds: (labels: Labels) => boolean): Selector =>
  (live) =>
    holds(labels(live));

const readers = ({ fields }: View): Readonly<Record<string, (live: Live) => string>> => ({
  'metadata.name': ({ ref }) => ref.name,
  'metadata.namespace': ({ ref }) => ref.cluster ?? '',
  ...fields,
});

const unescaped = (text: string): string => text.replace(/\\([\\,=])/g, '$1');

const fieldTerm =
  (view: View) =>
  (term: string): Term => {
    const [, key = '', operator, value = ''] = /^([^=!]+?)(==|=|!=)(.*)$/s.exec(term) ?? [];
    if (operator === undefined) return E.left('expected field=value or field!=value');
    const known = readers(view);
    const read = Object.hasOwn(known, key) ? known[key] : undefined;
    if (read === undefined)
      return E.left(
        `field label not supported: "${key}"; ${view.plural} know ${Object.keys(known).sort().join(', ')}`,
      );
    const wanted = unescaped(value);
    return E.right((live) => (read(live) === wanted) === (operator !== '!='));
  };

/** Each is held against every object. */
const MOST_TERMS = 200;

const parsed = (
  parameter: string,
  text: string,
  {
    split,
    term,
  }: { readonly split: (text: string) => readonly string[]; readonly term: (text: string) => Term },
): E.Either<Status, readonly Selector[]> => {
  const selectors: Selector[] = [];
  if (text.trim() === '') return E.right(selectors);
  const pieces = split(text);
  if (pieces.length > MOST_TERMS)
    return E.left(badRequest(`${parameter}: at most ${String(MOST_TERMS)} terms are taken`));
  for (const piece of pieces) {
    const selector = term(piece.trim());
    if (E.isLeft(selector))
      return E.left(badRequest(`${parameter}: ${selector.left}, in "${piece.trim().slice(0, 100)}"`));
    selectors.push(selector.right);
  }
  return E.right(selectors);
};

/** Holds for the objects of a view that a request asks for. */
export const selectorOf = (view: View, query: URLSearchParams): E.Either<Status, Selector> => {
  const labels = parsed('labelSelector', query.get('labelSelector') ?? '', {
    split: labelTerms,
    term: (term) => E.map(onLabels(view))(labelTerm(term)),
  });
  if (E.isLeft(labels)) return labels;
  const fields = parsed('fieldSelector', query.get('fieldSelector') ?? '', {
    // not at those that are escaped
    split: (text) => text.split(/(?<!\\),/),
    term: fieldTerm(view),
  });
  if (E.isLeft(fields)) return fields;
  const all = [...labels.right, ...fields.right];
  return E.right((live) => all.every((selects) => selects(live)));
};
