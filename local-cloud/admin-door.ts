/** The admin door: faults on demand, what there is, and the feed for host drivers. Never signed, always by token. */
import * as E from 'fp-ts/lib/Either.js';
import type * as t from 'io-ts';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { millis } from '../api-types/units.js';
import { sameToken } from '../runtime/tokens.js';
import {
  ADMIN_PATH,
  AnswerOrder,
  CapacityOrder,
  ImpairOrder,
  KillOrder,
  OmitOrder,
  StaleOrder,
  StillbornOrder,
  ThrottleOrder,
} from './admin-protocol.js';
import type { LocalCloud } from './context.js';
import { machineView, type Feed } from './feed.js';
import { readBody, sendJson } from './http.js';
import type { CallLedger } from './ledger.js';
import { killed } from './life.js';

export interface AdminDoor {
  readonly cloud: LocalCloud;
  readonly token: string;
  readonly feed: Feed;
  readonly ledger: CallLedger;
}

interface Asked {
  readonly door: AdminDoor;
  /** The machine id in the path, when the route has one. */
  readonly machine: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly gone: AbortSignal;
}

interface Answer {
  readonly status: number;
  readonly value: unknown;
}

type Route = (asked: Asked) => Answer | Promise<Answer>;

const LONGEST_POLL_MILLIS = 30_000;

const ok = (value: unknown = {}): Answer => ({ status: 200, value });
const refused = (status: number, message: string): Answer => ({ status, value: { message } });

/** A route whose body is an order of this codec. */
const order =
  <A>(codec: t.Type<A, unknown>, carryOut: (cloud: LocalCloud, given: A, machine: string) => void): Route =>
  async ({ door, body, machine }) => {
    const decoded = codec.decode(body);
    if (E.isLeft(decoded)) return refused(400, `The body is no ${codec.name}: ${JSON.stringify(body)}`);
    if (machine !== '' && !door.cloud.world.machines.has(machine))
      return refused(404, `There is no machine ${machine}`);
    carryOut(door.cloud, decoded.right, machine);
    await door.cloud.world.flushed();
    return ok();
  };

const kill = order(KillOrder, ({ world, clock, settings }, { reason }, id) => {
  const machine = world.machines.get(id);
  if (machine === undefined) return;
  const after = killed(machine, clock.now(), settings, reason);
  if (after !== machine) world.commit([['machines', id, after]]);
});

const changes: Route = async ({ door, query, gone }) => {
  const patience = Math.min(LONGEST_POLL_MILLIS, Number(query.get('waitMillis') ?? LONGEST_POLL_MILLIS));
  return ok(await door.feed.after(query.get('after') ?? '', millis(patience), gone));
};

const ROUTES: Readonly<Record<string, Route>> = {
  'GET machines': ({ door: { cloud } }) =>
    ok({ machines: [...cloud.world.machines.values()].map((machine) => machineView(cloud, machine)) }),
  'GET calls': ({ door }) => ok(door.ledger.counts()),
  'GET changes': changes,
  'POST machines/:id/kill': kill,
  'POST machines/:id/checks': order(ImpairOrder, ({ faults }, { checks }, id) => {
    faults.impair(id, checks);
  }),
  'POST faults/throttle': order(ThrottleOrder, ({ faults }, { action, calls }) => {
    faults.throttle(action, calls);
  }),
  'POST faults/capacity': order(CapacityOrder, ({ faults }, { zone, machines }) => {
    faults.limitCapacity(zone ?? null, machines);
  }),
  'POST faults/answer': order(AnswerOrder, ({ faults }, given) => {
    faults.answer({
      ...given,
      delayMillis: given.delayMillis ?? 0,
      error: given.error ?? null,
      drop: given.drop ?? false,
    });
  }),
  'POST faults/stale': order(StaleOrder, ({ faults }, { forMillis }) => {
    faults.freeze(forMillis);
  }),
  'POST faults/omit': order(OmitOrder, ({ faults }, { ids, forMillis }) => {
    faults.omit(ids, forMillis);
  }),
  'POST faults/stillborn': order(StillbornOrder, ({ faults }, { machines }) => {
    faults.stillborn(machines);
  }),
  'DELETE faults': ({ door }) => {
    door.cloud.faults.clear();
    return ok();
  },
};

const routed = (
  method: string,
  path: string,
): { readonly route: Route | undefined; readonly machine: string } => {
  const machine = /^machines\/(i-[0-9a-f]+)\//.exec(path)?.[1] ?? '';
  const shape = machine === '' ? path : path.replace(machine, ':id');
  const name = `${method} ${shape}`;
  return { route: Object.hasOwn(ROUTES, name) ? ROUTES[name] : undefined, machine };
};

const parsed = (text: string): E.Either<string, unknown> =>
  E.tryCatch(
    () => (text === '' ? {} : (JSON.parse(text) as unknown)),
    () => 'The body is no JSON',
  );

const answer = async (door: AdminDoor, request: IncomingMessage, gone: AbortSignal): Promise<Answer> => {
  if (!sameToken(request.headers.authorization ?? '', `Bearer ${door.token}`))
    return refused(401, 'The admin door opens with the bearer token in the file admin-token');
  const url = new URL(request.url ?? '/', 'http://local.invalid');
  const { route, machine } = routed(request.method ?? 'GET', url.pathname.slice(ADMIN_PATH.length + 1));
  if (route === undefined) return refused(404, `There is no ${String(request.method)} ${url.pathname}`);
  const body = parsed((await readBody(request)) ?? '');
  if (E.isLeft(body)) return refused(400, body.left);
  return route({ door, machine, query: url.searchParams, body: body.right, gone });
};

/** Answers one request to the admin door. */
export const answerAdmin = async (
  door: AdminDoor,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const gone = new AbortController();
  response.once('close', () => {
    gone.abort();
  });
  try {
    const { status, value } = await answer(door, request, gone.signal);
    sendJson(response, status, value);
  } catch (error) {
    door.cloud.log.error('the admin door failed', { error });
    if (!response.headersSent) sendJson(response, 500, { message: 'The local cloud failed; see its log' });
  }
};
