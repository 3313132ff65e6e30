/** Paths of sockets: the kernel takes short ones only, and the folder of a host may be anywhere. Linux. */
import { closeSync, constants, openSync } from 'node:fs';
import { basename, dirname } from 'node:path';

const LONGEST = 107;

/** Runs with a path that leads to the same place and is short enough; its folder has to be there. */
export const withSocketPath = async <A>(path: string, use: (short: string) => Promise<A>): Promise<A> => {
  if (Buffer.byteLength(path) <= LONGEST) return use(path);
  const folder = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    return await use(`/proc/self/fd/${String(folder)}/${basename(path)}`);
  } finally {
    closeSync(folder);
  }
};
