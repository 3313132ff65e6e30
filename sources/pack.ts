/** Makes a pack of a folder: the same bytes for the same content, whoever packs it, and when. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { lstat, readdir, readlink, realpath } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { PACK_BYTES, PACK_FILES } from '../api-types/cookbooks.js';
import { climbs } from '../recipes/listing.js';
import { mustRun } from '../recipes/tools.js';

const PACK_SECONDS = 600;

/** The folder that is packed; throws where `path` is none or leads out of it. */
export const folderIn = async (top: string, path: string | undefined, example: string): Promise<string> => {
  if (path === undefined) return top;
  if (climbs(path)) throw new Error(`path "${path}": expected a folder in it, as "${example}"`);
  const real = await realpath(join(top, path)).catch(() => null);
  if (real === null) throw new Error(`it has no folder "${path}": change the source's path`);
  const within = await realpath(top);
  if (real !== within && !real.startsWith(within + sep)) throw new Error(`path "${path}" leads out of it`);
  if (!(await lstat(real)).isDirectory()) throw new Error(`path "${path}" is no folder`);
  return real;
};

interface Tally {
  files: number;
  bytes: number;
}

const refuseLarge = ({ files, bytes }: Tally): void => {
  if (files > PACK_FILES) throw new Error(`it holds more than ${String(PACK_FILES)} files`);
  if (bytes > PACK_BYTES) throw new Error(`it holds more than ${String(PACK_BYTES / 1024 ** 2)} MiB`);
};

const refuseLink = async (top: string, place: string): Promise<void> => {
  const target = await readlink(place);
  const leads = resolve(dirname(place), target);
  if (target.startsWith('/') || (leads !== top && !leads.startsWith(top + sep)))
    throw new Error(`the link ${place.slice(top.length + 1)} leads out of it, to ${target}`);
};

/** Files, folders and links within; nothing else goes to hosts. */
const look = async (top: string, folder: string, tally: Tally): Promise<void> => {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const place = join(folder, entry.name);
    if (entry.name === '.git') continue;
    tally.files += 1;
    if (entry.isDirectory()) await look(top, place, tally);
    else if (entry.isSymbolicLink()) await refuseLink(top, place);
    else if (entry.isFile()) tally.bytes += (await lstat(place)).size;
    else throw new Error(`${place.slice(top.length + 1)} is neither file, folder nor link`);
    refuseLarge(tally);
  }
};

/** Sorted, without owners and times; what may be run by anybody may be run by all. */
const tarOf = (folder: string, file: string): readonly string[] => [
  'tar',
  '--create',
  '--format=gnu',
  '--sort=name',
  '--mtime=@0',
  '--owner=0',
  '--group=0',
  '--numeric-owner',
  '--mode=u=rwX,go=rX',
  '--exclude=.git',
  '--file',
  file,
  '--directory',
  folder,
  '.',
];

/** Compresses it, and gives the SHA-256 of what is in `into` then. */
const compressed = async (file: string, into: string, signal: AbortSignal): Promise<string> => {
  const hash = createHash('sha256');
  const through = new PassThrough();
  through.on('data', (chunk: Buffer) => hash.update(chunk));
  await pipeline(createReadStream(file), createGzip(), through, createWriteStream(into, { mode: 0o600 }), {
    signal,
  });
  return hash.digest('hex');
};

export interface Pack {
  readonly file: string;
  readonly digest: string;
}

/** Leaves the pack in `work`; throws, for people, what hosts must not be given. */
export const packFolder = async (folder: string, work: string, signal: AbortSignal): Promise<Pack> => {
  const tally = { files: 0, bytes: 0 };
  await look(folder, folder, tally);
  if (tally.files === 0) throw new Error("there is nothing in it: check the source's path");
  const [tar, file] = [join(work, 'pack.tar'), join(work, 'pack.tar.gz')];
  await mustRun(tarOf(folder, tar), { signal, timeoutSeconds: PACK_SECONDS });
  return { file, digest: await compressed(tar, file, signal) };
};
