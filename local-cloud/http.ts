/** The little of HTTP that both doors need. */
import type { IncomingMessage, ServerResponse } from 'node:http';

const MOST_BODY_BYTES = 4 * 1024 * 1024;

/** The whole body as text; null when it is larger than anyone has reason to send. */
export const readBody = async (request: IncomingMessage): Promise<string | null> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MOST_BODY_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};

export const send = (response: ServerResponse, status: number, type: string, text: string): void => {
  response.writeHead(status, { 'content-type': type, 'content-length': String(Buffer.byteLength(text)) });
  response.end(text);
};

export const sendJson = (response: ServerResponse, status: number, value: unknown): void => {
  send(response, status, 'application/json', JSON.stringify(value));
};
