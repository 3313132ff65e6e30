/** Files of earlier builds: machines whose user data names one may still be booting when another is built. */
import {
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';
import { type AgentIndex, isSha256, PLATFORMS } from '../../api-types/agent-release.js';
import type { Millis } from '../../api-types/units.js';

/** The present build and the two before it. */
const KEPT = 3 * PLATFORMS.length;

const nameOf = (sha256: string): string => `${sha256}.gz`;

const sizeOf = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.size;

/** A copy of its own: whoever fills the folder of builds may write into the files that are there. */
const take = (from: string, to: string): void => {
  copyFileSync(from, `${to}.new`, constants.COPYFILE_FICLONE);
  renameSync(`${to}.new`, to);
};

const prune = (folder: string): void => {
  const files = readdirSync(folder)
    .map((name) => ({ file: join(folder, name), at: statSync(join(folder, name)).mtimeMs }))
    .sort((one, other) => other.at - one.at);
  for (const { file } of files.slice(KEPT)) rmSync(file, { force: true });
};

/** Keeps what is built in `built` at `now`, and what was kept last. */
export const keepBuilt = (folder: string, built: string, index: AgentIndex, now: Millis): void => {
  mkdirSync(folder, { recursive: true });
  for (const platform of PLATFORMS) {
    const file = index.files[platform];
    if (file === undefined || sizeOf(join(built, file.name)) !== file.bytes) continue;
    const kept = join(folder, nameOf(file.sha256));
    if (!existsSync(kept)) take(join(built, file.name), kept);
    utimesSync(kept, now / 1000, now / 1000);
  }
  prune(folder);
};

/** The kept file of that SHA-256; null: there is none. */
export const keptFile = (
  folder: string,
  sha256: string,
): { readonly path: string; readonly bytes: number } | null => {
  if (!isSha256(sha256)) return null;
  const path = join(folder, nameOf(sha256));
  const bytes = sizeOf(path);
  return bytes === undefined ? null : { path, bytes };
};
