/** Requests for resources: which verb a request is, and who carries it out. */
import * as E from 'fp-ts/lib/Either.js';
import type { IncomingMessage } from 'node:http';
import { kindEntry } from '../api-types/kinds.js';
import type { Status } from '../api-types/status.js';
import type { Attributes, Caller } from './access/access.js';
import { bodyDocument, bodyOptions, bodyPatch } from './body.js';
import { consent } from './consent.js';
import type { Answer, Context } from './context.js';
import type { Asked } from './door.js';
import { getObject } from './reads/get.js';
import { listObjects } from './reads/list.js';
import { watchObjects } from './reads/watch.js';
import { API_PATH, type ResourceRoute } from './routes.js';
import { badRequest, methodNotAllowed } from './statuses.js';
import { createObject, deleteObject, patchObject, replaceObject } from './writes.js';

const isWatch = ({ query }: Asked): boolean => ['true', '1'].includes(query.get('watch') ?? '');

const verbOf = ({ name }: ResourceRoute, asked: Asked): Attributes['verb'] => {
  switch (asked.method) {
    case 'GET':
    case 'HEAD':
      return isWatch(asked) ? 'watch' : name === null ? 'list' : 'get';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return name === null ? 'deletecollection' : 'delete';
    default:
      return asked.method.toLowerCase();
  }
};

/** What a request for a resource is, to those who decide. */
export const attributesOf = (route: ResourceRoute, asked: Asked): Attributes => ({
  verb: verbOf(route, asked),
  path: asked.path,
  resource: route,
});

type Verb = (context: Context, route: ResourceRoute, asked: Asked, caller: Caller) => Promise<Answer | null>;

const reading: Verb = async (context, route, asked, caller) => {
  if (isWatch(asked)) {
    const refused = await watchObjects(context, route, asked, caller);
    return refused === null ? null : E.left(refused);
  }
  if (route.name !== null) return getObject(context, route, asked);
  return listObjects(context, route, asked, caller);
};

interface DeleteOptions {
  readonly preconditions?: { readonly uid?: unknown; readonly resourceVersion?: unknown };
  readonly dryRun?: unknown;
}

const deleting: Verb = async (context, route, { request }) => {
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

const consenting: Verb = async (context, route, asked) => {
  if (asked.method !== 'POST') return E.left(methodNotAllowed(asked.method, asked.path));
  const options = await bodyOptions(asked.request);
  return E.isLeft(options) ? options : consent(context, route, options.right);
};

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

const BELOW: Readonly<Record<string, Verb>> = { consent: consenting };

const writing: Verb = async (context, route, asked, caller) => {
  const { method, query } = asked;
  const { view } = route;
  const what = route.name === null ? `all ${view.plural}` : `${view.plural} "${route.name}"`;
  const verb = (route.name === null ? ON_COLLECTION : ON_OBJECT)[method];
  if (view.instead !== undefined) return E.left(methodNotAllowed(method, `${what}: ${view.instead}`));
  const homeless = view.namespaced && route.cluster === null;
  if (verb === undefined || homeless) return E.left(methodNotAllowed(method, what));
  if (kindEntry(view.source).home === 'record')
    return E.left(methodNotAllowed(method, `${what}: ${view.plural} are written by the controllers`));
  if (query.has('dryRun')) return E.left(noDryRun());
  return verb(context, route, asked, caller);
};

/** Carries the request out; null: the response is taken (a watch). */
export const resourceAnswer: Verb = (context, route, asked, caller) => {
  const below = route.sub === null ? undefined : BELOW[route.sub];
  if (below !== undefined) return below(context, route, asked, caller);
  const reads = asked.method === 'GET' || asked.method === 'HEAD';
  return (reads ? reading : writing)(context, route, asked, caller);
};
