/** Brings a build from a gateway into a folder: only what hashes to what was named becomes an executable. */
import { createReadStream, createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { type Millis, millis, minutes } from '../../api-types/units.js';
import { saved } from '../../recipes/download.js';
import { ask, type Route } from '../requests.js';
import { EXECUTABLE } from './home.js';

/** It has the file, and sends it to as many others as it can. */
export class GatewayBusy extends Error {
  constructor(
    readonly after: Millis,
    message: string,
  ) {
    super(message);
  }
}

const LONGEST_BUSY = minutes(10);

/** For people, and for whoever tries again. */
const refusalOf = (answer: IncomingMessage, { gateway }: Route, sha256: string): Error => {
  const { statusCode = 0, headers } = answer;
  const message = `${gateway} answered ${String(statusCode)} for the agent ${sha256}`;
  const after = Number(headers['retry-after'] ?? 0) * 1000;
  if (statusCode !== 503) return new Error(message);
  return new GatewayBusy(millis(after > 0 ? Math.min(after, LONGEST_BUSY) : 0), message);
};

/** Far above any build, far below a disk. */
const MOST_BYTES = 200 * 1024 ** 2;

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
    throw refusalOf(answer, route, sha256);
  }
  const packed = join(folder, 'packed.gz');
  const got = await saved(packed, answer, { mostBytes: MOST_BYTES });
  if (got !== sha256)
    throw new Error(`what ${route.gateway} sent for an agent hashes to ${got}, expected ${sha256}: refused`);
  const executable = createWriteStream(join(folder, EXECUTABLE), { mode: 0o755 });
  await pipeline(createReadStream(packed), createGunzip(), bounded(MOST_BYTES * 2), executable, { signal });
  await rm(packed);
};
