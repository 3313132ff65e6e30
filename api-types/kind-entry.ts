/** What is known of a kind. */
import type * as t from 'io-ts';
import type { Column } from './columns.js';

export interface KindEntry<S = unknown, T = unknown> {
  readonly kind: string;
  readonly plural: string;
  readonly shortNames: readonly string[];
  readonly scope: 'Cluster' | 'Namespaced';
  /** `spec`: people write it, controllers keep a record beside it. `record`: controllers only; read-only in the API. */
  readonly home: 'spec' | 'record';
  /** What the kind is, in a sentence or two: the first lines of `explain`. */
  readonly about: string;
  /** `kubectl get <category>` lists all kinds of it. */
  readonly categories: readonly string[];
  /** Nothing is behind its objects: the record of a deleted one is forgotten at once, no controller tears anything down. */
  readonly bare: boolean;
  /** Its spec stays what it was made with: a change is refused. */
  readonly fixed?: boolean;
  readonly spec: t.Type<S> | null;
  readonly status: t.Type<T>;
  /** Fills in defaults; applied at admission and whenever a raw spec is read. Pure. */
  readonly defaults: (spec: S) => S;
  readonly columns: readonly Column[];
}

/** Ties a kind's codecs to the types of its defaults. */
export const entry = <S, T>(
  value: Omit<KindEntry<S, T>, 'columns'> & { readonly columns: readonly Column[] },
): KindEntry<S, T> => value;
