/** Machine-readable output. */
import { UsageError } from './context.js';

const FORMATS = ['yaml', 'json', 'wide', 'name'] as const;
export type Format = (typeof FORMATS)[number] | 'table';

/** `-o` as typed; none: a table. */
export const formatOf = (word: string | undefined, allowed: readonly Format[] = FORMATS): Format => {
  if (word === undefined) return 'table';
  const format = allowed.find((candidate) => candidate === word);
  if (format === undefined) throw new UsageError(`-o: expected one of ${allowed.join(', ')}, got "${word}"`);
  return format;
};

/** A value as YAML or JSON, ending in a newline. */
export const machineText = async (format: 'yaml' | 'json', value: unknown): Promise<string> => {
  if (format === 'json') return `${JSON.stringify(value, null, 2)}\n`;
  const { yamlText } = await import('./yaml.js');
  return yamlText(value);
};
