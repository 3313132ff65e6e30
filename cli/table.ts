/** Tables as people read them: columns aligned, no borders, one object a line. */
import type { KindEntry } from '../api-types/kind-entry.js';
import type { Condition } from '../api-types/metadata.js';
import type { ObjectOf } from '../client/client.js';
import { type Paint, plain } from './colour.js';
import { shortName } from './words.js';

export type Row = readonly string[];

/** Texts from hosts must not move a person's cursor. */
const CONTROL = /[\u0000-\u001f\u007f-\u009f]+/g;

const GAP = 3;

/** Widths that hold these rows, and at least the widths before. */
export const widthsOf = (rows: readonly Row[], least: readonly number[] = []): readonly number[] => {
  const columns = Math.max(least.length, ...rows.map((row) => row.length));
  return Array.from({ length: columns }, (_none, column) =>
    rows.reduce((widest, row) => Math.max(widest, row[column]?.length ?? 0), least[column] ?? 0),
  );
};

interface Look {
  readonly widths: readonly number[];
  readonly titles: Row;
  readonly paint: Paint;
}

/** Colour takes no room: it is added once the cell is as wide as it is to be. */
const lineOf = (row: Row, { widths, titles, paint }: Look): string =>
  row
    .map((cell, column) => {
      const gap = column === row.length - 1 ? 0 : (widths[column] ?? 0) + GAP - cell.length;
      return paint(titles[column] ?? '', cell) + ' '.repeat(Math.max(0, gap));
    })
    .join('')
    .trimEnd();

/** Rows as lines, without a trailing newline; `paint` is told the first row's titles. */
export const tableText = (
  rows: readonly Row[],
  least: readonly number[] = [],
  paint: Paint = plain,
  titles: Row = rows[0] ?? [],
): string => {
  const clean = rows.map((row) => row.map((cell) => cell.replace(CONTROL, ' ')));
  const look = { widths: widthsOf(clean, least), titles, paint };
  return clean.map((row) => lineOf(row, look)).join('\n');
};

const UNITS = [
  { unit: 'd', seconds: 86_400 },
  { unit: 'h', seconds: 3600 },
  { unit: 'm', seconds: 60 },
] as const;

/** `45s`, `12m`, `3h`, `5d`: two units of the largest are more than a person compares. */
export const ageText = (milliseconds: number): string => {
  if (!Number.isFinite(milliseconds)) return '-';
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  // kubectl's rule: below two of a unit the smaller one says more
  const fit = UNITS.find((candidate) => seconds >= 2 * candidate.seconds);
  return fit === undefined
    ? `${String(seconds)}s`
    : `${String(Math.floor(seconds / fit.seconds))}${fit.unit}`;
};

/** Time since an RFC 3339 time. */
export const since = (time: string | undefined, now: number): string =>
  time === undefined ? '-' : ageText(now - Date.parse(time));

/** The conditions the API serves as a list, by type. */
export const conditionsOf = (object: ObjectOf): Readonly<Record<string, Condition>> => {
  const list = object.status?.['conditions'];
  if (!Array.isArray(list)) return {};
  return Object.fromEntries((list as readonly Condition[]).map((condition) => [condition.type, condition]));
};

export interface TableStyle {
  readonly wide: boolean;
  /** With a column that says which cluster. */
  readonly clusters: boolean;
  readonly now: number;
  /** Names are said with this kind: `role/app`. */
  readonly kind?: string;
}

const columnsOf = (entry: KindEntry, { wide }: TableStyle): KindEntry['columns'] =>
  entry.columns.filter((column) => wide || column.wide !== true);

/** The titles of a kind's table. */
export const headOf = (entry: KindEntry, style: TableStyle): Row => [
  ...(style.clusters ? ['NAMESPACE'] : []),
  'NAME',
  ...columnsOf(entry, style).map(({ title }) => title.toUpperCase()),
  'AGE',
];

const cellOf = (read: () => string): string => {
  try {
    return read();
  } catch {
    // an object of a newer server, or one half written: the other columns still say something
    return '-';
  }
};

/** An object's line. */
export const rowOf = (entry: KindEntry, object: ObjectOf, style: TableStyle): Row => {
  const { name, namespace, creationTimestamp, deletionTimestamp } = object.metadata;
  const source = {
    name,
    spec: object.spec,
    status: { ...object.status, conditions: conditionsOf(object) },
    deleting: deletionTimestamp !== undefined,
  };
  return [
    ...(style.clusters ? [namespace ?? '-'] : []),
    style.kind === undefined ? name : shortName(style.kind, name),
    ...columnsOf(entry, style).map((column) => cellOf(() => column.read(source))),
    since(creationTimestamp, style.now),
  ];
};
