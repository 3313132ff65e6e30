/**
 * One process a directory. The lock is an abstract Unix socket named by the directory's device and inode: it dies with
 * its holder, whatever kills it, and leaves no file behind. (Linux only, as are process hosts; elsewhere no lock.)
 */
import { stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { platform } from 'node:process';

export interface DirectoryLock {
  release(): Promise<void>;
}

const listening = (server: Server, name: string): Promise<boolean> =>
  new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false);
      else reject(error);
    });
    server.listen(name, () => {
      resolve(true);
    });
  });

/** Takes the lock, or throws an Error that says who should be ended; `purpose` is one word, as `hosts`. */
export const lockDirectory = async (directory: string, purpose: string): Promise<DirectoryLock> => {
  if (platform !== 'linux') return { release: () => Promise.resolve() };
  const { dev, ino } = await stat(directory);
  const server = createServer((socket) => socket.destroy());
  server.unref();
  if (!(await listening(server, `\0scalarium-${purpose}-${String(dev)}-${String(ino)}`)))
    throw new Error(
      `${directory} is in use by another running process (${purpose}): stop that one, or choose another --data directory`,
    );
  return {
    release: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
      }),
  };
};
