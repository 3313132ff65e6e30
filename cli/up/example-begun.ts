/**
 * The example is several objects, and a kill may come between two of them: that it was begun is noted in the data
 * directory until all of it is stored, so that the next start goes on instead of keeping a part of it.
 */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writePrivateSync } from '../../runtime/private-file.js';

const noteIn = (data: string): string => join(data, 'example-begun');

/** An earlier start began it and did not come to its end. */
export const wasBegun = (data: string): boolean => existsSync(noteIn(data));

/** Does `apply` under the note; where it fails, the note stays. */
export const underNote = async (data: string, apply: () => Promise<void>): Promise<void> => {
  writePrivateSync(noteIn(data), 'the example is being applied; the next start goes on with it\n');
  await apply();
  rmSync(noteIn(data), { force: true });
};
