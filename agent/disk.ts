/** Files that are whole or absent, whatever happens to the machine. */
import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/** Replaces the file: a reader sees the old text or the new one; durable when it resolves. */
export const writeWhole = async (path: string, text: string, mode = 0o600): Promise<void> => {
  const beside = `${path}.new`;
  const handle = await open(beside, 'w', mode);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(beside, path);
  await syncFolder(dirname(path));
};

/** The file's text, or null when there is none. */
export const readIfThere = async (path: string): Promise<string | null> => {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
};
