/** Request bodies: bounded before they are read, parsed without running away, JSON or YAML. */
import * as E from 'fp-ts/lib/Either.js';
import type { IncomingMessage } from 'node:http';
import { LineCounter, parseAllDocuments } from 'yaml';
import type { Status } from '../api-types/status.js';
import { badRequest, tooLarge, unsupportedMedia } from './statuses.js';

const MAX_BODY_BYTES = 3 * 1024 * 1024;
const MAX_DEPTH = 64;
/** Aliases are a convenience; more than this is a bomb. */
const MAX_ALIASES = 50;

const tooMuch = (): Status => tooLarge('the body is larger than 3 MiB; send fewer or smaller documents');

/** The body as text; nothing beyond the limit is kept. */
const readBody = async (request: IncomingMessage): Promise<E.Either<Status, string>> => {
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) return E.left(tooMuch());
  if (request.headers['content-encoding'] !== undefined)
    return E.left(unsupportedMedia(`encoded (${request.headers['content-encoding']})`, 'a plain body'));
  const chunks: Buffer[] = [];
  let size = 0;
  // a plain loop over events: leaving `for await` early destroys the socket before the answer is sent
  return await new Promise((resolve) => {
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_BODY_BYTES) {
        chunks.length = 0;
        resolve(E.left(tooMuch()));
      } else chunks.push(chunk);
    });
    request.on('end', () => {
      resolve(decodedText(Buffer.concat(chunks)));
    });
    request.on('error', () => {
      resolve(E.left(badRequest('the body ended early')));
    });
    request.on('close', () => {
      resolve(E.left(badRequest('the body ended early')));
    });
  });
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

const jsonOf = (text: string): E.Either<Status, unknown> => {
  try {
    return E.right(JSON.parse(text));
  } catch (error) {
    return E.left(badRequest(`the body is not JSON: ${(error as Error).message}`));
  }
};

const messageOf = (error: unknown): string => {
  if (error instanceof RangeError) return 'it is nested too deeply';
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'it can not be read';
};

const yamlOf = (text: string): E.Either<Status, readonly unknown[]> => {
  try {
    const counter = new LineCounter();
    const documents = parseAllDocuments(text, { lineCounter: counter, strict: true, logLevel: 'silent' });
    const broken = documents.flatMap(({ errors }) => errors)[0];
    if (broken !== undefined) return E.left(badRequest(`the body is not YAML: ${messageOf(broken)}`));
    const values = documents.map((one) => one.toJS({ maxAliasCount: MAX_ALIASES }) as unknown);
    return E.right(values.filter((value) => value !== null));
  } catch (error) {
    return E.left(badRequest(`the body is not YAML that can be accepted: ${messageOf(error)}`));
  }
};

const parsedAs = (kind: Media, text: string): E.Either<Status, readonly unknown[]> =>
  kind === 'yaml' ? yamlOf(text) : E.map((value: unknown) => [value])(jsonOf(text));

type Media = 'json' | 'yaml' | 'merge-patch';

const MEDIA: Readonly<Record<string, Media>> = {
  'application/json': 'json',
  'application/yaml': 'yaml',
  'application/x-yaml': 'yaml',
  'text/yaml': 'yaml',
  'application/merge-patch+json': 'merge-patch',
};

const mediaOf = (
  request: IncomingMessage,
  accepted: readonly Media[],
  otherwise: Media,
): E.Either<Status, Media> => {
  const header = request.headers['content-type'];
  if (header === undefined) return E.right(otherwise);
  const [type = ''] = header.toLowerCase().split(';');
  const media = MEDIA[type.trim()];
  if (media !== undefined && accepted.includes(media)) return E.right(media);
  const wanted = Object.keys(MEDIA).filter((name) => accepted.includes(MEDIA[name] ?? 'json'));
  return E.left(unsupportedMedia(type.trim(), wanted.join(' or ')));
};

const documentsIn = (media: Media, text: string): E.Either<Status, readonly unknown[]> => {
  if (bracketDepth(text) > 10 * MAX_DEPTH) return E.left(badRequest('the body is nested too deeply'));
  const parsed = parsedAs(media, text);
  if (E.isLeft(parsed)) return parsed;
  const refused = refusal(parsed.right);
  return refused === null ? parsed : E.left(badRequest(refused));
};

/** Every document of the body: one for JSON, as many as there are for YAML. */
export const bodyDocuments = async (
  request: IncomingMessage,
): Promise<E.Either<Status, readonly unknown[]>> => {
  const media = mediaOf(request, ['json', 'yaml'], 'json');
  if (E.isLeft(media)) return media;
  const text = await readBody(request);
  return E.isLeft(text) ? text : documentsIn(media.right, text.right);
};

/** The one document of the body. */
export const bodyDocument = async (request: IncomingMessage): Promise<E.Either<Status, unknown>> => {
  const documents = await bodyDocuments(request);
  if (E.isLeft(documents)) return documents;
  const { length } = documents.right;
  if (length === 1) return E.right(documents.right[0]);
  return E.left(badRequest(`the body holds ${String(length)} documents, expected one`));
};

/** A merge patch (application/merge-patch+json). */
export const bodyPatch = async (request: IncomingMessage): Promise<E.Either<Status, unknown>> => {
  const media = mediaOf(request, ['merge-patch'], 'json');
  if (E.isLeft(media)) return media;
  if (media.right !== 'merge-patch')
    return E.left(unsupportedMedia('not given', 'application/merge-patch+json'));
  const text = await readBody(request);
  if (E.isLeft(text)) return text;
  return E.map((documents: readonly unknown[]) => documents[0])(documentsIn('json', text.right));
};

/** A JSON object, or nothing where there is no body. */
export const bodyOptions = async (
  request: IncomingMessage,
): Promise<E.Either<Status, Readonly<Record<string, unknown>>>> => {
  const text = await readBody(request);
  if (E.isLeft(text)) return text;
  if (text.right.trim() === '') return E.right({});
  const value = E.map((documents: readonly unknown[]) => documents[0])(documentsIn('json', text.right));
  if (E.isLeft(value)) return value;
  if (typeof value.right !== 'object' || value.right === null || Array.isArray(value.right))
    return E.left(badRequest('the body is not an object'));
  return E.right(value.right as Readonly<Record<string, unknown>>);
};
