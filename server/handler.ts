/** From a request to an answer: who asks, what for, and what becomes of failures. */
import * as E from 'fp-ts/lib/Either.js';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { kindEntry } from '../api-types/kinds.js';
import type { Status } from '../api-types/status.js';
import { sameToken } from '../runtime/tokens.js';
import { bodyDocument, bodyDocuments, bodyOptions, bodyPatch } from './body.js';
import { consent } from './consent.js';
import type { Answer, Context, Reply } from './context.js';
import { DISCOVERY, versionDocument } from './discovery.js';
import { prometheusText } from './metrics.js';
import { planDocuments } from './plans.js';
import { getObject, listObjects } from './reads.js';
import { API_PATH, type ResourceRoute, resourceRoute } from './routes.js';
import { badRequest, internal, methodNotAllowed, noSuchPath, unauthorized, unavailable } from './statuses.js';
import { watchObjects } from './watch.js';
import { createObject, deleteObject, patchObject, replaceObject } from './writes.js';

interface Asked {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
}

const ok = (body: unknown, type?: string): Answer =>
  E.right({ code: 200, body, ...(type === undefined ? {} : { type }) });

const bearer = (request: IncomingMessage): string =>
  /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';

const health = (context: Context, path: string): Answer | null => {
  if (path === '/healthz' || path === '/livez') return ok('ok\n', 'text/plain');
  if (path !== '/readyz') return null;
  return context.closing.aborted ? E.left(unavailable('shutting down', 5)) : ok('ok\n', 'text/plain');
};

const metricsAnswer = (context: Context, { request }: Asked): Answer =>
  (request.headers.accept ?? '').includes('application/json')
    ? ok(context.metrics())
    : ok(prometheusText(context.metrics()), 'text/plain; version=0.0.4');

/** Paths that are no resource; null: none of these. */
const fixed = async (context: Context, asked: Asked): Promise<Answer | null> => {
  const { method, path } = asked;
  if (path === `${API_PATH}/plan`) {
    if (method !== 'POST') return E.left(methodNotAllowed(method, path));
    const bodies = await bodyDocuments(asked.request);
    return E.isLeft(bodies) ? bodies : planDocuments(context, bodies.right);
  }
  const document = path === '/version' ? versionDocument(context.version) : DISCOVERY[path];
  if (document === undefined && path !== '/metrics') return null;
  if (method !== 'GET' && method !== 'HEAD') return E.left(methodNotAllowed(method, path));
  return document === undefined ? metricsAnswer(context, asked) : ok(document);
};

const reading = async (
  context: Context,
  route: ResourceRoute,
  { query, response }: Asked,
): Promise<Answer | null> => {
  if (['true', '1'].includes(query.get('watch') ?? '')) {
    const refused = await watchObjects(context, route, query, response);
    return refused === null ? null : E.left(refused);
  }
  return route.name === null ? listObjects(context, route, query) : getObject(context, route, query);
};

interface DeleteOptions {
  readonly preconditions?: { readonly uid?: unknown; readonly resourceVersion?: unknown };
  readonly dryRun?: unknown;
}

const deleting = async (context: Context, route: ResourceRoute, { request }: Asked): Promise<Answer> => {
  const options = await bodyOptions(request);
  if (E.isLeft(options)) return options;
  const { preconditions, dryRun }: DeleteOptions = options.right;
  if (dryRun !== undefined) return E.left(noDryRun());
  const { uid, resourceVersion } = preconditions ?? {};
  if (![uid, resourceVersion].every((value) => value === undefined || typeof value === 'string'))
    return E.left(badRequest('preconditions: expected texts uid and resourceVersion'));
  return deleteObject(context, route, {
    uid: uid as string | undefined,
    resourceVersion: resourceVersion as string | undefined,
  });
};

const noDryRun = (): Status =>
  badRequest(`dryRun is not offered; POST the documents to ${API_PATH}/plan to see what they would do`);

const consenting = async (context: Context, route: ResourceRoute, asked: Asked): Promise<Answer> => {
  if (asked.method !== 'POST') return E.left(methodNotAllowed(asked.method, asked.path));
  const options = await bodyOptions(asked.request);
  return E.isLeft(options) ? options : consent(context, route, options.right);
};

