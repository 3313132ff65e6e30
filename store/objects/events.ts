/** Events: things worth telling a person about one object. Repetition updates one record. */
import { createHash } from 'node:crypto';
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { EventStatus } from '../../api-types/kinds/event.js';
import { SYSTEM_NAMESPACE } from '../../api-types/metadata.js';
import { minutes, type Millis } from '../../api-types/units.js';
import { parseTimestamp, timestamp } from '../../runtime/clock.js';
import type { Failure } from '../../runtime/failure.js';
import type { Live, Objects, Ref, Write } from './objects.js';

export interface NewEvent {
  readonly regarding: Ref;
  readonly type: 'Normal' | 'Warning';
  /** CamelCase. */
  readonly reason: string;
  readonly message: string;
  /** Which controller says so. */
  readonly source: string;
}

const AT_MOST_EVERY = minutes(1);

/** Events of cluster-wide objects other than Clusters are in the namespace that is no Cluster's. */
const homeOf = ({ kind, cluster, name }: Ref): string =>
  cluster ?? (kind === 'Cluster' ? name : SYSTEM_NAMESPACE);

/** The same event about the same object has the same name. */
const eventRef = ({ regarding, reason, message }: NewEvent): Ref<'Event'> => {
  const digest = createHash('sha256')
    .update(JSON.stringify([regarding.kind, regarding.cluster, regarding.name, reason, message]))
    .digest('hex')
    .slice(0, 16);
  return { kind: 'Event', cluster: homeOf(regarding), name: `${regarding.name.slice(0, 40)}-${digest}` };
};

const regardingOf = (ref: Ref, uid: string | undefined): EventStatus['regarding'] => ({
  kind: ref.kind,
  name: ref.name,
  ...(ref.cluster === null ? {} : { namespace: ref.cluster }),
  ...(uid === undefined ? {} : { uid }),
});

const isFresh = (last: Live<'Event'> | null, now: Millis): boolean =>
  last !== null && now - parseTimestamp(last.status.lastSeen) < AT_MOST_EVERY;

/** The write that tells an event; null when the same was told less than a minute ago. */
export const eventWrite = (objects: Objects, event: NewEvent, now: Millis): Write | null => {
  const ref = eventRef(event);
  const last = objects.get(ref);
  if (isFresh(last, now)) return null;
  const patch: EventStatus = {
    type: event.type,
    reason: event.reason,
    message: event.message,
    source: event.source,
    regarding: regardingOf(event.regarding, objects.get(event.regarding)?.uid),
    firstSeen: last?.status.firstSeen ?? timestamp(now),
    lastSeen: timestamp(now),
    count: (last?.status.count ?? 0) + 1,
  };
  return { write: 'status', ref, patch };
};

/**
 * Tells an event: at most one write a minute for the same one, so `count` counts the minutes in which it was told.
 * Right(false): it was told less than a minute ago.
 */
export const recordEvent =
  (objects: Objects, event: NewEvent, now: Millis): TaskEither<Failure, boolean> =>
  async () => {
    const write = eventWrite(objects, event, now);
    if (write === null) return E.right(false);
    return E.map(() => true)(await objects.write(null, [write])());
  };
