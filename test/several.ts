/**
 * Runs several test files in one process (`tsx test/several.ts FILE…`): for unit tests, of which there are many and
 * each is quick. Fails when one of the files registers no suite.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

interface UvuGlobals {
  UVU_DEFER: number;
  UVU_QUEUE: unknown[][];
  UVU_INDEX: number;
}

const uvu = globalThis as unknown as UvuGlobals;
// uvu looks at this when it is loaded: else it would begin before the last file is there
uvu.UVU_DEFER = 1;
const { exec } = await import('uvu');
const { suitesMade } = await import('./suite.js');

for (const [index, file] of process.argv.slice(2).entries()) {
  const before = suitesMade();
  uvu.UVU_QUEUE.push([file]);
  uvu.UVU_INDEX = index;
  await import(pathToFileURL(join(process.cwd(), file)).href);
  if (suitesMade() === before) throw new Error(`${file} has no suite`);
}
await exec();
