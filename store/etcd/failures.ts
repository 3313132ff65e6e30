/** etcd's and gRPC's errors, sorted once by what the loop must do about them. */
import { messageOf } from '../../api-types/thrown.js';
import { stalled, transient, type Failure } from '../../runtime/failure.js';

const FULL =
  'etcd is full (its space quota is used up) and takes no more writes: run `etcdctl compact <revision>`, ' +
  '`etcdctl defrag` and `etcdctl alarm disarm`, or raise its --quota-backend-bytes';

type Sorter = (message: string, cause: unknown) => Failure;

/** Matched in order on the message: gRPC's codes are too coarse, and etcd3 drops them. */
const TABLE: readonly (readonly [RegExp, Sorter])[] = [
  [/database space exceeded|NOSPACE/i, (_message, cause) => stalled('StoreFull', FULL, cause)],
  [
    /request is too large|message larger than max|too many operations/i,
    (message, cause) => stalled('TooLarge', `etcd refused the transaction: ${message}`, cause),
  ],
  [
    /requested lease not found/i,
    (_message, cause) =>
      transient('LeaseEnded', 'the lease has ended; nothing was written with it', { cause }),
  ],
  [
    /required revision has been compacted/i,
    (_message, cause) =>
      transient('Compacted', 'that revision is gone from the history; list again', { cause }),
  ],
  [
    /required revision is a future revision/i,
    (_message, cause) =>
      transient('WatchLost', 'etcd is at an earlier revision than we are; list again', { cause }),
  ],
  [
    /permission denied|authentication failed|user name is empty|UNAUTHENTICATED/i,
    (message, cause) =>
      stalled('StoreForbidden', `etcd refused us: ${message}. Check user, password and role`, cause),
  ],
];

/** What went wrong at etcd, as the port names it. */
export const etcdFailure = (error: unknown): Failure => {
  const message = messageOf(error);
  const row = TABLE.find(([pattern]) => pattern.test(message));
  if (row !== undefined) return row[1](message, error);
  return transient('StoreUnavailable', `etcd did not answer as it should: ${message}`, { cause: error });
};

/** True when the request cannot have reached a server: nothing was connected. */
export const neverSent = (error: unknown): boolean => /No connection established/i.test(messageOf(error));
