/** Tables (`meta.k8s.io`): objects as rows of cells, as `kubectl get` prints them. */
import type { Column, ColumnSource } from '../../api-types/columns.js';
import { kindSchema } from '../../api-types/kind-schema.js';
import type { KindName } from '../../api-types/kinds.js';
import type { Schema } from '../../api-types/schema.js';
import { parseTimestamp } from '../../runtime/clock.js';
import type { Live } from '../../store/objects/objects.js';
import { age } from './ages.js';
import type { TableColumn, View } from '../views/view.js';

const NAME: TableColumn = {
  title: 'Name',
  description: 'Unique among the objects of its kind in a cluster.',
  cell: { text: ({ ref }) => ref.name },
};

const AGE: TableColumn = {
  title: 'Age',
  description: 'Since when there is the object.',
  cell: { since: ({ createdAt }) => createdAt },
};

const sourceOf = ({ ref, spec, status, deletion }: Live): ColumnSource => ({
  name: ref.name,
  spec,
  status,
  deleting: deletion !== null,
});

/** What a half-written or newer object does not have is no reason to show nothing of it. */
const guarded =
  (read: (live: Live) => string) =>
  (live: Live): string => {
    try {
      return read(live);
    } catch {
      return '-';
    }
  };

/** What is said of the field that a column shows. */
const descriptionOf = (kind: KindName, { title, field }: Column): string => {
  let schema: Schema | undefined = kindSchema(kind);
  for (const name of field.split('.')) schema = schema?.properties?.[name];
  // of a list of conditions a column shows one
  if (field === 'status.conditions') return `Whether the condition ${title} holds.`;
  return schema?.description ?? '';
};

const allColumns = ({ source, columns, table }: View): readonly TableColumn[] =>
  table ?? [
    NAME,
    ...columns.map((column): TableColumn => ({
      title: column.title,
      description: descriptionOf(source, column),
      wide: column.wide ?? false,
      cell: { text: (live) => column.read(sourceOf(live)) },
    })),
    AGE,
  ];

const known = new WeakMap<View, readonly TableColumn[]>();

const columnsOf = (view: View): readonly TableColumn[] => {
  const columns = known.get(view) ?? allColumns(view);
  known.set(view, columns);
  return columns;
};

/** `columnDefinitions` of a view's Tables. */
export const columnDefinitions = (view: View): readonly object[] =>
  columnsOf(view).map(({ title, description, wide = false }) => ({
    name: title,
    type: 'string',
    format: title === 'Name' ? 'name' : '',
    description,
    priority: wide ? 1 : 0,
  }));

/** JSON texts between which ages come: an age is told anew with each answer. */
interface Cells {
  readonly texts: readonly string[];
  readonly times: readonly number[];
}

const cellsOf = (columns: readonly TableColumn[], live: Live): Cells => {
  const texts = ['['];
  const times: number[] = [];
  columns.forEach(({ cell }, index) => {
    const last = `${texts.pop() ?? ''}${index === 0 ? '' : ','}`;
    if ('text' in cell) texts.push(last + JSON.stringify(guarded(cell.text)(live)));
    else {
      times.push(parseTimestamp(guarded(cell.since)(live)));
      texts.push(last, '');
    }
  });
  texts.push(`${texts.pop() ?? ''}]`);
  return { texts, times };
};

/** Gives the cells of a row as JSON at a time; what does not change with time is written once for each Live. */
export const rowCells = (view: View): ((live: Live, now: number) => string) => {
  const columns = columnsOf(view);
  const written = new WeakMap<Live, Cells>();
  return (live, now) => {
    const cells = written.get(live) ?? cellsOf(columns, live);
    written.set(live, cells);
    return cells.texts.reduce((line, text, index) => {
      const time = cells.times[index - 1];
      return time === undefined ? line + text : `${line}"${age(now - time)}"${text}`;
    });
  };
};
