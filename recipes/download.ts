/** Downloads a file that must have a certain content. */
import { createHash } from 'node:crypto';
import { open, rm } from 'node:fs/promises';

/** Beyond it nothing is an archive of an application. */
const MOST_BYTES = 8 * 1024 ** 3;
const SECONDS = 1_800;

interface Download {
  readonly url: string;
  /** SHA-256 in hexadecimal digits. */
  readonly checksum: string;
  readonly signal: AbortSignal;
}

const refuse = (checksum: string): void => {
  if (!/^[0-9a-f]{64}$/i.test(checksum)) throw new Error(`"${checksum}" is no SHA-256 in hexadecimal digits`);
};

/** What fetch says is "fetch failed"; why is in its cause. */
const reasonOf = (error: unknown): string => {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message}: ${cause.message}` : message;
};

const bodyOf = async (url: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> => {
  const answer = await fetch(url, { signal, redirect: 'follow' }).catch((error: unknown) => {
    throw new Error(`${url} cannot be downloaded: ${reasonOf(error)}`, { cause: error });
  });
  if (!answer.ok || answer.body === null)
    throw new Error(`${url} cannot be downloaded: the server said ${String(answer.status)}`);
  return answer.body;
};

/** Writes it as it comes; gives the checksum of what came. */
const written = async (place: string, body: AsyncIterable<Uint8Array>): Promise<string> => {
  const hash = createHash('sha256');
  const handle = await open(place, 'w', 0o600);
  let bytes = 0;
  try {
    for await (const chunk of body) {
      bytes += chunk.length;
      if (bytes > MOST_BYTES) throw new Error(`it is larger than ${String(MOST_BYTES)} bytes`);
      hash.update(chunk);
      await handle.writeFile(chunk);
    }
  } finally {
    await handle.close();
  }
  return hash.digest('hex');
};

/** The file is at `place` afterwards, or it throws and leaves none. */
export const download = async (place: string, { url, checksum, signal }: Download): Promise<void> => {
  refuse(checksum);
  if (!/^https?:\/\//.test(url)) throw new Error(`${url} is no address of http or https`);
  const late = AbortSignal.timeout(SECONDS * 1000);
  try {
    const limit = AbortSignal.any([signal, late]);
    const found = await written(place, await bodyOf(url, limit));
    if (found !== checksum.toLowerCase())
      throw new Error(`${url} has another content than wanted: its SHA-256 is ${found}, not ${checksum}`);
  } catch (error) {
    await rm(place, { force: true });
    // looked at, so that it is not collected before: then it would never fire
    if (late.aborted) throw new Error(`${url} cannot be downloaded: no end after ${String(SECONDS)} s`);
    throw error;
  }
};
