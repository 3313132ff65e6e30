/** Writing what the next look has to see. */
import * as E from 'fp-ts/lib/Either.js';
import type { Failure } from '../runtime/failure.js';
import type { Fence, Objects, Write } from '../store/objects/objects.js';

/** Under the fence, and until our own cache has it; nothing to write is nothing to wait for. */
export const writeThrough = async (
  objects: Objects,
  fence: Fence,
  writes: readonly Write[],
): Promise<E.Either<Failure, null>> => {
  if (writes.length === 0) return E.right(null);
  const written = await objects.write(fence, writes)();
  if (E.isLeft(written)) return written;
  await objects.caughtUp(written.right);
  return E.right(null);
};
