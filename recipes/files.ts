/** Files, directories and links: what differs is found by reading, and changed only when told. */
import {
  chmod,
  lchown,
  lstat,
  mkdir,
  open,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Ids } from './owners.js';
import { hostPathOf, ifThere, linkTarget, makeParents, placeOf } from './place.js';
import { change, type Change, type Verdict } from './scene.js';
import { textDiff } from './text-diff.js';

const MODE_BITS = 0o7777;

const modeOf = (stats: Stats): number => stats.mode & MODE_BITS;

/** A name beside the place, the same each time, so that what a crash left is taken over by the next run. */
export const besides = (place: string): string => join(dirname(place), `.${basename(place)}.scalarium-new`);

/** Throws when the file at this place must not come into force. */
export type Judge = (fresh: string) => Promise<void>;

const accepts: Judge = () => Promise.resolve();

/** What a file is to be, beside its content. */
export interface Rights {
  readonly mode: number;
  readonly ids?: Ids;
}

const own = async (place: string, ids: Ids | undefined): Promise<void> => {
  if (ids?.uid === undefined && ids?.gid === undefined) return;
  await lchown(place, ids.uid ?? -1, ids.gid ?? -1);
};

/** What was renamed into a folder is there whenever the power goes from now on. */
export const syncFolder = async (place: string): Promise<void> => {
  const handle = await open(dirname(place), 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/** In a container /etc/hosts and its like are mounts, whose place nothing can take: they are written where they are. */
const takePlace = async (fresh: string, place: string): Promise<void> => {
  try {
    await rename(fresh, place);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EBUSY') throw error;
    await writeFile(place, await readFile(fresh), { flag: 'r+' });
    await truncate(place, (await lstat(fresh)).size);
    await rm(fresh);
  }
};

/** Readers see the old content or the new, never half of it, whenever the power goes; never what `judge` refuses. */
export const writeWhole = async (
  place: string,
  content: string,
  { mode, ids }: Rights,
  judge: Judge = accepts,
): Promise<void> => {
  const fresh = besides(place);
  await rm(fresh, { force: true, recursive: true });
  try {
    const handle = await open(fresh, 'wx', 0o600);
    try {
      await handle.writeFile(content);
      if (ids !== undefined) await handle.chown(ids.uid ?? -1, ids.gid ?? -1);
      await handle.chmod(mode);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await judge(fresh);
    await takePlace(fresh, place);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
};

/** One read of what there should be and a byte more: readFile would ask for the size again and look for the end. */
const sameContent = async (place: string, stats: Stats, content: string): Promise<boolean> => {
  const wanted = Buffer.from(content);
  if (stats.size !== wanted.length) return false;
  const handle = await open(place, 'r');
  try {
    const found = Buffer.allocUnsafe(wanted.length + 1);
    const { bytesRead } = await handle.read(found, 0, found.length, 0);
    return bytesRead === wanted.length && found.subarray(0, bytesRead).equals(wanted);
  } finally {
    await handle.close();
  }
};

const describeKind = (stats: Stats): string => (stats.isDirectory() ? 'a directory' : 'no plain file');

const octal = (mode: number): string => `0${mode.toString(8)}`;

/** Mode and owner, where they differ from what is wanted. */
const rightsDiff = (found: Stats, { mode, ids = {} }: Rights): readonly string[] => [
  ...(modeOf(found) === mode ? [] : [`mode ${octal(modeOf(found))} → ${octal(mode)}`]),
  ...(ids.uid === undefined || ids.uid === found.uid
    ? []
    : [`uid ${String(found.uid)} → ${String(ids.uid)}`]),
  ...(ids.gid === undefined || ids.gid === found.gid
    ? []
    : [`gid ${String(found.gid)} → ${String(ids.gid)}`]),
];

const setRights = async (place: string, { mode, ids }: Rights): Promise<void> => {
  // in this order: a change of the owner takes setuid bits away
  await own(place, ids);
  await chmod(place, mode);
};

export interface WantedFile extends Rights {
  readonly path: string;
  readonly content: string;
  readonly judge?: Judge;
  /** It holds secrets, also those of before, which nobody knows any more: what goes is not shown. */
  readonly secret?: boolean;
}

/** Above it a diff would be more than anybody reads. */
const MOST_DIFFED = 512 * 1024;

/** The first two lines of a diff name the file. */
const withoutOld = (diff: string): string =>
  diff
    .split('\n')
    .map((line, index) => (index > 1 && line.startsWith('-') ? '-(not shown: the file holds secrets)' : line))
    .join('\n');

const sizesDiff = (found: Stats | null, { path, content }: WantedFile): string =>
  `${path}: ${String(found?.size ?? 0)} → ${String(Buffer.byteLength(content))} bytes`;

const contentDiff = async (place: string, found: Stats | null, file: WantedFile): Promise<string> => {
  const size = Math.max(found?.size ?? 0, file.content.length);
  if (size > MOST_DIFFED) return sizesDiff(found, file);
  const before = found?.isFile() === true ? await readFile(place, 'utf8') : null;
  const diff = textDiff(file.path, before, file.content);
  if (diff === '') return `${file.path}: new, empty`;
  return file.secret === true ? withoutOld(diff) : diff;
};

/** A file that is replaced keeps its owner unless told. */
const keptIds = (found: Stats | null, ids: Ids): Ids => {
  if (found?.isFile() !== true || process.getuid?.() !== 0) return ids;
  return { uid: found.uid, gid: found.gid, ...ids };
};

const replaced = async (place: string, found: Stats | null, file: WantedFile): Promise<Change> =>
  change(await contentDiff(place, found, file), async () => {
    await makeParents(place);
    const ids = keptIds(found, file.ids ?? {});
    await writeWhole(place, file.content, { mode: file.mode, ids }, file.judge);
  });

/** A link in the file's place is replaced, never written through. */
export const checkFile = async (root: string, file: WantedFile): Promise<Verdict> => {
  const place = await placeOf(root, file.path);
  const found = await ifThere(() => lstat(place));
  if (found?.isFile() === true && (await sameContent(place, found, file.content))) {
    const differs = rightsDiff(found, file);
    return differs.length === 0 ? null : change(differs.join(', '), () => setRights(place, file));
  }
  if (found !== null && !found.isFile() && !found.isSymbolicLink())
    throw new Error(`expected a file, found ${describeKind(found)}`);
  return replaced(place, found, file);
};

export const checkDirectory = async (
  root: string,
  directory: Rights & { readonly path: string },
): Promise<Verdict> => {
  const place = await placeOf(root, directory.path);
  const found = await ifThere(() => lstat(place));
  if (found !== null && !found.isDirectory()) throw new Error('expected a directory, found something else');
  const differs = found === null ? ['new directory'] : rightsDiff(found, directory);
  if (differs.length === 0) return null;
  return change(`${directory.path}: ${differs.join(', ')}`, async () => {
    if (found === null) await mkdir(place, { recursive: true });
    await setRights(place, directory);
  });
};

const setLink = async (place: string, target: string): Promise<void> => {
  await makeParents(place);
  const fresh = besides(place);
  await rm(fresh, { force: true });
  await symlink(target, fresh);
  await rename(fresh, place);
};

export const checkLink = async (root: string, path: string, wanted: string): Promise<Verdict> => {
  const place = await placeOf(root, path);
  const target = linkTarget(await hostPathOf(root, place), wanted);
  const found = await ifThere(() => lstat(place));
  const before = found?.isSymbolicLink() === true ? await readlink(place) : null;
  if (before === target) return null;
  if (found !== null && before === null && !found.isFile())
    throw new Error(`expected a link, found ${describeKind(found)}`);
  const from = before === null ? '' : ` (now to ${before})`;
  return change(`${path}: a link to ${target}${from}`, () => setLink(place, target));
};

/** Carries a verdict out at once; gives whether anything differed. */
export const carryOut = async (verdict: Verdict): Promise<boolean> => {
  await verdict?.apply();
  return verdict !== null;
};
