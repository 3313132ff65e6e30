/** A view: stored objects of one kind as some API group serves them. Routes, lists, watches and discovery follow from it. */
import type { Column } from '../../api-types/columns.js';
import type { KindName } from '../../api-types/kinds.js';
import type { ApiObject, Labels } from '../../api-types/metadata.js';
import type { Live } from '../../store/objects/objects.js';

export type ResourceVerb =
  'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch';

export interface View {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** `v1`, `scalarium.dev/v1`. */
  readonly groupVersion: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly verbs: readonly ResourceVerb[];
  /** Names below an object: `status`, `scale`, `consent`. */
  readonly subresources: readonly string[];
  /** The stored kind that is shown. */
  readonly source: KindName;
  /** Between NAME and AGE. */
  readonly columns: readonly Column[];
  readonly object: (live: Live) => ApiObject;
  /** `object` as JSON text, written once for each Live. */
  readonly text: (live: Live) => string;
  /** All columns of its Tables, where they are not NAME, `columns` and AGE. */
  readonly table?: readonly TableColumn[];
  /** What label selectors look at; the object's own unless told. */
  readonly labels?: (live: Live) => Labels;
  /** Field selectors beside `metadata.name` and `metadata.namespace`. */
  readonly fields: Readonly<Record<string, (live: Live) => string>>;
  /** Objects that are there without being stored, unless one of their name is: everybody sees them. */
  readonly fixed: readonly Live[];
  /** For a view that is not written: what to write instead. */
  readonly instead?: string;
}

/** A column of a Table; ages are told anew with each answer, texts never change for a Live. */
export interface TableColumn {
  readonly title: string;
  readonly description: string;
  /** Only with `-o wide`. */
  readonly wide?: boolean;
  readonly cell:
    | { readonly text: (live: Live) => string }
    /** RFC 3339. */
    | { readonly since: (live: Live) => string };
}

/** Writes each object's JSON once: the cache's objects never change. */
export const textOnce = (object: View['object']): View['text'] => {
  const texts = new WeakMap<Live, string>();
  return (live) => {
    const known = texts.get(live);
    if (known !== undefined) return known;
    const text = JSON.stringify(object(live));
    texts.set(live, text);
    return text;
  };
};
