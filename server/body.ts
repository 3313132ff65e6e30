/** Request bodies: bounded before they are read, parsed without running away, JSON or YAML. */
import * as E from 'fp-ts/lib/Either.js';
import type { IncomingMessage } from 'node:http';
import { LineCounter, parseAllDocuments } from 'yaml';
import type { Status } from '../api-types/status.js';
import { givenTwice } from './json-twice.js';
import { badRequest, tooLarge, unavailable, unsupportedMedia } from './statuses.js';

const MAX_BODY_BYTES = 3 * 1024 * 1024;
const MAX_DEPTH = 64;
/** Aliases are a convenience; more than this is a bomb. */
const MAX_ALIASES = 50;

const tooMuch = (most: number): Status =>
  tooLarge(
    most === MAX_BODY_BYTES
      ? 'the body is larger than 3 MiB; send fewer or smaller documents'
      : `the body is larger than ${String(most / 1024)} KiB`,
  );

/** Bodies that are still coming, of all clients together: each may take its time. */
const MOST_HELD_BYTES = 256 * 1024 * 1024;
let held = 0;

/** The body's bytes; nothing beyond the limit is kept. */
export const bodyBytes = async (
  request: IncomingMessage,
  most = MAX_BODY_BYTES,
): Promise<E.Either<Status, Buffer>> => {
  if (Number(request.headers['content-length'] ?? 0) > most) return E.left(tooMuch(most));
  if (request.headers['content-encoding'] !== undefined)
    return E.left(unsupportedMedia(`encoded (${request.headers['content-encoding']})`, 'a plain body'));
  const chunks: Buffer[] = [];
  let size = 0;
  // a plain loop over events: leaving `for await` early destroys the socket before the answer is sent
  const bytes = await new Promise<E.Either<Status, Buffer>>((resolve) => {
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      held += chunk.length;
      if (size <= most && held <= MOST_HELD_BYTES) {
        chunks.push(chunk);
        return;
      }
      chunks.length = 0;
      resolve(E.left(size > most ? tooMuch(most) : unavailable('too much is being sent at once', 1)));
    });
    request.on('end', () => {
      resolve(E.right(Buffer.concat(chunks)));
    });
    request.on('error', () => {
      resolve(E.left(badRequest('the body ended early')));
    });
    request.on('close', () => {
      resolve(E.left(badRequest('the body ended early')));
    });
  });
  request.removeAllListeners('data');
  held -= size;
  return bytes;
};

/** The body as text. */
const readBody = async (request: IncomingMessage, most?: number): Promise<E.Either<Status, string>> => {
  const bytes = await bodyBytes(request, most);
  return E.isLeft(bytes) ? bytes : decodedText(bytes.right);
};

const decodedText = (body: Buffer): E.Either<Status, string> => {
  try {
    return E.right(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return E.left(badRequest('the body is not UTF-8'));
  }
};

/** Deepest bracket outside strings: cheap, iterative, and before any parser recurses. */
const bracketDepth = (text: string): number => {
  let depth = 0;
  let deepest = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === 0x5b || code === 0x7b) deepest = Math.max(deepest, (depth += 1));
    else if (code === 0x5d || code === 0x7d) depth -= 1;
  }
  return deepest;
};

/** Why a parsed value is refused whatever it is meant to be; null: fine. */
const refusal = (root: unknown): string | null => {
  const open: { readonly value: unknown; readonly depth: number }[] = [{ value: root, depth: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, depth } = next;
    if (typeof value !== 'object' || value === null) continue;
    if (depth > MAX_DEPTH) return `the body is nested deeper than ${String(MAX_DEPTH)} levels`;
    if (Object.hasOwn(value, '__proto__')) return 'the body has a field called "__proto__"';
    for (const child of Object.values(value)) open.push({ value: child, depth: depth + 1 });
  }
  return null;
};

