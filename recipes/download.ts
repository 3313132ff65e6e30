/** Downloads: into a file, within bounds, hashed as it comes. */
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

export interface Saving {
  readonly mostBytes: number;
  /** Called with each piece. */
  readonly heard?: () => void;
}

/** Writes a body as it comes into a file for its owner alone; gives the SHA-256 of what came. Half a file stays when it rejects. */
export const saved = async (
  place: string,
  body: AsyncIterable<Uint8Array>,
  { mostBytes, heard }: Saving,
): Promise<string> => {
  const hash = createHash('sha256');
  const handle = await open(place, 'w', 0o600);
  let bytes = 0;
  try {
    for await (const chunk of body) {
      heard?.();
      bytes += chunk.length;
      if (bytes > mostBytes) throw new Error(`it is larger than ${String(mostBytes / 1024 ** 2)} MiB`);
      hash.update(chunk);
      await handle.writeFile(chunk);
    }
  } finally {
    await handle.close();
  }
  return hash.digest('hex');
};

/** A file that must have a certain content: it is at `place` afterwards, or it throws and leaves none. */
export const download = async (place: string, { url, checksum, signal }: Download): Promise<void> => {
  refuse(checksum);
  if (!/^https?:\/\//.test(url)) throw new Error(`${url} is no address of http or https`);
  const late = AbortSignal.timeout(SECONDS * 1000);
  try {
    const limit = AbortSignal.any([signal, late]);
    const found = await saved(place, await bodyOf(url, limit), { mostBytes: MOST_BYTES });
    if (found !== checksum.toLowerCase())
      throw new Error(`${url} has another content than wanted: its SHA-256 is ${found}, not ${checksum}`);
  } catch (error) {
    await rm(place, { force: true });
    // looked at, so that it is not collected before: then it would never fire
    if (late.aborted) throw new Error(`${url} cannot be downloaded: no end after ${String(SECONDS)} s`);
    throw error;
  }
};
