/** One way to call EC2: in budget, in time, counted, and with every error sorted. */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { EC2Client } from '@aws-sdk/client-ec2';
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import { millis, seconds, type Millis } from '../../api-types/units.js';
import type { Clock } from '../../runtime/clock.js';
import { transient, type Failure } from '../../runtime/failure.js';
import type { LogKeys, Log } from '../../runtime/log.js';
import type { Budget, Grant } from './budget.js';
import { failureOf, mayHaveHappened } from './errors.js';
import { readInTurns } from './in-turns.js';
import type { Ec2Action } from './quotas.js';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** How a command is sent: `send` with a signal that aborts when the time is up. */
export interface Sending {
  readonly client: EC2Client;
  readonly http: { readonly abortSignal: AbortSignal };
}

export interface CallOptions {
  /** Instances the call names or launches; 0 where they are not counted. */
  readonly resources?: number;
  /** Request tokens; 1 unless the endpoint counts the call dearer. */
  readonly requests?: number;
  readonly timeout?: Millis;
  /** A lost answer leaves it open whether there was an effect (`OutcomeUnknown`), and that matters. */
  readonly unsure?: boolean;
}

export interface Caller {
  readonly endpoint: string;
  call<A>(
    action: Ec2Action,
    options: CallOptions,
    send: (sending: Sending) => Promise<A>,
  ): TaskEither<Failure, A>;
  readonly largest: (action: Ec2Action) => number;
  readonly calls: () => Readonly<Record<string, number>>;
}

export interface ClientOptions {
  readonly endpoint: string | null;
  readonly region: string;
  /** Null: the SDK's default chain (environment, shared files, instance profile). */
  readonly credentials: Credentials | null;
}

const TIMEOUT = seconds(15);
const CONNECT_TIMEOUT = seconds(5);
/** More than the bursts of all actions: a call that queued for a socket would arrive later than its bucket assumes. */
const MAX_SOCKETS = 1024;

/** The SDK's client, without its own retries: our policy retries, by key and in budget. */
export const createClient = ({ endpoint, region, credentials }: ClientOptions): EC2Client => {
  // the SDK warns about Node 20 at its first client; what we support is said in package.json
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
  const agent = { keepAlive: true, maxSockets: MAX_SOCKETS };
  const client = new EC2Client({
    region,
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT,
      httpAgent: new HttpAgent(agent),
      httpsAgent: new HttpsAgent(agent),
    },
    ...(endpoint === null ? {} : { endpoint }),
    ...(credentials === null ? {} : { credentials }),
  });
  readInTurns(client);
  return client;
};

export interface CallerOptions {
  readonly client: EC2Client;
  readonly endpoint: string;
  readonly budget: Budget;
  readonly clock: Clock;
  readonly log: Log;
}

const keysOf = (action: Ec2Action, options: CallOptions, failure: Failure): LogKeys => ({
  action,
  resources: options.resources,
  reason: failure.reason,
  problem: failure.message,
});

/** Sorts what `send` threw; a defect is thrown on. */
const sorted = (action: Ec2Action, options: CallOptions, endpoint: string, error: unknown): Failure => {
  const failure = failureOf(error, endpoint);
  if (failure === null) throw error;
  if (options.unsure === true && mayHaveHappened(error))
    return transient('OutcomeUnknown', `${action} may or may not have happened: ${failure.message}`, {
      cause: error,
    });
  return { ...failure, message: `${action}: ${failure.message}` };
};

/** The process stood still while it waited: the lease that allowed the call may have ended, so it is not sent. */
const overslept = (action: Ec2Action): Failure =>
  transient('Throttled', `${action} was not sent: its time ran out while it waited for its turn`, {
    retryAfter: seconds(1),
  });

/** Opens the way to call; half of a call's time may go to waiting for tokens, so that both stay within it. */
export const createCaller = ({ client, endpoint, budget, clock, log }: CallerOptions): Caller => {
  const counts: Record<string, number> = {};

  const timed = async <A>(limit: Millis, send: (sending: Sending) => Promise<A>): Promise<A> => {
    const abort = new AbortController();
    const timer = clock.after(limit, () => {
      abort.abort();
    });
    try {
      return await send({ client, http: { abortSignal: abort.signal } });
    } finally {
      timer.cancel();
    }
  };

  const granted = async <A>(
    grant: Grant,
    work: () => Promise<A>,
    sort: (error: unknown) => Failure,
  ): Promise<E.Either<Failure, A>> => {
    try {
      const answer = await work();
      grant.answered();
      return E.right(answer);
    } catch (error) {
      grant.answered();
      const failure = sort(error);
      if (failure.reason === 'Throttled') grant.refused();
      return E.left(failure);
    }
  };

  return {
    endpoint,
    largest: budget.largest,
    calls: () => ({ ...counts }),
    call: (action, options, send) => async () => {
      const { resources = 0, requests = 1, timeout = TIMEOUT } = options;
      const begun = clock.monotonic();
      const leave = await budget.take(action, { requests, resources }, millis(timeout / 2))();
      if (E.isLeft(leave)) return leave;
      const left = millis(timeout - (clock.monotonic() - begun));
      if (left <= 0) {
        leave.right.answered();
        return E.left(overslept(action));
      }
      counts[action] = (counts[action] ?? 0) + 1;
      const result = await granted(
        leave.right,
        () => timed(left, send),
        (error) => sorted(action, options, endpoint, error),
      );
      if (E.isLeft(result)) log.debug('ec2 call failed', keysOf(action, options, result.left));
      return result;
    },
  };
};
