/** Warnings about a host that people are to see beside it: Event records, written seldom. */
import * as E from 'fp-ts/lib/Either.js';
import { minutes } from '../../api-types/units.js';
import { type Clock, timestamp } from '../../runtime/clock.js';
import type { Log } from '../../runtime/log.js';
import type { Objects, Ref } from '../../store/objects/objects.js';
import type { Place } from './places.js';

/** The same warning about the same host is written at most this often: who provokes it must not fill the store. */
const EVERY = minutes(1);

export type Warn = (place: Place, reason: string, message: string) => void;

export interface WarnDependencies {
  readonly objects: Objects;
  readonly clock: Clock;
  readonly log: Log;
}

/** Writes in the background; a warning that cannot be written is in the log all the same. */
export const openWarnings = ({ objects, clock, log }: WarnDependencies): Warn => {
  const writtenAt = new Map<string, number>();
  const write = async (place: Place, reason: string, message: string): Promise<void> => {
    const { cluster, instance, uid } = place;
    const ref: Ref<'Event'> = { kind: 'Event', cluster, name: `${instance}.${reason.toLowerCase()}` };
    const last = objects.get(ref)?.status;
    const now = timestamp(clock.now());
    const patch = {
      type: 'Warning',
      reason,
      message,
      source: 'gateway',
      regarding: { kind: 'Instance', namespace: cluster, name: instance, uid },
      firstSeen: last?.firstSeen ?? now,
      lastSeen: now,
      count: (last?.count ?? 0) + 1,
    };
    const written = await objects.write(null, [{ write: 'status', ref, patch }])();
    if (E.isLeft(written))
      log.warn('a warning was not recorded', { instance, reason, failure: written.left });
  };
  return (place, reason, message) => {
    const key = `${place.uid}/${reason}`;
    const last = writtenAt.get(key);
    if (last !== undefined && clock.monotonic() - last < EVERY) return;
    writtenAt.set(key, clock.monotonic());
    void write(place, reason, message);
  };
};
