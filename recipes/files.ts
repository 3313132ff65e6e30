/** Executors of file, directory and link: check, then change only what differs. Each gives whether it changed. */
import { chmod, lstat, mkdir, open, readFile, readlink, rename, rm, symlink } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ifThere, linkTarget, makeParents, placeOf } from './place.js';
import type { DirectoryResource, LinkResource } from './resource.js';

const MODE_BITS = 0o7777;

const modeOf = (stats: Stats): number => stats.mode & MODE_BITS;

/** A name beside the place, the same each time, so that what a crash left is taken over by the next run. */
const besides = (place: string): string => join(dirname(place), `.${basename(place)}.scalarium-new`);

/** Throws when the file at this place must not come into force. */
export type Check = (fresh: string) => Promise<void>;

/** Readers see the old content or the new, never half of it, whenever the power goes; never what `check` refuses. */
export const writeWhole = async (
  place: string,
  content: string,
  mode: number,
  check: Check = () => Promise.resolve(),
): Promise<void> => {
  const fresh = besides(place);
  await rm(fresh, { force: true });
  const handle = await open(fresh, 'wx', mode);
  try {
    await handle.writeFile(content);
    await handle.chmod(mode);
    await handle.sync();
  } finally {
    await handle.close();
  }
  try {
    await check(fresh);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
  await rename(fresh, place);
};

const sameContent = async (place: string, stats: Stats, content: string): Promise<boolean> =>
  stats.size === Buffer.byteLength(content) && (await readFile(place, 'utf8')) === content;

const describeKind = (stats: Stats): string => (stats.isDirectory() ? 'a directory' : 'no plain file');

export const applyFile = async (
  root: string,
  file: { readonly path: string; readonly content: string; readonly mode?: number },
): Promise<boolean> => {
  const place = await placeOf(root, file.path);
  const mode = file.mode ?? 0o644;
  const found = await ifThere(() => lstat(place));
  if (found?.isFile() === true && (await sameContent(place, found, file.content))) {
    if (modeOf(found) === mode) return false;
    await chmod(place, mode);
    return true;
  }
  if (found !== null && !found.isFile() && !found.isSymbolicLink())
    throw new Error(`expected a file, found ${describeKind(found)}`);
  await makeParents(place);
  await writeWhole(place, file.content, mode);
  return true;
};

export const applyDirectory = async (root: string, directory: DirectoryResource): Promise<boolean> => {
  const place = await placeOf(root, directory.path);
  const mode = directory.mode ?? 0o755;
  const found = await ifThere(() => lstat(place));
  if (found !== null && !found.isDirectory()) throw new Error('expected a directory, found something else');
  if (found !== null && modeOf(found) === mode) return false;
  if (found === null) await mkdir(place, { recursive: true });
  await chmod(place, mode);
  return true;
};

export const applyLink = async (root: string, link: LinkResource): Promise<boolean> => {
  const place = await placeOf(root, link.path);
  const target = linkTarget(link.path, link.target);
  const found = await ifThere(() => lstat(place));
  if (found?.isSymbolicLink() === true && (await readlink(place)) === target) return false;
  if (found !== null && !found.isSymbolicLink() && !found.isFile())
    throw new Error(`expected a link, found ${describeKind(found)}`);
  await makeParents(place);
  const fresh = besides(place);
  await rm(fresh, { force: true });
  await symlink(target, fresh);
  await rename(fresh, place);
  return true;
};
