/** The directory and the file of a store, checked before LMDB sees them: it ends the process where it should answer. */
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  realpathSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { messageOf } from '../../api-types/thrown.js';

/** Not mkdir's own `recursive`, which never ends where making a directory answers ENOENT (/proc; Node 20). */
const makeDirectory = (directory: string): void => {
  if (existsSync(directory)) return;
  makeDirectory(dirname(directory));
  mkdirSync(directory, { mode: 0o700 });
};

/** The directory's real path; makes it when it is missing, throws an Error for a person when it cannot be used. */
export const usableDirectory = (directory: string): string => {
  try {
    makeDirectory(resolve(directory));
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
    return realpathSync(directory);
  } catch (error) {
    throw new Error(
      `cannot use ${directory} as the data directory: ${messageOf(error)}. Choose one that can be written to with --data`,
      { cause: error },
    );
  }
};

/** Where LMDB has its magic number, in each of the two pages that a file begins with. */
const MAGIC_AT = 24;
const MAGIC = 0xbeefc0de;
const PAGE = 4096;

const looksLikeLmdb = (handle: number): boolean => {
  const head = Buffer.alloc(2 * PAGE);
  const size = readSync(handle, head, 0, head.length, 0);
  return size === 0 || (size === head.length && head.readUInt32LE(MAGIC_AT) === MAGIC);
};

/** The store's file in `directory`, made when it is missing; throws when it is another file or cannot be written. */
export const storeFile = (directory: string): string => {
  const file = join(directory, 'store.mdb');
  let handle: number;
  try {
    handle = openSync(file, constants.O_RDWR | constants.O_CREAT, 0o600);
  } catch (error) {
    throw new Error(
      `cannot write to the store in ${directory}: ${messageOf(error)}. Make it writable for this user, or choose another directory with --data`,
      { cause: error },
    );
  }
  try {
    if (looksLikeLmdb(handle)) return file;
  } finally {
    closeSync(handle);
  }
  throw new Error(
    `cannot open the store in ${directory}: ${file} is no store, or was damaged. Put a backup of it there, or choose another directory with --data`,
  );
};

/** A new file's name is only durable once its directory is. */
export const flushDirectory = (directory: string): void => {
  const handle = openSync(directory, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
};
