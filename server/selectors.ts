/** `labelSelector` and `fieldSelector` of lists and watches. */
import * as E from 'fp-ts/lib/Either.js';
import type { Status } from '../api-types/status.js';
import type { Live } from '../store/objects/objects.js';
import { badRequest } from './statuses.js';

export type Selector = (live: Live) => boolean;

const TERM = /^(!?)([^=!]+)(?:(==?|!=)([^=!]*))?$/;

const labelTerm = (term: string): Selector | null => {
  const [, not, key = '', operator, value = ''] = TERM.exec(term) ?? [];
  if (key === '' || /[\s(),]/.test(key)) return null;
  if (operator === undefined) return (live) => Object.hasOwn(live.labels, key) === (not === '');
  if (not !== '') return null;
  return (live) => (live.labels[key] === value) === (operator !== '!=');
};

const FIELDS: Readonly<Record<string, (live: Live) => string>> = {
  'metadata.name': (live) => live.ref.name,
  'metadata.namespace': (live) => live.ref.cluster ?? '',
};

const fieldTerm = (term: string): Selector | null => {
  const [, not, key = '', operator, value = ''] = TERM.exec(term) ?? [];
  const read = FIELDS[key];
  if (read === undefined || operator === undefined || not !== '') return null;
  return (live) => (read(live) === value) === (operator !== '!=');
};

const terms = (text: string | null): readonly string[] =>
  (text ?? '')
    .split(',')
    .map((term) => term.trim())
    .filter((term) => term !== '');

/** Holds for the objects a request asks for. */
export const selectorOf = (query: URLSearchParams): E.Either<Status, Selector> => {
  const selectors: Selector[] = [];
  for (const term of terms(query.get('labelSelector'))) {
    const selector = labelTerm(term);
    if (selector === null)
      return E.left(
        badRequest(`labelSelector: expected label=value, label!=value, label or !label, got "${term}"`),
      );
    selectors.push(selector);
  }
  for (const term of terms(query.get('fieldSelector'))) {
    const selector = fieldTerm(term);
    if (selector === null)
      return E.left(
        badRequest(`fieldSelector: expected metadata.name=… or metadata.namespace=…, got "${term}"`),
      );
    selectors.push(selector);
  }
  return E.right((live) => selectors.every((selects) => selects(live)));
};
