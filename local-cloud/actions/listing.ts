/** Describe actions that are a table of things with ids, filters and pages. */
import * as E from 'fp-ts/lib/Either.js';
import type { ApiError, Result } from '../api-error.js';
import type { Action, LocalCloud } from '../context.js';
import { filterOf, type FilterTable } from '../filters.js';
import type { ResourceTags } from '../model.js';
import { pageOf } from '../pages.js';
import { list, type Params } from '../query.js';
import type { Xml } from '../xml.js';

interface Listing<T> {
  readonly things: (cloud: LocalCloud) => readonly T[];
  readonly id: (thing: T) => string;
  /** The parameter that names some of them, and the error when one is unknown. */
  readonly idParameter: string;
  readonly unknown: (id: string) => ApiError;
  readonly filters: FilterTable<T>;
  readonly tags: (cloud: LocalCloud, thing: T) => ResourceTags;
  readonly set: string;
  readonly xml: (cloud: LocalCloud, thing: T) => Xml;
}

const named = <T>(listing: Listing<T>, cloud: LocalCloud, params: Params): Result<readonly T[]> => {
  const things = listing.things(cloud);
  const ids = new Set(list(params, listing.idParameter));
  if (ids.size === 0) return E.right(things);
  const found = things.filter((thing) => ids.has(listing.id(thing)));
  const known = new Set(found.map(listing.id));
  const unknown = [...ids].find((id) => !known.has(id));
  return unknown === undefined ? E.right(found) : E.left(listing.unknown(unknown));
};

/** A describe action from a table: ids, filters, pages. */
export const listingAction = <T>(listing: Listing<T>): Action => ({
  handle: (cloud, params) => {
    const things = named(listing, cloud, params);
    if (E.isLeft(things)) return things;
    const matches = filterOf<T>(params, listing.filters, (thing) => listing.tags(cloud, thing));
    if (E.isLeft(matches)) return matches;
    const rows = things.right.filter(matches.right).map((thing, position) => ({ thing, position }));
    const page = pageOf(params, rows, ({ position }) => position);
    if (E.isLeft(page)) return page;
    return E.right({
      [listing.set]: page.right.items.map(({ thing }) => listing.xml(cloud, thing)),
      nextToken: page.right.nextToken,
    });
  },
});