type Verb = (context: Context, route: ResourceRoute, asked: Asked) => Promise<Answer>;

const withBody =
  (
    read: (request: IncomingMessage) => Promise<E.Either<Status, unknown>>,
    act: (context: Context, route: ResourceRoute, body: unknown) => Promise<Answer>,
  ): Verb =>
  async (context, route, { request }) => {
    const body = await read(request);
    return E.isLeft(body) ? body : act(context, route, body.right);
  };

const ON_COLLECTION: Readonly<Record<string, Verb>> = { POST: withBody(bodyDocument, createObject) };

const ON_OBJECT: Readonly<Record<string, Verb>> = {
  PUT: withBody(bodyDocument, replaceObject),
  PATCH: withBody(bodyPatch, patchObject),
  DELETE: deleting,
};

const writing = async (context: Context, route: ResourceRoute, asked: Asked): Promise<Answer> => {
  const { method, query } = asked;
  const entry = kindEntry(route.kind);
  const what = route.name === null ? `all ${entry.plural}` : `${entry.plural} "${route.name}"`;
  const verb = (route.name === null ? ON_COLLECTION : ON_OBJECT)[method];
  const homeless = entry.scope === 'Namespaced' && route.cluster === null;
  if (verb === undefined || homeless) return E.left(methodNotAllowed(method, what));
  if (entry.home === 'record')
    return E.left(methodNotAllowed(method, `${what}: ${entry.plural} are written by the controllers`));
  if (query.has('dryRun')) return E.left(noDryRun());
  return verb(context, route, asked);
};

/** The answer; null: the response is taken (a watch). */
const answerTo = async (context: Context, asked: Asked): Promise<Answer | null> => {
  const known = await fixed(context, asked);
  if (known !== null) return known;
  const route = resourceRoute(asked.path);
  if (route === null) return E.left(noSuchPath(asked.path));
  if (route.verb === 'consent') return consenting(context, route, asked);
  if (asked.method === 'GET' || asked.method === 'HEAD') return reading(context, route, asked);
  return writing(context, route, asked);
};

const headersFor = (status: Status): Readonly<Record<string, string>> => {
  const after = status.details?.retryAfterSeconds;
  return {
    ...(status.code === 401 ? { 'WWW-Authenticate': 'Bearer' } : {}),
    ...(after === undefined ? {} : { 'Retry-After': String(after) }),
    // what was not read of the body would be taken for the next request
    ...(status.code === 413 || status.code === 401 ? { Connection: 'close' } : {}),
  };
};

const quoted = (text: string): string => `299 scalarium "${text.replaceAll('"', "'")}"`;

const send = (response: ServerResponse, reply: Reply, more: Readonly<Record<string, string>>): void => {
  if (response.headersSent || response.destroyed) return;
  const text = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body);
  response.writeHead(reply.code, {
    'Content-Type': reply.type ?? 'application/json',
    'Content-Length': String(Buffer.byteLength(text)),
    'Cache-Control': 'no-store',
    ...(reply.warning === undefined ? {} : { Warning: quoted(reply.warning) }),
    ...more,
  });
  response.end(text);
};

const asking = (request: IncomingMessage, response: ServerResponse): Asked => {
  const [path = '/', query = ''] = (request.url ?? '/').split(/\?(.*)/s);
  return { request, response, method: request.method ?? 'GET', path, query: new URLSearchParams(query) };
};

const settledAnswer = async (context: Context, token: string, asked: Asked): Promise<Answer | null> => {
  const vital = health(context, asked.path);
  if (vital !== null) return vital;
  if (!sameToken(bearer(asked.request), token)) return E.left(unauthorized());
  return answerTo(context, asked);
};

/** Answers one request, whatever it is. */
export const handle = async (
  context: Context,
  token: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  let answer: Answer | null;
  try {
    answer = await settledAnswer(context, token, asking(request, response));
  } catch (error) {
    context.log.error('a request failed in an unexpected way', { path: request.url, error });
    answer = E.left(internal('an internal error; the control plane has logged it'));
  }
  if (answer === null) return;
  if (E.isRight(answer)) send(response, answer.right, {});
  else send(response, { code: answer.left.code, body: answer.left }, headersFor(answer.left));
  request.resume();
};
