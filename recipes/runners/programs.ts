/** Where on a host the tools of people's recipes are. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';

/** Null: none of the names is an executable in any folder of the path. */
export const findProgram = async (names: readonly string[], path: string): Promise<string | null> => {
  for (const name of names)
    for (const folder of path.split(':').filter((one) => one !== '')) {
      const program = join(folder, name);
      const there = await access(program, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (there) return program;
    }
  return null;
};
