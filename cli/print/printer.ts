/** Lists of one kind or several, as `-o` asks for them. */
import type { ObjectList, ObjectOf } from '../../client/client.js';
import { type Paint, coloured, plain } from '../colour.js';
import { type Output, machineText } from '../output.js';
import { type TableStyle, headOf, rowOf, tableText } from '../table.js';
import { type Asked, shortName } from '../words.js';
import { customRow } from './custom-columns.js';
import { exportable, exported } from './export.js';
import { filledIn } from './template.js';

export interface Found {
  readonly asked: Asked;
  readonly list: ObjectList;
}

export interface Manner {
  readonly output: Output;
  readonly style: TableStyle;
  readonly colour: boolean;
  readonly exporting: boolean;
  /** YAML and JSON with who owns which field, which is long. */
  readonly managed: boolean;
}

/** How text is coloured, or that it is not. */
export const paintOf = ({ colour }: Pick<Manner, 'colour'>): Paint => (colour ? coloured : plain);

const withoutManaged = (object: ObjectOf): ObjectOf => {
  const kept = Object.entries(object.metadata).filter(([key]) => key !== 'managedFields');
  return { ...object, metadata: Object.fromEntries(kept) as unknown as ObjectOf['metadata'] };
};

const shownOf = (found: readonly Found[], { managed }: Manner): readonly Found[] =>
  managed
    ? found
    : found.map(({ asked, list }) => ({ asked, list: { ...list, items: list.items.map(withoutManaged) } }));

const objectsOf = (found: readonly Found[]): readonly ObjectOf[] => found.flatMap(({ list }) => list.items);

/** The one object that was asked for by name, else a list: of its kind, or of several. */
const machineValue = (found: readonly Found[]): unknown => {
  const [first] = found;
  if (first === undefined || found.length > 1)
    return { apiVersion: 'v1', kind: 'List', metadata: {}, items: objectsOf(found) };
  return first.asked.names.length === 1 ? first.list.items[0] : first.list;
};

/** Tables of several kinds name each object with its kind; empty ones are left out. */
const tables = (found: readonly Found[], { style, colour }: Manner): string =>
  found
    .filter(({ list }) => list.items.length > 0)
    .map(({ asked: { entry, kind }, list }) => {
      const named = { ...style, ...(found.length > 1 ? { kind } : {}) };
      const rows = list.items.map((object) => rowOf(entry, object, named));
      return `${tableText([headOf(entry, named), ...rows], [], paintOf({ colour }))}\n`;
    })
    .join('\n');

const exportText = async (found: readonly Found[], format: 'yaml' | 'json'): Promise<string> => {
  const items = exportable(objectsOf(found), found.length).map(exported);
  if (format === 'json') return machineText('json', { apiVersion: 'v1', kind: 'List', metadata: {}, items });
  const texts = await Promise.all(items.map((item) => machineText('yaml', item)));
  return texts.join('---\n');
};

/** The whole text. */
export const printed = async (found: readonly Found[], manner: Manner): Promise<string> => {
  const { output, exporting } = manner;
  if (exporting) return exportText(found, output.as === 'json' ? 'json' : 'yaml');
  switch (output.as) {
    case 'name':
      return objectsOf(found)
        .map(({ kind, metadata }) => `${shortName(kind, metadata.name)}\n`)
        .join('');
    case 'yaml':
    case 'json':
      return machineText(output.as, machineValue(shownOf(found, manner)));
    case 'jsonpath':
      return filledIn(output.template, machineValue(found));
    case 'columns': {
      const rows = objectsOf(found).map((object) => customRow(output.columns, object));
      return `${tableText([output.columns.map(({ title }) => title), ...rows])}\n`;
    }
    default:
      return tables(found, manner);
  }
};
