/** The admin door's other side, for tests, benchmarks and host drivers. */
import * as E from 'fp-ts/lib/Either.js';
import type * as t from 'io-ts';
import {
  ADMIN_PATH,
  CallCounts,
  FeedAnswer,
  MachineList,
  type AnswerOrder,
  type MachineView,
} from './admin-protocol.js';
import type { Impairment } from './faults.js';
import type { StateReason } from './model.js';

export interface AdminClient {
  machines(): Promise<readonly MachineView[]>;
  calls(): Promise<CallCounts>;
  /** Long poll; an empty cursor gets everything at once. */
  changes(cursor: string, waitMillis: number, signal?: AbortSignal): Promise<FeedAnswer>;
  /** Terminated at once, by default with Server.InternalError. One that is terminated already stays as it is. */
  kill(machine: string, reason?: StateReason): Promise<void>;
  /** Status checks; null makes them well. */
  impair(machine: string, checks: Impairment | null): Promise<void>;
  /** Refuses the next `calls` of an action (`*`: of any) with RequestLimitExceeded. */
  throttle(action: string, calls: number): Promise<void>;
  /** Room for this many more machines in the zone (or in all that have no limit of their own); null lifts it. */
  limitCapacity(machines: number | null, zone?: string): Promise<void>;
  /** Late, wrong or missing answers, before or after the effect. */
  answer(order: AnswerOrder): Promise<void>;
  /** Descriptions stay as they are for this long. */
  freezeDescriptions(forMillis: number): Promise<void>;
  /** Descriptions lack these machines for this long. */
  omit(machines: readonly string[], forMillis: number): Promise<void>;
  /** The next machines go from pending to terminated. */
  stillborn(machines: number): Promise<void>;
  clearFaults(): Promise<void>;
}

interface Asking {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
}

/** A client of the local cloud at `url`; its calls throw an Error that says what was refused. */
export const adminClient = ({
  url,
  token,
}: {
  readonly url: string;
  readonly token: string;
}): AdminClient => {
  const ask = async ({ method, path, body, signal }: Asking): Promise<unknown> => {
    const response = await fetch(`${url}${ADMIN_PATH}/${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
    if (!response.ok)
      throw new Error(
        `${method} ${path} at the local cloud: ${String(response.status)} ${await response.text()}`,
      );
    return response.json();
  };
  const read = async <A>(codec: t.Type<A, unknown>, path: string, signal?: AbortSignal): Promise<A> => {
    const decoded = codec.decode(await ask({ method: 'GET', path, signal }));
    if (E.isLeft(decoded)) throw new Error(`GET ${path} at the local cloud answered no ${codec.name}`);
    return decoded.right;
  };
  const post = async (path: string, body: unknown): Promise<void> => {
    await ask({ method: 'POST', path, body });
  };
  return {
    machines: async () => (await read(MachineList, 'machines')).machines,
    calls: () => read(CallCounts, 'calls'),
    changes: (cursor, waitMillis, signal) =>
      read(
        FeedAnswer,
        `changes?after=${encodeURIComponent(cursor)}&waitMillis=${String(waitMillis)}`,
        signal,
      ),
    kill: (machine, reason) => post(`machines/${machine}/kill`, { reason }),
    impair: (machine, checks) => post(`machines/${machine}/checks`, { checks }),
    throttle: (action, calls) => post('faults/throttle', { action, calls }),
    limitCapacity: (machines, zone) => post('faults/capacity', { machines, zone }),
    answer: (order) => post('faults/answer', order),
    freezeDescriptions: (forMillis) => post('faults/stale', { forMillis }),
    omit: (ids, forMillis) => post('faults/omit', { ids, forMillis }),
    stillborn: (machines) => post('faults/stillborn', { machines }),
    clearFaults: async () => {
      await ask({ method: 'DELETE', path: 'faults' });
    },
  };
};
