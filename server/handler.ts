/** From a request to an answer: who asks, what for, may they, and what becomes of failures. */
import * as E from 'fp-ts/lib/Either.js';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Status } from '../api-types/status.js';
import type { Attributes, Caller } from './access/access.js';
import { impersonationRefused } from './access/impersonation.js';
import { auditAnswer } from './audit/entries.js';
import type { Answer, Context, Reply } from './context.js';
import type { Asked, Door } from './door.js';
import { doorsAt } from './doors.js';
import { refusal, refusedWith } from './refusal.js';
import { attributesOf, resourceAnswer } from './resources.js';
import { cutWhenStuck } from './patience.js';
import { resourceRoute } from './routes.js';
import { forbidden, internal, methodNotAllowed, noSuchPath } from './statuses.js';

/** How a request went: for the answer, and for the audit log. */
export interface Handled {
  /** Null: the response is taken (a watch). */
  readonly answer: Answer | null;
  readonly caller: Caller | null;
  readonly attributes: Attributes | null;
  /** Why it was allowed or not. */
  readonly reason: string;
}

const refused = (status: Status, caller: Caller | null, attributes: Attributes | null): Handled => ({
  answer: E.left(status),
  caller,
  attributes,
  reason: status.message ?? '',
});

const opens = (door: Door, method: string): boolean =>
  door.method === method || (door.method === 'GET' && method === 'HEAD');

/** The door of a request; a Status when the path has doors, none for this method; null: no door's path. */
const doorOf = ({ method, path }: Asked): E.Either<Status, Door> | null => {
  const there = doorsAt(path);
  if (there.length === 0) return null;
  const door = there.find((one) => opens(one, method));
  return door === undefined ? E.left(methodNotAllowed(method, path)) : E.right(door);
};

const VERBS: Readonly<Record<string, string>> = { POST: 'create', PUT: 'update' };

const throughDoorTo = ({ method, path }: Asked, door: Door): Attributes => {
  const resource = door.resource?.(path) ?? null;
  const plain = method.toLowerCase();
  return { verb: resource === null ? plain : (VERBS[method] ?? plain), path, resource };
};

const throughDoor = async (context: Context, asked: Asked, door: Door, caller: Caller): Promise<Handled> => {
  const attributes = throughDoorTo(asked, door);
  const { allowed, reason } = context.access.decide(caller, attributes);
  if (!allowed) return refused(forbidden(caller.user, whatOf(attributes), reason), caller, attributes);
  return { answer: await door.answer(context, asked, caller), caller, attributes, reason };
};

const toResource = async (context: Context, asked: Asked, caller: Caller): Promise<Handled> => {
  const route = resourceRoute(asked.path);
  if (route === null) return refused(noSuchPath(asked.path), caller, null);
  const attributes = attributesOf(route, asked);
  const { allowed, reason } = context.access.decide(caller, attributes);
  if (!allowed) return refused(forbidden(caller.user, whatOf(attributes), reason), caller, attributes);
  return { answer: await resourceAnswer(context, route, asked, caller), caller, attributes, reason };
};

const whatOf = ({ verb, path, resource }: Attributes): string => {
  if (resource === null) return path;
  const { view, cluster, name, sub } = resource;
  const object = `${view.plural}${sub === null ? '' : `/${sub}`}${name === null ? '' : ` "${name}"`}`;
  return `${verb} ${object}${cluster === null ? '' : ` in cluster "${cluster}"`}`;
};

/** Who asks, in their own name; Left: how the request ends without that. */
const askerOf = async (context: Context, { request }: Asked): Promise<E.Either<Handled, Caller>> => {
  const caller = await context.access.authenticate(request);
  if (E.isLeft(caller)) return E.left(refused(caller.left, null, null));
  const inOthersName = impersonationRefused(request, caller.right.user);
  return inOthersName === null ? caller : E.left(refused(inOthersName, caller.right, null));
};

const handled = async (context: Context, asked: Asked): Promise<Handled> => {
  const door = doorOf(asked);
  if (door !== null && E.isRight(door) && door.right.anonymous === true) {
    const answer = await door.right.answer(context, asked, null);
    // a login is worth a line, looking whether we live is not
    const attributes = asked.method === 'POST' ? throughDoorTo(asked, door.right) : null;
    const reason = refusedWith(answer)?.message ?? 'open to all';
    return { answer, caller: null, attributes, reason };
  }
  const caller = await askerOf(context, asked);
  if (E.isLeft(caller)) return caller.left;
  if (door === null) return toResource(context, asked, caller.right);
  if (E.isLeft(door)) return refused(door.left, caller.right, null);
  return throughDoor(context, asked, door.right, caller.right);
};

const MOST_WARNINGS = 20;
const LONGEST_WARNING = 400;

/** Of what clients named themselves too: a header takes no other letters, and is no place for thousands. */
const quoted = (text: string): string =>
  `299 scalarium "${text
    .replaceAll('"', "'")
    .replace(/[^ -~]/gu, '?')
    .slice(0, LONGEST_WARNING)}"`;

const warningsOf = (warnings: readonly string[]): readonly string[] => {
  const more = warnings.length - MOST_WARNINGS;
  const told = warnings.slice(0, MOST_WARNINGS);
  return (more > 0 ? [...told, `and ${String(more)} more`] : told).map(quoted);
};

const send = ({ patience }: Context, response: ServerResponse, reply: Reply): void => {
  if (response.headersSent || response.destroyed) return;
  cutWhenStuck(response, patience);
  const body = Buffer.isBuffer(reply.body)
    ? reply.body
    : typeof reply.body === 'string'
      ? reply.body
      : JSON.stringify(reply.body);
  response.writeHead(reply.code, {
    'Content-Type': reply.type ?? 'application/json',
    'Content-Length': String(Buffer.byteLength(body)),
    'Cache-Control': 'no-store',
    ...(reply.warnings === undefined ? {} : { Warning: [...warningsOf(reply.warnings)] }),
    ...reply.headers,
  });
  response.end(body);
};

const asking = (request: IncomingMessage, response: ServerResponse): Asked => {
  const [path = '/', query = ''] = (request.url ?? '/').split(/\?(.*)/s);
  return { request, response, method: request.method ?? 'GET', path, query: new URLSearchParams(query) };
};

const settled = async (context: Context, asked: Asked): Promise<Handled> => {
  try {
    return await handled(context, asked);
  } catch (error) {
    context.log.error('a request failed in an unexpected way', { path: asked.path, error });
    return refused(internal('an internal error; the control plane has logged it'), null, null);
  }
};

/** Answers one request, whatever it is. */
export const handle = async (
  context: Context,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const asked = asking(request, response);
  const outcome = await settled(context, asked);
  const { answer } = outcome;
  try {
    auditAnswer(context, asked, outcome);
    if (answer === null) return;
    send(context, response, E.isRight(answer) ? answer.right : refusal(answer.left));
  } catch (error) {
    // nobody waits for this promise: what it throws would end the process
    context.log.error('an answer could not be sent', { path: asked.path, error });
    response.destroy();
  }
  request.resume();
};
