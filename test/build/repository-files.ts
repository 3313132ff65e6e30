/** Files of a test, by path below a folder; one that begins with `#!` can be run. */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export type Files = Readonly<Record<string, string>>;

export const putFiles = async (folder: string, files: Files): Promise<void> => {
  for (const [path, content] of Object.entries(files)) {
    const place = join(folder, path);
    await mkdir(dirname(place), { recursive: true });
    await writeFile(place, content);
    await chmod(place, content.startsWith('#!') ? 0o755 : 0o644);
  }
};
