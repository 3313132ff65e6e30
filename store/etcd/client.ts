/** The one place that makes an etcd3 client, with the defaults that etcd3 gets wrong for us set right. */
import { Etcd3, type IOptions, type IWatchRequest, type IWatchResponse } from 'etcd3';
import * as E from 'fp-ts/lib/Either.js';
import type { Millis } from '../../api-types/units.js';
import type { Clock } from '../../runtime/clock.js';
import type { Failure } from '../../runtime/failure.js';
import { etcdFailure, neverSent } from './failures.js';

/** How long a call may take before it is given up: `StoreUnavailable`, and the write may have happened. */
export const CALL_TIMEOUT = 5_000 as Millis;

export interface EtcdAccess {
  /** `http://host:2379` or `https://…`, one a member. */
  readonly endpoints: readonly string[];
  readonly auth?: { readonly username: string; readonly password: string };
  readonly tls?: {
    readonly rootCertificate: Buffer;
    readonly privateKey?: Buffer;
    readonly certChain?: Buffer;
  };
}

/** The part of grpc-js's duplex stream that a watcher needs. */
export interface WatchStream {
  write(request: IWatchRequest): unknown;
  cancel(): void;
  on(event: 'data', listener: (response: IWatchResponse) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
}

interface WatchService {
  watch(metadata: unknown): WatchStream;
}

type Policy = NonNullable<NonNullable<IOptions['faultHandling']>['global']>;

const never = (): { dispose: () => undefined } => ({ dispose: () => undefined });

/**
 * etcd3 repeats a call three times by itself. A transaction that was carried out and whose answer was lost would
 * then be answered "compare failed", which is a lie: so nothing is repeated here that may have been sent.
 */
const once = {
  onSuccess: never,
  onFailure: never,
  execute: async <A>(call: (context: { signal: AbortSignal }) => PromiseLike<A> | A) =>
    call({ signal: new AbortController().signal }),
} as unknown as Policy;

const GRPC_OPTIONS = {
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
  // a connection that is cut without a word is found out within 15 s (etcd allows pings every 5 s)
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.initial_reconnect_backoff_ms': 200,
  'grpc.max_reconnect_backoff_ms': 2_000,
};

const optionsOf = ({ endpoints, auth, tls }: EtcdAccess, clock: Clock): IOptions => ({
  hosts: [...endpoints],
  ...(auth === undefined ? {} : { auth: { ...auth } }),
  ...(tls === undefined ? {} : { credentials: { ...tls } }),
  grpcOptions: GRPC_OPTIONS,
  defaultCallOptions: ({ isStream }) => (isStream ? {} : { deadline: clock.now() + CALL_TIMEOUT }),
  // with several members etcd3's breaker keeps calls away from the dead one; alone it would only add silence
  faultHandling: { global: once, ...(endpoints.length === 1 ? { host: () => once } : {}) },
});

/** etcd3's client with calls that end as Failures and a bare watch stream. */
export class EtcdClient extends Etcd3 {
  private readonly attempts: number;

  constructor(access: EtcdAccess, clock: Clock) {
    super(optionsOf(access, clock));
    this.attempts = access.endpoints.length + 1;
  }

  /** For reads: repeated on another member while there may be one that answers. */
  async reading<A>(call: () => Promise<A>): Promise<E.Either<Failure, A>> {
    return this.attempt(call, (failure) => failure.reason === 'StoreUnavailable');
  }

  /** For writes: repeated only when the request cannot have reached a server. */
  async writing<A>(call: () => Promise<A>): Promise<E.Either<Failure, A>> {
    return this.attempt(call, (_failure, error) => neverSent(error));
  }

  private async attempt<A>(
    call: () => Promise<A>,
    again: (failure: Failure, error: unknown) => boolean,
  ): Promise<E.Either<Failure, A>> {
    for (let left = this.attempts - 1; ; left -= 1) {
      try {
        return E.right(await call());
      } catch (error) {
        const failure = etcdFailure(error);
        if (left === 0 || !again(failure, error)) return E.left(failure);
      }
    }
  }

  /**
   * A stream that breaks when its member loses the leader (it would be silent otherwise) and is never resumed:
   * etcd3's own watcher resumes from the present revision and loses what came between.
   */
  watchStream(): Promise<WatchStream> {
    return this.pool.withConnection('Watch', ({ client, metadata }) => {
      const own = metadata.clone();
      own.set('hasleader', 'true');
      return (client as unknown as WatchService).watch(own);
    });
  }
}