/** Like YAML with keys given twice. */
const jsonParsed = (text: string, strict: boolean): E.Either<Status, Parsed> => {
  const value = jsonOf(text);
  if (E.isLeft(value)) return value;
  const warnings = givenTwice(text).map((key) => `duplicate field: "${key}"`);
  const [first] = warnings;
  return strict && first !== undefined
    ? E.left(badRequest(`the body is not taken: ${first}`))
    : E.right({ documents: [value.right], warnings });
};

const jsonOf = (text: string): E.Either<Status, unknown> => {
  try {
    return E.right(JSON.parse(text));
  } catch (error) {
    return E.left(badRequest(`the body is not JSON: ${(error as Error).message}`));
  }
};

const messageOf = (error: unknown): string => {
  if (error instanceof RangeError) return 'it is nested too deeply';
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'it cannot be read';
};

/** What was read, and what was dropped of it. */
export interface Parsed {
  readonly documents: readonly unknown[];
  readonly warnings: readonly string[];
}

/** Every value of YAML costs the parser ten microseconds and a kilobyte: a hundred thousand are a second. */
const MAX_YAML_PIECES = 100_000;

/** Whether a text can hold more values than that: between two there is one of these. */
const isTooFine = (text: string): boolean => {
  let pieces = 0;
  for (let index = 0; index < text.length && pieces <= MAX_YAML_PIECES; index += 1)
    if ('\n,:[{-?&*'.includes(text.charAt(index))) pieces += 1;
  return pieces > MAX_YAML_PIECES;
};

/** Keys given twice are an error or, like fields that no kind has, dropped with a warning: the last one wins. */
const yamlOf = (text: string, strict: boolean): E.Either<Status, Parsed> => {
  if (isTooFine(text))
    return E.left(tooLarge('the YAML holds too many values; send it in parts, or as JSON'));
  try {
    const counter = new LineCounter();
    const documents = parseAllDocuments(text, { lineCounter: counter, strict: true, logLevel: 'silent' });
    const errors = documents.flatMap((document) => document.errors);
    const broken = errors.find(({ code }) => strict || code !== 'DUPLICATE_KEY');
    if (broken !== undefined) return E.left(badRequest(`the body is not YAML: ${messageOf(broken)}`));
    const values = documents.map((one) => one.toJS({ maxAliasCount: MAX_ALIASES }) as unknown);
    const warnings = errors.map((error) => `duplicate field: ${messageOf(error)}`);
    return E.right({ documents: values.filter((value) => value !== null), warnings });
  } catch (error) {
    return E.left(badRequest(`the body is not YAML that can be accepted: ${messageOf(error)}`));
  }
};

/** How a body may be written; patches are each a language of their own. */
export type Media = 'json' | 'yaml' | 'merge-patch' | 'json-patch' | 'apply-patch';

const MEDIA: Readonly<Record<string, Media>> = {
  'application/json': 'json',
  'application/yaml': 'yaml',
  'application/x-yaml': 'yaml',
  'text/yaml': 'yaml',
  'application/merge-patch+json': 'merge-patch',
  'application/json-patch+json': 'json-patch',
  'application/apply-patch+yaml': 'apply-patch',
};

const parsedAs = (media: Media, text: string, strict: boolean): E.Either<Status, Parsed> => {
  const inYaml = media === 'yaml' || (media === 'apply-patch' && !text.trimStart().startsWith('{'));
  if (inYaml) return yamlOf(text, strict);
  return jsonParsed(text, strict);
};

const STRATEGIC = 'application/strategic-merge-patch+json';

const mediaOf = (
  request: IncomingMessage,
  accepted: readonly Media[],
  otherwise: Media | null,
): E.Either<Status, Media> => {
  const header = request.headers['content-type'];
  const [type = ''] = (header ?? '').toLowerCase().split(';');
  const media = header === undefined ? otherwise : MEDIA[type.trim()];
  if (media != null && accepted.includes(media)) return E.right(media);
  const wanted = Object.keys(MEDIA).filter((name) => accepted.includes(MEDIA[name] ?? 'json'));
  const hint = type.trim() === STRATEGIC ? ' (with kubectl: patch --type merge, or --type json)' : '';
  const got = header === undefined ? 'not given' : type.trim();
  return E.left(unsupportedMedia(got, `${wanted.join(' or ')}${hint}`));
};

