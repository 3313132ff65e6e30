/** YAML as it is printed. A file of its own: a bundle gives `await import('yaml')` without its named exports. */
import { stringify } from 'yaml';

export const yamlText = (value: unknown): string =>
  stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
