/** The data directory of a control plane: made, checked, and holding the installation key. */
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Chance } from '../../runtime/chance.js';
import { writePrivateSync } from '../../runtime/private-file.js';

const KEY_BYTES = 32;

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  ENOTDIR: 'a part of the path is a file',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  ENOENT: 'nothing can be made there',
};

const reasonOf = (error: unknown): string => {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return REASONS[code] ?? message;
};

/** As mkdir -p; node's own never ends where a file system refuses new directories with ENOENT, as /proc does. */
const makeDirectory = (directory: string): void => {
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && statSync(directory).isDirectory()) return;
    if (code !== 'ENOENT' || dirname(directory) === directory || existsSync(dirname(directory))) throw error;
    makeDirectory(dirname(directory));
    mkdirSync(directory, { mode: 0o700 });
  }
};

/** Makes the directory, private to its owner; throws one line for a person when it cannot be written. */
export const prepareDataDirectory = (directory: string): void => {
  try {
    makeDirectory(resolve(directory, 'run'));
    // before the directory is locked: another process may be looking too
    const probe = join(directory, 'run', `writable.${String(process.pid)}`);
    writeFileSync(probe, '');
    rmSync(probe);
  } catch (error) {
    throw new Error(
      `the data directory ${directory} cannot be written (${reasonOf(error)}): give another one with --data or SCALARIUM_DATA, or mend its permissions`,
      { cause: error },
    );
  }
};

const readKey = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : message;
    throw new Error(
      `--installation-key ${file}: ${reason}: name the file installation.key of the first control plane's data directory`,
      { cause: error },
    );
  }
};

const parseKey = (file: string): Buffer => {
  const key = Buffer.from(readKey(file).trim(), 'hex');
  if (key.length === KEY_BYTES) return key;
  throw new Error(
    `${file}: expected an installation key (64 hexadecimal digits), got ${String(key.length)} bytes: copy the file installation.key of the first control plane's data directory`,
  );
};

/** The key in `given`, else the one in the directory, made on the first start. */
export const installationKey = (directory: string, given: string | null, chance: Chance): Buffer => {
  const file = given ?? join(directory, 'installation.key');
  if (given === null && !existsSync(file))
    writePrivateSync(file, `${chance.bytes(KEY_BYTES).toString('hex')}\n`);
  return parseKey(file);
};

/** Names the data directory, which only one process can hold: who its control plane is, over restarts. */
export const identityOf = (directory: string, chance: Chance): string => {
  const file = join(directory, 'identity');
  if (!existsSync(file)) writePrivateSync(file, `${chance.bytes(8).toString('hex')}\n`);
  return readFileSync(file, 'utf8').trim();
};