const documentsIn = (media: Media, text: string, strict = true): E.Either<Status, Parsed> => {
  if (bracketDepth(text) > 10 * MAX_DEPTH) return E.left(badRequest('the body is nested too deeply'));
  const parsed = parsedAs(media, text, strict);
  if (E.isLeft(parsed)) return parsed;
  const refused = refusal(parsed.right.documents);
  return refused === null ? parsed : E.left(badRequest(refused));
};

/** One JSON value that came in its own way; a key given twice is the sender's affair. */
export const jsonIn = (bytes: Buffer): E.Either<Status, unknown> => {
  const text = decodedText(bytes);
  if (E.isLeft(text)) return text;
  return E.map(({ documents }: Parsed) => documents[0])(documentsIn('json', text.right, false));
};

/** Every document of the body: one for JSON, as many as there are for YAML. */
export const bodyDocuments = async (
  request: IncomingMessage,
): Promise<E.Either<Status, readonly unknown[]>> => {
  const media = mediaOf(request, ['json', 'yaml'], 'json');
  if (E.isLeft(media)) return media;
  const text = await readBody(request);
  if (E.isLeft(text)) return text;
  return E.map(({ documents }: Parsed) => documents)(documentsIn(media.right, text.right));
};

/** The one document of a body. */
export interface OneDocument {
  readonly media: Media;
  readonly document: unknown;
  readonly warnings: readonly string[];
}

const oneOf = (media: Media, { documents, warnings }: Parsed): E.Either<Status, OneDocument> =>
  documents.length === 1
    ? E.right({ media, document: documents[0], warnings })
    : E.left(badRequest(`the body holds ${String(documents.length)} documents, expected one`));

const readOne = async (
  request: IncomingMessage,
  media: E.Either<Status, Media>,
  strict: boolean,
): Promise<E.Either<Status, OneDocument>> => {
  if (E.isLeft(media)) return media;
  const text = await readBody(request);
  if (E.isLeft(text)) return text;
  const parsed = documentsIn(media.right, text.right, strict);
  return E.isLeft(parsed) ? parsed : oneOf(media.right, parsed.right);
};

/** The one document of the body; `strict`: a key that is given twice is refused. */
export const bodyDocument = (
  request: IncomingMessage,
  strict = true,
): Promise<E.Either<Status, OneDocument>> =>
  readOne(request, mediaOf(request, ['json', 'yaml'], 'json'), strict);

/** The one JSON document of a short body, for doors that are open to all. */
export const shortDocument = async (
  request: IncomingMessage,
  most: number,
): Promise<E.Either<Status, OneDocument>> => {
  const media = mediaOf(request, ['json'], 'json');
  if (E.isLeft(media)) return media;
  const text = await readBody(request, most);
  if (E.isLeft(text)) return text;
  const parsed = documentsIn(media.right, text.right);
  return E.isLeft(parsed) ? parsed : oneOf(media.right, parsed.right);
};

/** A patch in one of the languages that are taken. */
export const bodyPatch = (
  request: IncomingMessage,
  accepted: readonly Media[],
  strict = true,
): Promise<E.Either<Status, OneDocument>> => readOne(request, mediaOf(request, accepted, null), strict);

/** A JSON object, or nothing where there is no body. */
export const bodyOptions = async (
  request: IncomingMessage,
): Promise<E.Either<Status, Readonly<Record<string, unknown>>>> => {
  const text = await readBody(request);
  if (E.isLeft(text)) return text;
  if (text.right.trim() === '') return E.right({});
  const parsed = documentsIn('json', text.right);
  if (E.isLeft(parsed)) return parsed;
  const [value] = parsed.right.documents;
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return E.left(badRequest('the body is not an object'));
  return E.right(value as Readonly<Record<string, unknown>>);
};
