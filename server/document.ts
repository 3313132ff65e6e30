/** Documents that do not change while the server runs: told apart by their hash, so that clients fetch them once. */
import { createHash } from 'node:crypto';
import type { Reply } from './context.js';
import type { Asked } from './door.js';

export interface FixedDocument {
  readonly body: string | Buffer;
  readonly type: string;
  /** SHA-256 of the body. */
  readonly hash: string;
}

const JSON_TYPE = 'application/json';

/** Bytes and texts as they are, anything else as JSON. */
export const fixedDocument = (content: object | Buffer, type = JSON_TYPE): FixedDocument => {
  const body = Buffer.isBuffer(content) ? content : JSON.stringify(content);
  return { body, type, hash: createHash('sha256').update(body).digest('hex').slice(0, 32).toUpperCase() };
};

/** Weak or strong makes no difference for documents that are the same byte for byte. */
const isKnown = (asked: Asked, etag: string): boolean =>
  (asked.request.headers['if-none-match'] ?? '')
    .split(',')
    .map((tag) => tag.trim().replace(/^W\//, ''))
    .some((tag) => tag === etag || tag === '*');

/** The document, or 304 for a client that has it. Clients keep it and ask each time whether it still holds. */
export const documentReply = (
  asked: Asked,
  document: FixedDocument,
  more: Readonly<Record<string, string>> = {},
): Reply => {
  const etag = `"${document.hash}"`;
  const headers = { ETag: etag, Vary: 'Accept', 'Cache-Control': 'no-cache, private', ...more };
  const { type, body } = document;
  if (!isKnown(asked, etag)) return { code: 200, body, type, headers };
  // a 304 tells the length that a 200 would have
  const length = String(Buffer.byteLength(body));
  return { code: 304, body: '', type, headers: { ...headers, 'Content-Length': length } };
};
