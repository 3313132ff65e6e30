/**
 * Answers of any length, made and sent piece by piece: others are served in between, a client that reads slowly is
 * waited for, and long ones are compressed for those who take it.
 */
import * as E from 'fp-ts/lib/Either.js';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip } from 'node:zlib';
import { STRETCH, turn } from '../../runtime/turns.js';
import type { Answer, Context } from '../context.js';
import type { Asked } from '../door.js';
import { cutWhenStuck } from '../patience.js';

/** From this size on an answer is compressed, as in Kubernetes. */
const COMPRESS_FROM = 128 * 1024;
/** What is made before others are served: so many letters, or a stretch. */
const PIECE = 64 * 1024;

/** Pieces, and as its end the last of them: who has that waits for nothing more. */
type Pieces = Generator<string, string | undefined>;

/** Texts gathered to pieces; a text alone is as long as it is. */
function* gathered(texts: Iterable<string>, { clock }: Context): Pieces {
  let piece = '';
  let begun = clock.monotonic();
  for (const text of texts) {
    piece += text;
    if (piece.length < PIECE && clock.monotonic() - begun < STRETCH) continue;
    yield piece;
    piece = '';
    begun = clock.monotonic();
  }
  return piece;
}

async function* paced(first: readonly string[], rest: Pieces): AsyncGenerator<string> {
  yield* first;
  for (;;) {
    await turn();
    const { value = '', done = false } = rest.next();
    if (value !== '') yield value;
    if (done) return;
  }
}

/** Takes pieces until they make a long answer, or all there are. A short answer is made at once. */
const begun = async (
  pieces: Pieces,
): Promise<{ readonly first: readonly string[]; readonly long: boolean }> => {
  const first: string[] = [];
  let length = 0;
  for (;;) {
    const { value = '', done = false } = pieces.next();
    first.push(value);
    length += value.length;
    if (done || length >= COMPRESS_FROM) return { first, long: length >= COMPRESS_FROM };
    await turn();
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
  else void streamed(context, response, paced(first, pieces), gzip);
  return null;
};
