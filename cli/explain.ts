/** What `explain` prints of a schema: the same shape as kubectl's, so that people find their way. */
import { OBJECT_META, kindSchema } from '../api-types/kind-schema.js';
import type { KindName } from '../api-types/kinds.js';
import { API_GROUP } from '../api-types/metadata.js';
import type { Schema } from '../api-types/schema.js';
import { UsageError } from './context.js';

const WIDTH = 80;

/** Text in lines of at most 80 characters, each behind the indentation. */
const wrapped = (text: string, indent: string): string => {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && indent.length + longer.length > WIDTH) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line].map((one) => `${indent}${one}\n`).join('');
};

/** The schema whose fields are meant by a path through a list or a map: that of its items or values. */
const inside = (schema: Schema): Schema => {
  const inner = schema.items ?? schema.additionalProperties;
  return inner === undefined ? schema : inside(inner);
};

const fieldsOf = (schema: Schema): readonly (readonly [string, Schema])[] =>
  Object.entries(inside(schema).properties ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));

const typeText = (schema: Schema): string => {
  if (schema === OBJECT_META) return 'ObjectMeta';
  if (schema['x-kubernetes-int-or-string'] === true) return 'IntOrString';
  if (schema.items !== undefined) return `[]${typeText(schema.items)}`;
  if (schema.additionalProperties !== undefined) return `map[string]${typeText(schema.additionalProperties)}`;
  return schema.type === 'object' || schema.type === undefined ? 'Object' : schema.type;
};

const heading = (parent: Schema, name: string, schema: Schema): string => {
  const required = inside(parent).required?.includes(name) === true ? ' -required-' : '';
  return `${name}\t<${typeText(schema)}>${required}\n`;
};

const choices = (schema: Schema): readonly string[] => (schema.enum ?? []).map(String);

const listed = (schema: Schema): string =>
  fieldsOf(schema)
    .map(([name, field]) => {
      const words = choices(field);
      const among = words.length === 0 ? '' : wrapped(`enum: ${words.join(', ')}`, '  ');
      return `  ${heading(schema, name, field)}${among}${wrapped(field.description ?? '', '    ')}\n`;
    })
    .join('');

const tree = (schema: Schema, indent: string): string =>
  fieldsOf(schema)
    .map(([name, field]) => `${indent}${heading(schema, name, field)}${tree(field, `${indent}  `)}`)
    .join('');

interface Found {
  /** `spec.healing`; empty: the kind itself. */
  readonly path: string;
  readonly schema: Schema;
}

const below = (kind: KindName, found: Found, name: string): Found => {
  const fields = fieldsOf(found.schema);
  const field = fields.find(([known]) => known === name)?.[1];
  const path = found.path === '' ? name : `${found.path}.${name}`;
  if (field !== undefined) return { path, schema: field };
  const whole = [kind.toLowerCase(), found.path].filter((part) => part !== '').join('.');
  const known = fields.map(([one]) => one).join(', ');
  throw new UsageError(
    `${whole} has no field "${name}"; ${known === '' ? 'it has no fields' : `there are ${known}`}`,
  );
};

const fieldLines = ({ path, schema }: Found): string => {
  if (path === '') return '';
  const words = choices(schema);
  const among = words.length === 0 ? '' : `ENUM:\n${words.map((word) => `    ${word}\n`).join('')}`;
  return `FIELD: ${path.split('.').at(-1) ?? ''} <${typeText(schema)}>\n${among}\n`;
};

/** The manual page of a kind, or of a field below it. */
export const explained = (kind: KindName, names: readonly string[], recursive: boolean): string => {
  const start: Found = { path: '', schema: kindSchema(kind) };
  const found = names.reduce<Found>((last, name) => below(kind, last, name), start);
  const fields = recursive ? tree(found.schema, '  ') : listed(found.schema);
  const about = `DESCRIPTION:\n${wrapped(found.schema.description ?? '', '    ')}`;
  return [
    `GROUP:      ${API_GROUP}\nKIND:       ${kind}\nVERSION:    v1\n\n`,
    fieldLines(found),
    about,
    fields === '' ? '' : `\nFIELDS:\n${fields}`,
  ].join('');
};
