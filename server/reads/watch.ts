/** watch: JSON lines `{type, object}`, what is asked for and how it begins. */
import * as E from 'fp-ts/lib/Either.js';
import type { Status } from '../../api-types/status.js';
import { type Millis, seconds } from '../../api-types/units.js';
import type { Caller } from '../access/access.js';
import type { Context } from '../context.js';
import type { Asked } from '../door.js';
import type { ResourceRoute } from '../routes.js';
import { invalid, methodNotAllowed } from '../statuses.js';
import { freshEnough, numberAsked, revisionAsked } from './asked.js';
import { errorLine } from './lines.js';
import { RIGHTS_CHANGED, rightsChangedSince } from './rights-changed.js';
import { selectorOf } from './selectors.js';
import { shapeOf } from './shapes.js';
import { type Wanted, Watcher, tooOld } from './watcher.js';

/** Nobody's clock counts further. */
const LONGEST = seconds(24 * 60 * 60);

const timeoutAsked = (query: URLSearchParams): E.Either<Status, Millis | null> =>
  E.map((asked: number | null) =>
    asked === null || asked === 0 ? null : (Math.min(LONGEST, seconds(asked)) as Millis),
  )(numberAsked(query, 'timeoutSeconds'));

const flag = (query: URLSearchParams, name: string): boolean => ['true', '1'].includes(query.get(name) ?? '');

const refuse = (path: string, expected: string, got: string | null): Status =>
  invalid('ListOptions', '', [{ path, expected, got: got === null ? 'none' : `"${got.slice(0, 80)}"` }]);

/** Clients fall back to a list when this is refused, and wait for ever when it is taken and not done. */
const initialProblem = (query: URLSearchParams): Status | null => {
  const match = query.get('resourceVersionMatch');
  const initial = query.get('sendInitialEvents');
  if (initial === null)
    return match === null
      ? null
      : refuse('resourceVersionMatch', 'none on a watch without sendInitialEvents', match);
  if (!['true', 'false', '1', '0'].includes(initial))
    return refuse('sendInitialEvents', 'true or false', initial);
  return match === 'NotOlderThan'
    ? null
    : refuse('resourceVersionMatch', 'NotOlderThan with sendInitialEvents', match);
};

/** Where a watch begins: after a revision, or (null) with what there is. */
const beginning = (context: Context, query: URLSearchParams, revision: number): number | null => {
  if (flag(query, 'sendInitialEvents')) return null;
  if (revision !== 0) return revision;
  return query.has('sendInitialEvents') ? context.objects.revision() : null;
};

interface Options {
  readonly revision: number;
  readonly timeout: Millis | null;
}

const optionsOf = (query: URLSearchParams): E.Either<Status, Options> => {
  const problem = initialProblem(query);
  if (problem !== null) return E.left(problem);
  const revision = revisionAsked(query);
  if (E.isLeft(revision)) return revision;
  const timeout = timeoutAsked(query);
  if (E.isLeft(timeout)) return timeout;
  return E.right({ revision: revision.right, timeout: timeout.right });
};

const wantedOf = (
  context: Context,
  route: ResourceRoute,
  { query, path, request }: Asked,
  caller: Caller,
): E.Either<Status, { readonly wanted: Wanted; readonly revision: number }> => {
  const shape = shapeOf(route.view, 'watch', { accept: request.headers.accept, query });
  if (E.isLeft(shape)) return shape;
  const selects = selectorOf(route.view, query);
  if (E.isLeft(selects)) return selects;
  const options = optionsOf(query);
  if (E.isLeft(options)) return options;
  const { revision, timeout } = options.right;
  const bookmarks = flag(query, 'allowWatchBookmarks');
  const wanted: Wanted = {
    route,
    caller,
    path,
    shape: shape.right,
    selects: selects.right,
    after: beginning(context, query, revision),
    marksBeginning: bookmarks && flag(query, 'sendInitialEvents'),
    bookmarks,
    timeout,
  };
  return E.right({ wanted, revision });
};

/** Why the changes since are no continuation of the list that was had. */
const gapOf = (context: Context, { after, caller }: Wanted): Status | null => {
  if (after === null) return null;
  if (after < context.ring.floor()) return tooOld(`resourceVersion ${String(after)}`);
  return rightsChangedSince(context, after, caller) ? RIGHTS_CHANGED : null;
};

const open = (context: Context, wanted: Wanted, { request, response }: Asked): Status | null => {
  const of = { user: wanted.caller.user, address: request.socket.remoteAddress ?? '' };
  const refused = context.watches.refuses(of);
  if (refused !== null) return refused;
  response.writeHead(200, {
    'Content-Type': 'application/json',
    'Cache-Control': 'no-store',
    Vary: 'Accept',
  });
  response.flushHeaders();
  const gap = gapOf(context, wanted);
  if (gap !== null) {
    response.end(errorLine(gap));
    return null;
  }
  // a peer that is gone without a word is noticed though nothing is sent to it
  request.socket.setKeepAlive(true, seconds(60));
  const watcher = new Watcher(context, wanted, response);
  response.on('close', context.watches.begin(of, watcher));
  watcher.pump();
  return null;
};

/** Begins a watch on the response; a Status when it cannot begin. */
export const watchObjects = async (
  context: Context,
  route: ResourceRoute,
  asked: Asked,
  caller: Caller,
): Promise<Status | null> => {
  if (asked.method !== 'GET') return methodNotAllowed(asked.method, `a watch of ${route.view.plural}`);
  const understood = wantedOf(context, route, asked, caller);
  if (E.isLeft(understood)) return understood.left;
  const { wanted, revision } = understood.right;
  const behind = await freshEnough(context, revision);
  if (behind !== null) return behind;
  if (asked.response.destroyed || context.closing.aborted) return null;
  return open(context, wanted, asked);
};
