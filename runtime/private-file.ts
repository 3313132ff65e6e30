/**
 * Files that only their owner reads, and that are whole or absent, whatever happens to the machine. One process writes a
 * file at a time: its directory is locked, or the agent's own.
 */
import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

const PRIVATE = 0o600;

/** What was written to the file, or the names in the folder, are on disk when it resolves. */
export const syncPath = async (path: string): Promise<void> => {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/** Replaces the file: a reader sees the old text or the new one; durable when it resolves. */
export const writePrivate = async (path: string, text: string): Promise<void> => {
  const beside = `${path}.new`;
  const handle = await open(beside, 'w', PRIVATE);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(beside, path);
  await syncPath(dirname(path));
};

const writeAndSync = (path: string, text: string): void => {
  const handle = openSync(path, 'w', PRIVATE);
  try {
    writeFileSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
};

/** The same, for what must be on disk before the next line runs. */
export const writePrivateSync = (path: string, text: string): void => {
  const beside = `${path}.new`;
  writeAndSync(beside, text);
  renameSync(beside, path);
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
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
