/** The files of the audit log: `audit.000001.jsonl`, … in one directory; the greatest number is written to. */
import { open, readdir, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

const NAME = /^audit\.(\d{6,})\.jsonl$/;
const CHUNK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

export const auditFile = (directory: string, number: number): string =>
  join(directory, `audit.${String(number).padStart(6, '0')}.jsonl`);

/** Numbers of the files that are there, least first. */
export const auditFiles = async (directory: string): Promise<readonly number[]> => {
  const names = await readdir(directory);
  return names
    .flatMap((name) => NAME.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((left, right) => left - right);
};

/** Fills `chunk` from `position` on; less only where the file ends. */
const filled = async (handle: FileHandle, chunk: Buffer, position: number): Promise<Buffer> => {
  let length = 0;
  while (length < chunk.length) {
    const { bytesRead } = await handle.read(chunk, length, chunk.length - length, position + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return chunk.subarray(0, length);
};

/** Lines of a file from the last to the first, holding no more of it than a line and a chunk. */
export async function* linesFromEnd(path: string): AsyncGenerator<string> {
  const handle = await open(path, 'r');
  try {
    let position = (await handle.stat()).size;
    // pieces of the line whose beginning has not been met
    let pieces: Buffer[] = [];
    while (position > 0) {
      const length = Math.min(CHUNK_BYTES, position);
      position -= length;
      const chunk = await filled(handle, Buffer.alloc(length), position);
      let end = chunk.length;
      for (let at = chunk.lastIndexOf(NEWLINE); at >= 0; at = lastBefore(chunk, at)) {
        yield Buffer.concat([chunk.subarray(at + 1, end), ...pieces]).toString('utf8');
        pieces = [];
        end = at;
      }
      pieces.unshift(chunk.subarray(0, end));
    }
    yield Buffer.concat(pieces).toString('utf8');
  } finally {
    await handle.close();
  }
}

const lastBefore = (chunk: Buffer, at: number): number =>
  at === 0 ? -1 : chunk.lastIndexOf(NEWLINE, at - 1);
