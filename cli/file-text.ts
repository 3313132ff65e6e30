/** Files that people name. */
import { readFileSync } from 'node:fs';
import { CliError } from './context.js';

/** What is in the file; one that cannot be read is told with the option that named it. */
export const fileText = (file: string, option: string | null = null): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const named = option === null ? file : `${option} ${file}`;
    throw new CliError(`${named}: it cannot be read: ${(error as Error).message}`, { cause: error });
  }
};
