/**
 * One process a directory and purpose. The lock is an abstract Unix socket (Linux) named by the directory's device and inode: it dies with its holder,
 * however that dies, and leaves no file behind. It says who holds it to anybody who connects.
 */
import { statSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import type { Millis } from '../api-types/units.js';
import type { Clock } from './clock.js';

/** A holder that is stopped (SIGSTOP) cannot answer. */
const ANSWER_WITHIN = 500 as Millis;

export interface DirectoryLock {
  release(): Promise<void>;
}

const nameOf = (directory: string, purpose: string): string => {
  const { dev, ino } = statSync(directory, { bigint: true });
  return `\0scalarium-${purpose}-${String(dev)}-${String(ino)}`;
};

const listen = (name: string): Promise<Server | null> =>
  new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.end(String(process.pid));
    });
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(null);
      else reject(error);
    });
    server.listen(name, () => {
      server.unref();
      resolve(server);
    });
  });

const holder = (name: string, clock: Clock): Promise<string> =>
  new Promise((resolve) => {
    const chunks: string[] = [];
    const socket = connect(name);
    const answer = (): void => {
      timer.cancel();
      socket.destroy();
      resolve(chunks.length > 0 ? `process ${chunks.join('')}` : 'another process');
    };
    const timer = clock.after(ANSWER_WITHIN, answer);
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => chunks.push(chunk));
    socket.on('error', answer);
    socket.on('close', answer);
  });

interface Locking {
  /** One word, as `hosts`. */
  readonly purpose: string;
  readonly clock: Clock;
  /** By which another directory is chosen; that of the data unless told. */
  readonly option?: string;
}

/** Rejects with an Error for a person when another process holds the directory. */
export const lockDirectory = async (
  directory: string,
  { purpose, clock, option = '--data' }: Locking,
): Promise<DirectoryLock> => {
  const name = nameOf(directory, purpose);
  const server = await listen(name);
  if (server === null) {
    const who = await holder(name, clock);
    throw new Error(
      `the ${option === '--data' ? 'data ' : ''}directory ${directory} is in use by ${who} (${purpose}): stop that one first (scalarium down), or choose another directory with ${option}`,
    );
  }
  return {
    release: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
      }),
  };
};
