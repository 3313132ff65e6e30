/** Brings a build from a gateway into a folder: only what hashes to what was named becomes an executable. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { ask, type Route } from '../requests.js';
import { EXECUTABLE } from './home.js';

/** Far above any build, far below a disk. */
const MOST_BYTES = 200_000_000;

const bounded = (most: number): Transform => {
  let size = 0;
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      size += chunk.length;
      if (size > most) done(new Error(`the agent's file is longer than ${String(most)} bytes`));
      else done(null, chunk);
    },
  });
};

const save = async (answer: IncomingMessage, file: string, signal: AbortSignal): Promise<string> => {
  const hash = createHash('sha256');
  const hashed = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  await pipeline(answer, bounded(MOST_BYTES), hashed, createWriteStream(file, { mode: 0o600 }), { signal });
  return hash.digest('hex');
};

/** Rejects with a sentence when it cannot be had, or is something else. */
export const downloadAgent = async (
  route: Route,
  sha256: string,
  folder: string,
  signal: AbortSignal,
): Promise<void> => {
  const answer = await ask(route, `/files/${sha256}`, { signal });
  if (answer.statusCode !== 200) {
    answer.resume();
    throw new Error(`${route.gateway} answered ${String(answer.statusCode)} for the agent ${sha256}`);
  }
  const packed = join(folder, 'packed.gz');
  const got = await save(answer, packed, signal);
  if (got !== sha256)
    throw new Error(`what ${route.gateway} sent for an agent hashes to ${got}, expected ${sha256}: refused`);
  const executable = createWriteStream(join(folder, EXECUTABLE), { mode: 0o755 });
  await pipeline(createReadStream(packed), createGunzip(), bounded(MOST_BYTES * 2), executable, { signal });
  await rm(packed);
};
