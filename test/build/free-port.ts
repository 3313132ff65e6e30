/**
 * A port for whoever must be told one ahead of time. Below the range that outgoing connections take theirs from (on
 * Linux from 32768 on): one from that range can be gone again before anybody listens there.
 */
import { createServer } from 'node:net';

const LOWEST = 10_000;
const HIGHEST = 32_000;
const TRIES = 1_000;
const given = new Set<number>();

const candidate = (): number => LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST + 1));

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    // on every address: what listens on one of them only refuses it too
    server.listen(port, '0.0.0.0', () => {
      server.close(() => {
        resolve(true);
      });
    });
  });

/** A port where nobody listens, and that this process has not given to anybody before. */
export const freePort = async (): Promise<number> => {
  for (let tried = 0; tried < TRIES; tried += 1) {
    const port = candidate();
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port from ${String(LOWEST)} to ${String(HIGHEST)}`);
};
