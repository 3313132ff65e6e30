/** Where a host's path is on the machine that applies resources: always below the root, links included. */
import { lstat, mkdir, readlink, realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, normalize, relative, sep } from 'node:path';

const within = (root: string, path: string): boolean =>
  path === root || path.startsWith(root.endsWith(sep) ? root : `${root}${sep}`);

const hasCode = (error: unknown, code: string): boolean => (error as NodeJS.ErrnoException).code === code;

/** Runs `read` and gives null where the path does not exist. */
export const ifThere = async <A>(read: () => Promise<A>): Promise<A | null> => {
  try {
    return await read();
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return null;
    throw error;
  }
};

/** Below the root by its letters; throws for a path that is relative or climbs out. */
const lexical = (root: string, path: string): string => {
  if (!isAbsolute(path)) throw new Error(`the path "${path}" is not absolute`);
  const climbs = path.split('/').includes('..');
  if (climbs) throw new Error(`the path "${path}" has ".." in it`);
  return join(root, normalize(path));
};

/** A link whose target is not there would be followed by mkdir; name it instead. */
const refuseDangling = async (path: string, place: string): Promise<void> => {
  const found = await ifThere(() => lstat(place));
  if (found?.isSymbolicLink() !== true) return;
  throw new Error(`${path}: ${place} is a link to nothing (${await readlink(place)})`);
};

/** The deepest ancestor that exists, with all links followed, must still be below the root. */
const refuseEscape = async (root: string, path: string, place: string): Promise<void> => {
  const real = await ifThere(() => realpath(place));
  if (real === null) {
    await refuseDangling(path, place);
    await refuseEscape(root, path, dirname(place));
    return;
  }
  // a real path below the root as it is named makes that a real path, too
  if (!within(root, real) && !within(await realpath(root), real))
    throw new Error(`${path} leads out of the host's root, to ${real}`);
};

/**
 * The place of a host's path, its parents checked: none is a link out of the root. The last part itself may be a
 * link; callers replace it and do not follow it.
 */
export const placeOf = async (root: string, path: string): Promise<string> => {
  const place = lexical(root, path);
  if (place !== join(root, '/')) await refuseEscape(root, path, dirname(place));
  return place;
};

/** A directory by its own name, whatever links lead to it; it need not be there. */
const realDirectory = async (place: string): Promise<string> => {
  const real = await ifThere(() => realpath(place));
  return real ?? join(await realDirectory(dirname(place)), basename(place));
};

/** The place with all links followed that lead to it, but not one that it may be itself. */
export const realPlace = async (place: string): Promise<string> =>
  dirname(place) === place ? place : join(await realDirectory(dirname(place)), basename(place));

/** The same as the host sees it: what is below the root. */
export const hostPathOf = async (root: string, place: string): Promise<string> =>
  join('/', relative(await realpath(root), await realPlace(place)));

/** Makes the parents of a place that `placeOf` gave. */
export const makeParents = async (place: string): Promise<void> => {
  await mkdir(dirname(place), { recursive: true });
};

/** What is written into a link at `path`, its parents no links, so that it means the host's `target` wherever the root is. */
export const linkTarget = (path: string, target: string): string => {
  const from = dirname(normalize(path));
  const absolute = isAbsolute(target) ? normalize(target) : join(from, target);
  const climbs = !isAbsolute(target) && relative('/', from).split('/').filter(Boolean).length < ups(target);
  if (climbs) throw new Error(`the link ${path} to "${target}" leads out of the host's root`);
  return relative(from, absolute) || '.';
};

/** How far a relative target climbs at its highest. */
const ups = (target: string): number => {
  let depth = 0;
  let highest = 0;
  for (const part of target.split('/')) {
    if (part === '' || part === '.') continue;
    depth += part === '..' ? -1 : 1;
    highest = Math.min(highest, depth);
  }
  return -highest;
};
