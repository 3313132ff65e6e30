/** `/etc/sudoers.d/scalarium-<name>`: the right to become root. */
import { lstat, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeWhole } from '../files.js';
import { ifThere, placeOf } from '../place.js';
import { isMissing, mustRun } from '../tools.js';

const FOLDER = '/etc/sudoers.d';
const PREFIX = 'scalarium-';
const MODE = 0o440;

const contentFor = (name: string): string =>
  `# Written by Scalarium; changes are overwritten.\n${name} ALL=(ALL:ALL) NOPASSWD:ALL\n`;

/** One file that sudo cannot read takes sudo away from everybody: visudo judges it first, where there is one. */
const judged =
  (signal: AbortSignal) =>
  async (fresh: string): Promise<void> => {
    try {
      await mustRun(['visudo', '-c', '-f', fresh], { signal });
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  };

/** Gives whether it was changed. The name must be one that `planAccounts` lets through. */
export const applySudo = async (root: string, name: string, signal: AbortSignal): Promise<boolean> => {
  const place = await placeOf(root, `${FOLDER}/${PREFIX}${name}`);
  const found = await ifThere(() => lstat(place));
  const content = contentFor(name);
  const asWanted = found?.isFile() === true && (found.mode & 0o7777) === MODE;
  if (asWanted && (await readFile(place, 'utf8')) === content) return false;
  await mkdir(dirname(place), { recursive: true, mode: 0o750 });
  await writeWhole(place, content, { mode: MODE }, judged(signal));
  return true;
};

/** An agent that may not look, as it is not root, has written none. */
const filesIn = async (folder: string): Promise<readonly string[]> => {
  try {
    return (await ifThere(() => readdir(folder))) ?? [];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return [];
    throw error;
  }
};

/** Takes away every sudo file of ours but those of `kept`; gives the names it was taken from. */
export const sweepSudo = async (root: string, kept: ReadonlySet<string>): Promise<readonly string[]> => {
  const folder = dirname(await placeOf(root, `${FOLDER}/x`));
  const files = await filesIn(folder);
  const names = files
    .filter((file) => file.startsWith(PREFIX))
    .map((file) => file.slice(PREFIX.length))
    .filter((name) => !kept.has(name));
  for (const name of names) await rm(join(folder, `${PREFIX}${name}`), { force: true });
  return names;
};
