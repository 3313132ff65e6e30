/** Lists in pages: they are put together here, and begun again when the server has forgotten the place (410). */
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { KindName } from '../api-types/kinds.js';
import type { Status } from '../api-types/status.js';
import type { ObjectList } from './client.js';
import type { Requester } from './http.js';
import { collectionPath, queryOf } from './paths.js';

export interface ListOptions {
  /** Null or none: cluster-wide, or of all clusters. */
  readonly cluster?: string | null;
  readonly labelSelector?: string;
  /** `status.phase=online,spec.role=app`. */
  readonly fieldSelector?: string;
  readonly name?: string;
  /** Objects a page; all pages are read whatever it is. */
  readonly pageSize?: number;
}

const PAGE = 500;

/** A list that ends with 410 every time is given up on. */
const TRIES = 3;

/** The field selector that also holds for the name that is asked for. */
export const fieldsOf = ({ fieldSelector, name }: ListOptions): string | undefined => {
  const terms = [fieldSelector, name === undefined ? undefined : `metadata.name=${name}`];
  const given = terms.filter((term) => term !== undefined && term !== '');
  return given.length === 0 ? undefined : given.join(',');
};

interface Page<K extends KindName> extends ObjectList<K> {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
}

const pageOf = async <K extends KindName>(
  request: Requester,
  kind: K,
  options: ListOptions,
  place: string | undefined,
): Promise<E.Either<Status, Page<K>>> => {
  const query = queryOf({
    labelSelector: options.labelSelector,
    fieldSelector: fieldsOf(options),
    limit: String(options.pageSize ?? PAGE),
    continue: place,
  });
  const answer = await request('GET', collectionPath(kind, options.cluster ?? null) + query);
  return E.map(({ json }: { readonly json: unknown }) => json as Page<K>)(answer);
};

const allPages = async <K extends KindName>(
  request: Requester,
  kind: K,
  options: ListOptions,
): Promise<E.Either<Status, ObjectList<K>>> => {
  const items: ObjectList<K>['items'][number][] = [];
  let place: string | undefined;
  for (;;) {
    const page = await pageOf(request, kind, options, place);
    if (E.isLeft(page)) return page;
    items.push(...page.right.items);
    const { resourceVersion, continue: next } = page.right.metadata;
    if (next === undefined || next === '')
      return E.right({ ...page.right, metadata: { resourceVersion }, items });
    place = next;
  }
};

/** The whole list. */
export const wholeList =
  <K extends KindName>(
    request: Requester,
    kind: K,
    options: ListOptions = {},
  ): TaskEither<Status, ObjectList<K>> =>
  async () => {
    for (let attempt = 1; ; attempt += 1) {
      const list = await allPages(request, kind, options);
      if (E.isRight(list) || list.left.code !== 410 || attempt >= TRIES) return list;
    }
  };
