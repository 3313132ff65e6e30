/** Leases at etcd, each renewal one question and one answer. */
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { Millis } from '../../api-types/units.js';
import type { Clock } from '../../runtime/clock.js';
import type { Failure } from '../../runtime/failure.js';
import type { Lease } from '../store.js';
import { CALL_TIMEOUT, type EtcdClient } from './client.js';

const SECOND = 1000;

/** etcd may grant more than was asked for (its least is about two seconds); the answer says how much. */
export const grantLease =
  (client: EtcdClient) =>
  (ttl: Millis): TaskEither<Failure, Lease> =>
  async () => {
    const TTL = Math.max(1, Math.ceil(ttl / SECOND));
    const granted = await client.writing(() => client.leaseClient.leaseGrant({ TTL }));
    if (E.isLeft(granted)) return granted;
    return E.right({ id: granted.right.ID, ttl: (Number(granted.right.TTL) * SECOND) as Millis });
  };

const keepAlive = async (client: EtcdClient, clock: Clock, id: string): Promise<boolean> => {
  const stream = await client.leaseClient.leaseKeepAlive();
  return new Promise((resolve, reject) => {
    const timer = clock.after(CALL_TIMEOUT, () => {
      reject(new Error('deadline exceeded while a lease was renewed'));
      stream.cancel();
    });
    stream.on('error', (error) => {
      timer.cancel();
      reject(error);
    });
    stream.on('end', () => {
      timer.cancel();
      reject(new Error('etcd ended the stream while a lease was renewed'));
    });
    stream.on('data', ({ TTL }) => {
      timer.cancel();
      resolve(Number(TTL) > 0);
      stream.end();
    });
    stream.write({ ID: id });
  });
};

export const renewLease =
  (client: EtcdClient, clock: Clock) =>
  (id: string): TaskEither<Failure, boolean> =>
  () =>
    client.reading(() => keepAlive(client, clock, id));

export const revokeLease =
  (client: EtcdClient) =>
  (id: string): TaskEither<Failure, void> =>
  async () => {
    const revoked = await client.writing(() => client.leaseClient.leaseRevoke({ ID: id }));
    if (E.isLeft(revoked) && revoked.left.reason !== 'LeaseEnded') return revoked;
    return E.right(undefined);
  };
