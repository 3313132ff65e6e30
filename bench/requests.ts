/** Requests of a benchmark's own client: over node:http, so that what is timed is the server and a socket. */
import { readFileSync } from 'node:fs';
import { Agent, type ClientRequest, type IncomingMessage, request as plain } from 'node:http';
import { Agent as TlsAgent, request as encrypted } from 'node:https';
import { join } from 'node:path';

/** Where to ask, and as whom. */
export interface Target {
  readonly url: string;
  readonly token: string;
  /** PEM, for https. */
  readonly ca: string | null;
  readonly agent: Agent | TlsAgent;
}

export const API = '/apis/scalarium.dev/v1';
export const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';

/** The installation whose data directory this is, over plain HTTP or TLS, with so many kept connections. */
export const targetOf = (data: string, port: number, connections: number, tls = false): Target => {
  const token = readFileSync(join(data, 'token'), 'utf8').trim();
  const ca = tls ? readFileSync(join(data, 'tls', 'ca.crt'), 'utf8') : null;
  const options = { keepAlive: true, maxSockets: connections };
  const agent = ca === null ? new Agent(options) : new TlsAgent({ ...options, ca });
  return { url: `${tls ? 'https' : 'http'}://127.0.0.1:${String(port)}`, token, ca, agent };
};

export interface Asked {
  readonly method?: string;
  readonly accept?: string;
  readonly type?: string;
  readonly body?: string;
}

const opened = (target: Target, path: string, asked: Asked): ClientRequest => {
  const { method = 'GET', accept = 'application/json', type = 'application/json', body } = asked;
  const headers = {
    authorization: `Bearer ${target.token}`,
    accept,
    ...(body === undefined
      ? {}
      : { 'content-type': type, 'content-length': String(Buffer.byteLength(body)) }),
  };
  const request = target.ca === null ? plain : encrypted;
  return request(`${target.url}${path}`, { method, headers, agent: target.agent });
};

/** The response, its body unread; rejects on anything but 2xx. */
export const open = (target: Target, path: string, asked: Asked = {}): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const request = opened(target, path, asked);
    request.on('error', reject);
    request.on('response', (response) => {
      const code = response.statusCode ?? 0;
      if (code >= 200 && code < 300) resolve(response);
      else reject(new Error(`${asked.method ?? 'GET'} ${path}: ${String(code)}`));
    });
    request.end(asked.body);
  });

/** How many bytes the answer has; none is kept. */
export const sizeOf = async (target: Target, path: string): Promise<number> => {
  let size = 0;
  for await (const chunk of (await open(target, path)) as AsyncIterable<Buffer>) size += chunk.length;
  return size;
};

/** The bytes of the whole answer. */
export const read = async (target: Target, path: string, asked: Asked = {}): Promise<Buffer> => {
  const response = await open(target, path, asked);
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
};
