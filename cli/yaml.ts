/** YAML as it is printed. A file of its own: a bundle gives `await import('yaml')` without its named exports. */
import { stringify } from 'yaml';

/** YAML without folded lines or anchors. */
export const yamlText = (value: unknown): string =>
  stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
