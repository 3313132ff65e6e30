/** Tables (`meta.k8s.io`): objects as rows of cells, as `kubectl get` prints them. */
import type { ColumnSource } from '../../api-types/kinds.js';
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

const columnsOf = ({ columns, table }: View): readonly TableColumn[] =>
  table ?? [
    NAME,
    ...columns.map(({ title, wide = false, read }): TableColumn => ({
      title,
      description: `${title} of the object.`,
      wide,
      cell: { text: (live) => read(sourceOf(live)) },
    })),
    AGE,
  ];

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
  const known = new WeakMap<Live, Cells>();
  return (live, now) => {
    const cells = known.get(live) ?? cellsOf(columns, live);
    known.set(live, cells);
    return cells.texts.reduce((line, text, index) => {
      const time = cells.times[index - 1];
      return time === undefined ? line + text : `${line}"${age(now - time)}"${text}`;
    });
  };
};
