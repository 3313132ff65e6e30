/**
 * Answers of any length, made and sent piece by piece: others are served in between, a client that reads slowly is
 * waited for, and long ones are compressed for those who take it.
 */
import * as E from 'fp-ts/lib/Either.js';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate as breath } from 'node:timers/promises';
import { constants, createGzip } from 'node:zlib';
import type { Answer, Context } from '../context.js';
import type { Asked } from '../door.js';
import { cutWhenStuck } from '../patience.js';

/** From this size on an answer is compressed, as in Kubernetes. */
const COMPRESS_FROM = 128 * 1024;
/** What is made before others are served: so many letters, or milliseconds. */
const PIECE = 64 * 1024;
const STRETCH = 3;

/** Texts gathered to pieces; a text alone is as long as it is. */
function* gathered(texts: Iterable<string>, { clock }: Context): Generator<string> {
  let piece = '';
  let begun = clock.monotonic();
  for (const text of texts) {
    piece += text;
    if (piece.length < PIECE && clock.monotonic() - begun < STRETCH) continue;
    yield piece;
    piece = '';
    begun = clock.monotonic();
  }
  if (piece !== '') yield piece;
}

async function* paced(pieces: Iterable<string>): AsyncGenerator<string> {
  for (const piece of pieces) {
    yield piece;
    await breath();
  }
}

function* chained(first: readonly string[], rest: Generator<string>): Generator<string> {
  yield* first;
  yield* rest;
}

/** Takes pieces until they make a long answer, or all there are. */
const begun = async (
  pieces: Generator<string>,
): Promise<{ readonly first: readonly string[]; readonly long: boolean }> => {
  const first: string[] = [];
  let length = 0;
  for (;;) {
    const next = pieces.next();
    if (next.done === true) return { first, long: false };
    first.push(next.value);
    length += next.value.length;
    if (length >= COMPRESS_FROM) return { first, long: true };
    await breath();
  }
};

const takesGzip = (header: string | string[] | undefined): boolean =>
  String(header ?? '')
    .split(',')
    .some((clause) => /^\s*(gzip|\*)\s*(;\s*q=(?!0(\.0*)?\s*$).*)?$/i.test(clause));

const streamed = async (
  context: Context,
  response: ServerResponse,
  pieces: AsyncGenerator<string>,
  gzip: boolean,
): Promise<void> => {
  const source = Readable.from(pieces, { objectMode: true, highWaterMark: 1 });
  try {
    if (gzip) await pipeline(source, createGzip({ level: constants.Z_BEST_SPEED }), response);
    else await pipeline(source, response);
  } catch (error) {
    // a client that goes away is its own affair; anything else cut the answer off and must be seen
    if (!response.destroyed || (error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE')
      context.log.warn('an answer was cut off', { error });
    response.destroy();
  }
};

/** Answers 200 with these texts, one after the other; null: it is being sent. */
export const answerTexts = async (
  context: Context,
  { request, response, method }: Asked,
  type: string,
  texts: Iterable<string>,
): Promise<Answer | null> => {
  const pieces = gathered(texts, context);
  const { first, long } = await begun(pieces);
  if (!long) return E.right({ code: 200, body: first.join(''), type, headers: { Vary: 'Accept' } });
  const gzip = takesGzip(request.headers['accept-encoding']);
  response.writeHead(200, {
    'Content-Type': type,
    'Cache-Control': 'no-store',
    Vary: 'Accept, Accept-Encoding',
    ...(gzip ? { 'Content-Encoding': 'gzip' } : {}),
  });
  cutWhenStuck(response, context.patience);
  if (method === 'HEAD') response.end();
  else void streamed(context, response, paced(chained(first, pieces)), gzip);
  return null;
};
