/** `endpoint.json` in the local cloud's directory: where it listens, or listened last. */
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export const EndpointFile = t.strict({ url: t.string, pid: t.number }, 'EndpointFile');
export interface EndpointFile extends t.TypeOf<typeof EndpointFile> {}

/** Null when the local cloud was never started there (or the file is none of ours). */
export const readEndpoint = async (directory: string): Promise<EndpointFile | null> => {
  const text = await readFile(join(directory, 'endpoint.json'), 'utf8').catch(() => null);
  if (text === null) return null;
  const parsed = E.tryCatch(
    () => JSON.parse(text) as unknown,
    () => null,
  );
  const decoded = E.isLeft(parsed) ? parsed : EndpointFile.decode(parsed.right);
  return E.isLeft(decoded) ? null : decoded.right;
};
