/** The log of a host, line by line. */
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { IncomingMessage } from 'node:http';
import type { Status } from '../api-types/status.js';
import type { Address } from './client.js';
import type { Opener } from './http.js';
import { objectPath, queryOf } from './paths.js';

export interface LogOptions {
  /** So many of the newest lines; the server's default unless told. */
  readonly tail?: number;
  /** And those that are written from then on. */
  readonly follow?: boolean;
  /** Lines of this LifecycleEvent only. */
  readonly event?: string;
  readonly signal?: AbortSignal;
}

async function* linesOf(response: IncomingMessage, signal: AbortSignal | undefined): AsyncGenerator<string> {
  let rest = '';
  response.setEncoding('utf8');
  try {
    for await (const chunk of response as AsyncIterable<string>) {
      const parts = (rest + chunk).split('\n');
      rest = parts.pop() ?? '';
      yield* parts;
    }
  } catch (error) {
    // who aborts wants no more
    if (signal?.aborted !== true) throw error;
  }
}

/** Opens the log; Left when there is none to read. The lines end when the server ends them or `signal` is aborted. */
export const openLog =
  (open: Opener) =>
  (of: Address<'Instance'>, options: LogOptions = {}): TaskEither<Status, AsyncIterable<string>> =>
  async () => {
    const { tail, follow, event, signal } = options;
    const query = queryOf({
      tail: tail === undefined ? undefined : String(tail),
      follow: follow === true ? 'true' : undefined,
      event,
    });
    const path = `${objectPath(of.kind, of.cluster, of.name)}/logs${query}`;
    const response = await open(path, signal);
    return E.map((body: IncomingMessage) => linesOf(body, signal))(response);
  };
