/** Check of archive: a directory with what is in a downloaded archive. */
import { lstat, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { download } from '../download.js';
import { besides } from '../files.js';
import { userNamed } from '../owners.js';
import { ifThere, makeParents, placeOf } from '../place.js';
import type { ArchiveResource } from '../resource.js';
import { change, type Check, type Scene } from '../scene.js';
import { mustRun } from '../tools.js';
import { kindOf, unpack } from '../unpack.js';

/** Says which archive a directory is from; it is written last, so that a directory with it is whole. */
const MARKER = '.scalarium-archive';

const markOf = ({ checksum, strip = 0, owner = 'root' }: ArchiveResource): string =>
  `${checksum.toLowerCase()} ${String(strip)} ${owner}\n`;

const CHOWN_SECONDS = 300;

const give = async (place: string, { owner }: ArchiveResource, scene: Scene): Promise<void> => {
  if (owner === undefined || scene.folder) return;
  const { uid, gid } = await userNamed(owner);
  const command = ['chown', '-R', '-h', `${String(uid)}:${String(gid)}`, place];
  await mustRun(command, { signal: scene.signal, timeoutSeconds: CHOWN_SECONDS });
};

/** The old directory goes only when the new one is whole. */
const exchange = async (fresh: string, place: string): Promise<void> => {
  const old = `${fresh}-old`;
  await rm(old, { recursive: true, force: true });
  if ((await ifThere(() => lstat(place))) !== null) await rename(place, old);
  await rename(fresh, place);
  await rm(old, { recursive: true, force: true });
};

const bring = async (resource: ArchiveResource, place: string, scene: Scene): Promise<void> => {
  const { url, checksum, strip = 0 } = resource;
  const { signal } = scene;
  await makeParents(place);
  const fresh = besides(place);
  const file = `${fresh}-file`;
  try {
    await download(file, { url, checksum, signal });
    await unpack({ file, kind: await kindOf(file), into: fresh, strip, signal });
    await writeFile(join(fresh, MARKER), markOf(resource));
    await give(fresh, resource, scene);
    await exchange(fresh, place);
  } finally {
    await rm(file, { force: true });
    await rm(fresh, { recursive: true, force: true });
  }
};

const isTaken = async (place: string): Promise<boolean> => {
  const found = await ifThere(() => lstat(place));
  if (found === null) return false;
  return !found.isDirectory() || (await readdir(place)).length > 0;
};

export const archive: Check<ArchiveResource> = async (resource, scene) => {
  const place = await placeOf(scene.root, resource.path);
  const mark = await ifThere(() => readFile(join(place, MARKER), 'utf8'));
  if (mark === markOf(resource)) return null;
  if (mark === null && (await isTaken(place)))
    throw new Error('there is something else already, and it is from no archive');
  return change(`${resource.path}: unpack ${resource.url}`, () => bring(resource, place, scene));
};
