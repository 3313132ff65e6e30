/** `get -w`: changes as they come, after what was printed. */
import type { Client, ListOptions, ObjectOf } from '../../client/client.js';
import type { CliContext } from '../context.js';
import { type Row, headOf, rowOf, tableText, widthsOf } from '../table.js';
import { type Found, type Manner, paintOf, printed } from './printer.js';

export interface Followed {
  readonly found: Found;
  readonly manner: Manner;
  readonly options: ListOptions;
}

/** Lines of one table: its columns only ever get wider. */
const liner = ({ found: { asked, list }, manner }: Followed) => {
  const titles = headOf(asked.entry, manner.style);
  const known = list.items.map((object) => rowOf(asked.entry, object, manner.style));
  let widths = widthsOf([titles, ...known]);
  return (row: Row): string => {
    widths = widthsOf([row], widths);
    return `${tableText([row], widths, paintOf(manner), titles)}\n`;
  };
};

/** One object as its own document or line. */
const alone = async (object: ObjectOf, { found, manner }: Followed): Promise<string> => {
  const asked = { ...found.asked, names: [object.metadata.name] };
  const text = await printed([{ asked, list: { ...found.list, items: [object] } }], manner);
  if (manner.output.as === 'yaml') return `---\n${text}`;
  // its titles are above already
  if (manner.output.as === 'columns') return text.slice(text.indexOf('\n') + 1);
  return text.endsWith('\n') ? text : `${text}\n`;
};

/** Prints changes until the watch is ended. */
export const followed = async (context: CliContext, client: Client, what: Followed): Promise<void> => {
  const { asked, list } = what.found;
  const { resourceVersion } = list.metadata;
  const how = { ...what.options, resourceVersion, known: list.items, signal: context.interrupted };
  const [name, ...more] = asked.names;
  const named = name !== undefined && more.length === 0 ? { ...how, name } : how;
  const { as } = what.manner.output;
  const line = liner(what);
  for await (const { object, type } of client.watch(asked.kind, named)) {
    if (asked.names.length > 0 && !asked.names.includes(object.metadata.name)) continue;
    if (as !== 'table' && as !== 'wide') {
      context.out(await alone(object, what));
      continue;
    }
    const row = rowOf(asked.entry, object, { ...what.manner.style, now: context.now() });
    context.out(line(type === 'DELETED' ? [...row, '(deleted)'] : row));
  }
};
