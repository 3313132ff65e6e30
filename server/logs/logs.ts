/** GET …/instances/NAME/logs: what the host's agent has written, and goes on to write. */
import * as E from 'fp-ts/lib/Either.js';
import type { Status } from '../../api-types/status.js';
import { seconds } from '../../api-types/units.js';
import type { Live } from '../../store/objects/objects.js';
import type { Caller } from '../access/access.js';
import type { Context } from '../context.js';
import type { Asked } from '../door.js';
import { numberAsked, refOf } from '../reads/asked.js';
import type { ResourceRoute } from '../routes.js';
import {
  badRequest,
  conflicted,
  methodNotAllowed,
  notFound,
  tooManyRequests,
  unavailable,
} from '../statuses.js';
import type { LogsAsked, OpenLog } from './port.js';
import { streamed } from './stream.js';

const TAIL = 100;
const MOST_LINES = 10_000;
/** Open at a time for one user: enough for all hosts of a role, and no flood. */
const MOST_STREAMS = 64;
const LONGEST_EVENT = 253;

export interface Logs {
  readonly open: OpenLog;
  /** Null: the user has as many as one may have. The answer gives the place back. */
  place(user: string): (() => void) | null;
}

/** Logs through the gateways, so many at a time for each user. */
export const openLogs = (open: OpenLog): Logs => {
  const held = new Map<string, number>();
  return {
    open,
    place: (user) => {
      const now = held.get(user) ?? 0;
      if (now >= MOST_STREAMS) return null;
      held.set(user, now + 1);
      return () => {
        const left = (held.get(user) ?? 1) - 1;
        if (left > 0) held.set(user, left);
        else held.delete(user);
      };
    },
  };
};

const tailAsked = (query: URLSearchParams): E.Either<Status, number> => {
  const tail = numberAsked(query, 'tail');
  if (E.isLeft(tail)) return tail;
  const lines = tail.right ?? TAIL;
  return lines <= MOST_LINES
    ? E.right(lines)
    : E.left(badRequest(`tail: expected at most ${String(MOST_LINES)} lines, got ${String(lines)}`));
};

const askedIn = (query: URLSearchParams): E.Either<Status, LogsAsked> => {
  const tail = tailAsked(query);
  if (E.isLeft(tail)) return tail;
  const event = query.get('event') ?? '';
  if (event.length > LONGEST_EVENT)
    return E.left(
      badRequest(`event: expected the name of a LifecycleEvent, got ${String(event.length)} characters`),
    );
  const follow = ['true', '1'].includes(query.get('follow') ?? '');
  return E.right({ tail: tail.right, follow, event: event === '' ? null : event });
};

const machineOf = (context: Context, route: ResourceRoute): E.Either<Status, string> => {
  const about = { plural: route.view.plural, name: route.name ?? '' };
  const live = context.objects.get(refOf(route, about.name)) as Live<'Instance'> | null;
  if (live === null) return E.left(notFound(about));
  const machine = live.status.machine ?? null;
  return machine === null
    ? E.left(conflicted(about, 'it has no machine whose log could be read'))
    : E.right(machine.id);
};

/** Streams the log; a Status when it cannot begin, null when the response is taken. */
export const hostLogs = async (
  context: Context,
  route: ResourceRoute,
  asked: Asked,
  caller: Caller,
): Promise<Status | null> => {
  const { method, query, path, request, response } = asked;
  if (method !== 'GET') return methodNotAllowed(method, path);
  const wanted = askedIn(query);
  if (E.isLeft(wanted)) return wanted.left;
  const machine = machineOf(context, route);
  if (E.isLeft(machine)) return machine.left;
  // a reader that has left already will not leave again: its place would be taken for good
  if (response.destroyed || context.closing.aborted) return null;
  const free = context.logs.place(caller.user);
  if (free === null)
    return tooManyRequests(`${String(MOST_STREAMS)} logs are open for ${caller.user} already`, 10);
  response.on('close', free);
  // a reader that is gone without a word is noticed though nothing is sent to it
  request.socket.setKeepAlive(true, seconds(60));
  const problem = await streamed({
    open: (reader) => context.logs.open(machine.right, wanted.right, reader),
    response,
    valid: () => caller.valid(),
    closing: context.closing,
  });
  return problem === null ? null : unavailable(`host ${route.name ?? ''}: ${problem}`, 5);
};
