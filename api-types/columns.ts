/** Columns of `get` and of Tables: their titles, the field they show, and how it is read. */
import type { Conditions } from './metadata.js';

/** `read` gives a column's text from the object as the API serves it; wide ones show with `-o wide`. */
export interface Column {
  readonly title: string;
  /** Path of the field that is shown, as `spec.replicas`: what is said of it is said of the column. */
  readonly field: string;
  readonly wide?: boolean;
  readonly read: (object: ColumnSource) => string;
}

export interface ColumnSource {
  readonly name: string;
  readonly spec: unknown;
  readonly status: unknown;
  readonly deleting: boolean;
}

const conditionOf = (status: unknown, type: string): string => {
  const conditions = (status as { readonly conditions?: Conditions } | undefined)?.conditions;
  return conditions?.[type]?.status ?? 'Unknown';
};

const text = (value: unknown): string => {
  if (value === undefined || value === null || value === '') return '-';
  return typeof value === 'string' ? value : JSON.stringify(value);
};

/** A column of a kind with this spec and status. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- they say what the reader is given
export const column = <S, T>(
  title: string,
  field: string,
  read: (spec: S, status: T, source: ColumnSource) => unknown,
  wide = false,
): Column => ({
  title,
  field,
  wide,
  read: (source) => text(read(source.spec as S, (source.status ?? {}) as T, source)),
});

/** Whether the condition Ready holds. */
export const ready = column<unknown, unknown>('Ready', 'status.conditions', (_spec, status) =>
  conditionOf(status, 'Ready'),
);
