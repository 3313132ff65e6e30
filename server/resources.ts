/** Requests for resources: which verb a request is, and who carries it out. */
import * as E from 'fp-ts/lib/Either.js';
import { kindEntry } from '../api-types/kinds.js';
import type { Status } from '../api-types/status.js';
import type { Attributes, Caller } from './access/access.js';
import { type Media, type OneDocument, bodyDocument, bodyOptions, bodyPatch } from './body.js';
import { consent } from './consent.js';
import type { Answer, Context } from './context.js';
import type { Asked } from './door.js';
import { hostLogs } from './logs/logs.js';
import { getObject } from './reads/get.js';
import { listObjects } from './reads/list.js';
import { watchObjects } from './reads/watch.js';
import type { ResourceRoute } from './routes.js';
import { badRequest, methodNotAllowed } from './statuses.js';
import { selectorOf } from './reads/selectors.js';
import { applyObject } from './writes/apply.js';
import { type Deleting, deleteCollection, deleteObject, deleteOptions } from './writes/delete.js';
import { writeOptions } from './writes/options.js';
import { type Patching, jsonPatching, mergePatching, patchObject } from './writes/patch.js';
import { createObject, replaceObject } from './writes/put.js';
import { getScale, patchScale, replaceScale } from './writes/scale.js';
import type { Writing } from './writes/writing.js';

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
  if (route.name !== null) return getObject(context, route, asked, caller);
  return listObjects(context, route, asked, caller);
};

const consenting: Verb = async (context, route, asked) => {
  if (asked.method !== 'POST') return E.left(methodNotAllowed(asked.method, asked.path));
  const how = writeOptions(asked);
  if (E.isLeft(how)) return how;
  const seen = await bodyOptions(asked.request);
  return E.isLeft(seen) ? seen : consent(context, route, seen.right, how.right);
};

/** A verb once its options are read. */
type WriteVerb = (writing: Writing, asked: Asked) => Promise<Answer> | Answer;

const isStrict = ({ options }: Writing): boolean => options.validation === 'Strict';

const told = (answer: Answer, warnings: readonly string[], { options }: Writing): Answer => {
  if (E.isLeft(answer) || warnings.length === 0 || options.validation === 'Ignore') return answer;
  return E.right({ ...answer.right, warnings: [...warnings, ...(answer.right.warnings ?? [])] });
};

const withBody =
  (act: (writing: Writing, body: unknown) => Promise<Answer>): WriteVerb =>
  async (writing, { request }) => {
    const body = await bodyDocument(request, isStrict(writing));
    if (E.isLeft(body)) return body;
    return told(await act(writing, body.right.document), body.right.warnings, writing);
  };

const patchingOf = ({ media, document }: OneDocument, writing: Writing): E.Either<Status, Patching> =>
  media === 'json-patch' ? jsonPatching(document, writing) : mergePatching(document);

const patching =
  (accepted: readonly Media[], act: (writing: Writing, change: Patching) => Promise<Answer>): WriteVerb =>
  async (writing, { request }) => {
    const body = await bodyPatch(request, accepted, isStrict(writing));
    if (E.isLeft(body)) return body;
    const { media, document, warnings } = body.right;
    if (media === 'apply-patch') return told(await applyObject(writing, document), warnings, writing);
    if (writing.options.force !== null)
      return E.left(badRequest('force is for an apply (application/apply-patch+yaml) only'));
    const change = patchingOf(body.right, writing);
    return E.isLeft(change) ? change : act(writing, change.right);
  };

const deletingOf = async (writing: Writing, asked: Asked): Promise<E.Either<Status, Deleting>> => {
  const body = await bodyOptions(asked.request);
  return E.isLeft(body) ? body : deleteOptions(writing, asked.query, body.right);
};

const deleting: WriteVerb = async (writing, asked) => {
  const options = await deletingOf(writing, asked);
  return E.isLeft(options) ? options : deleteObject(writing, options.right);
};

const deletingAll: WriteVerb = async (writing, asked) => {
  const selects = selectorOf(writing.route.view, asked.query);
  if (E.isLeft(selects)) return selects;
  const options = await deletingOf(writing, asked);
  return E.isLeft(options) ? options : deleteCollection(writing, selects.right, options.right);
};

type Verbs = Readonly<Record<string, WriteVerb>>;

const ON_COLLECTION: Verbs = { POST: withBody(createObject), DELETE: deletingAll };

const ON_OBJECT: Verbs = {
  PUT: withBody(replaceObject),
  PATCH: patching(['merge-patch', 'json-patch', 'apply-patch'], patchObject),
  DELETE: deleting,
};

const ON_SCALE: Verbs = {
  GET: getScale,
  HEAD: getScale,
  PUT: withBody(replaceScale),
  PATCH: patching(['merge-patch', 'json-patch'], patchScale),
};

const writing =
  (verb: WriteVerb): Verb =>
  async (context, route, asked, caller) => {
    const options = writeOptions(asked);
    return E.isLeft(options) ? options : verb({ context, route, caller, options: options.right }, asked);
  };

const whole: Verb = async (context, route, asked, caller) => {
  const { method } = asked;
  const { view } = route;
  const what = route.name === null ? `all ${view.plural}` : `${view.plural} "${route.name}"`;
  const verb = (route.name === null ? ON_COLLECTION : ON_OBJECT)[method];
  if (view.instead !== undefined) return E.left(methodNotAllowed(method, `${what}: ${view.instead}`));
  const homeless = view.namespaced && route.cluster === null;
  if (verb === undefined || homeless) return E.left(methodNotAllowed(method, what));
  if (kindEntry(view.source).home === 'record')
    return E.left(methodNotAllowed(method, `${what}: ${view.plural} are written by the controllers`));
  return writing(verb)(context, route, asked, caller);
};

const isRead = ({ method }: Asked): boolean => method === 'GET' || method === 'HEAD';

const statusing: Verb = async (context, route, asked, caller) => {
  if (isRead(asked)) return reading(context, route, asked, caller);
  const what = `${route.view.plural} "${route.name ?? ''}": status is written by the controllers`;
  return E.left(methodNotAllowed(asked.method, what));
};

const scaling: Verb = async (context, route, asked, caller) => {
  const verb = ON_SCALE[asked.method];
  if (verb === undefined) return E.left(methodNotAllowed(asked.method, asked.path));
  return writing(verb)(context, route, asked, caller);
};

const logging: Verb = async (context, route, asked, caller) => {
  const refused = await hostLogs(context, route, asked, caller);
  return refused === null ? null : E.left(refused);
};

const BELOW: Readonly<Record<string, Verb>> = {
  consent: consenting,
  status: statusing,
  scale: scaling,
  logs: logging,
};

/** Carries the request out; null: the response is taken (a watch). */
export const resourceAnswer: Verb = (context, route, asked, caller) => {
  const below = route.sub === null ? undefined : BELOW[route.sub];
  if (below !== undefined) return below(context, route, asked, caller);
  return (isRead(asked) ? reading : whole)(context, route, asked, caller);
};
