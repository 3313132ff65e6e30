/** What `-o` says, and machine-readable output. */
import { UsageError } from './context.js';
import { type CustomColumn, customColumns } from './print/custom-columns.js';
import { type Template, templateOf } from './print/template.js';

export const FORMATS = ['yaml', 'json', 'wide', 'name'] as const;
export type Format = (typeof FORMATS)[number] | 'table';

/** Formats with a text of their own: `jsonpath=…`. */
export const SHAPED = ['jsonpath', 'custom-columns'] as const;

/** How to print: a format, or a shape with its text read. */
export type Output =
  | { readonly as: Format }
  | { readonly as: 'jsonpath'; readonly template: Template }
  | { readonly as: 'columns'; readonly columns: readonly CustomColumn[] };

/** `-o` as typed; none: a table. */
export const formatOf = (word: string | undefined, allowed: readonly Format[] = FORMATS): Format => {
  if (word === undefined) return 'table';
  const format = allowed.find((candidate) => candidate === word);
  if (format === undefined) throw new UsageError(`-o: expected one of ${allowed.join(', ')}, got "${word}"`);
  return format;
};

/** `-o` of `get`: a format, `jsonpath=TEMPLATE` or `custom-columns=TITLE:.path,…`. */
export const outputOf = (word: string | undefined): Output => {
  const [, shape = '', text = ''] = /^([a-z-]+)=(.*)$/s.exec(word ?? '') ?? [];
  if (shape === 'jsonpath') return { as: 'jsonpath', template: templateOf(text) };
  if (shape === 'custom-columns') return { as: 'columns', columns: customColumns(text) };
  const format = [undefined, ...FORMATS].find((candidate) => candidate === word);
  if (format !== undefined || word === undefined) return { as: format ?? 'table' };
  const all = [...FORMATS, ...SHAPED.map((one) => `${one}=…`)].join(', ');
  throw new UsageError(`-o: expected one of ${all}, got "${word}"`);
};

/** A value as YAML or JSON, ending in a newline. */
export const machineText = async (format: 'yaml' | 'json', value: unknown): Promise<string> => {
  if (format === 'json') return `${JSON.stringify(value, null, 2)}\n`;
  const { yamlText } = await import('./yaml.js');
  return yamlText(value);
};
