/** One request to the control plane over node:http (fetch costs a CLI a third of its start-up time). */
import * as E from 'fp-ts/lib/Either.js';
import {
  Agent as PlainAgent,
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
  request as plainRequest,
} from 'node:http';
import { type Status, failureStatus } from '../api-types/status.js';
import { certificateSentence } from './certificate-errors.js';

export interface Endpoint {
  readonly url: string;
  readonly token: string;
  /** PEM of whom to trust there, and nobody else; none: the system's authorities. */
  readonly ca?: string;
}

export interface Sent {
  readonly body?: unknown;
  readonly type?: string;
  readonly signal?: AbortSignal;
}

export interface Received {
  readonly json: unknown;
  /** The server's `Warning:` text, or null. */
  readonly warning: string | null;
}

export type Requester = (method: string, path: string, sent?: Sent) => Promise<E.Either<Status, Received>>;

/** Opens a response whose body is read by the caller: a Status when there was none to read. */
export type Opener = (path: string, signal?: AbortSignal) => Promise<E.Either<Status, IncomingMessage>>;

const UNREACHABLE = ['ECONNREFUSED', 'ENOENT', 'ENOTFOUND', 'EHOSTUNREACH', 'EAI_AGAIN'];

/** A failure to talk at all, as a Status with code 0. */
const unreachable = (endpoint: Endpoint, error: NodeJS.ErrnoException): Status => {
  const certificate = certificateSentence(endpoint.url, error);
  if (certificate !== null) return failureStatus(0, 'Unreachable', certificate);
  const message = UNREACHABLE.includes(error.code ?? '')
    ? `no control plane answers at ${endpoint.url}: start it with "npm start" or "scalarium up", or name another with --server`
    : `the connection to ${endpoint.url} broke: ${error.message}`;
  return failureStatus(0, 'Unreachable', message);
};

const isStatus = (value: unknown): value is Status =>
  typeof value === 'object' && value !== null && (value as { readonly kind?: unknown }).kind === 'Status';

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const textOf = async (response: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
};

const refusal = (code: number, text: string): Status => {
  const value = parsed(text);
  if (isStatus(value)) return value;
  if (code === 400 && text.includes('speaks TLS')) return failureStatus(0, 'Unreachable', text.trim());
  return failureStatus(code, 'Unknown', `answer ${String(code)} is not of a Scalarium control plane`);
};

const warningOf = (response: IncomingMessage): string | null => {
  const header = response.headers['warning'];
  return typeof header === 'string' ? (/"(.*)"/.exec(header)?.[1] ?? header) : null;
};

/** https only where the URL asks for it: most do not, and it costs a start-up. */
const requestFor = async (url: URL): Promise<typeof plainRequest> =>
  url.protocol === 'https:' ? (await import('node:https')).request : plainRequest;

type Keeper = NonNullable<RequestOptions['agent']>;

/** Keeps connections open between requests. */
const keepAlive = async ({ url, ca }: Endpoint): Promise<Keeper> => {
  if (!url.startsWith('https:')) return new PlainAgent({ keepAlive: true });
  const { Agent } = await import('node:https');
  return new Agent({ keepAlive: true, ...(ca === undefined ? {} : { ca }) });
};

const headersFor = (endpoint: Endpoint, text: string | null, type: string): Record<string, string> => ({
  accept: 'application/json',
  ...(endpoint.token === '' ? {} : { authorization: `Bearer ${endpoint.token}` }),
  ...(text === null ? {} : { 'content-type': type, 'content-length': String(Buffer.byteLength(text)) }),
});

const exchanged = async (
  endpoint: Endpoint,
  options: RequestOptions & { readonly path: string },
  { body, type = 'application/json', signal }: Sent,
): Promise<E.Either<Status, IncomingMessage>> => {
  const url = new URL(endpoint.url);
  const request = await requestFor(url);
  const text = body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body);
  const headers = headersFor(endpoint, text, type);
  const trusted = endpoint.ca === undefined ? {} : { ca: endpoint.ca };
  return new Promise((resolve) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      resolve(E.left(unreachable(endpoint, error)));
    };
    const asked: ClientRequest = request(url, { ...trusted, ...options, headers, ...(signal && { signal }) });
    asked.on('response', (response) => {
      resolve(E.right(response));
    });
    asked.on('error', failed);
    asked.end(text ?? undefined);
  });
};

const received = async (
  endpoint: Endpoint,
  response: IncomingMessage,
): Promise<E.Either<Status, Received>> => {
  try {
    const text = await textOf(response);
    const code = response.statusCode ?? 0;
    if (code < 200 || code > 299) return E.left(refusal(code, text));
    return E.right({ json: parsed(text), warning: warningOf(response) });
  } catch (error) {
    return E.left(unreachable(endpoint, error as Error));
  }
};

/** Requests with a whole answer. */
export const requester = (endpoint: Endpoint): Requester => {
  let keeper: Promise<Keeper> | null = null;
  return async (method, path, sent = {}) => {
    const agent = await (keeper ??= keepAlive(endpoint));
    const response = await exchanged(endpoint, { method, path, agent }, sent);
    return E.isLeft(response) ? response : received(endpoint, response.right);
  };
};

/** Requests whose answer goes on. */
export const opener =
  (endpoint: Endpoint): Opener =>
  async (path, signal) => {
    const sent = signal === undefined ? {} : { signal };
    const response = await exchanged(endpoint, { method: 'GET', path, agent: false }, sent);
    if (E.isLeft(response) || response.right.statusCode === 200) return response;
    const answer = await received(endpoint, response.right);
    return E.isLeft(answer) ? answer : E.left(failureStatus(0, 'Unreachable', 'no stream was answered'));
  };
