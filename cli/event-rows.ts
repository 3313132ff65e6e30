/** Events as lines, oldest first. */
import type { EventStatus } from '../api-types/kinds/event.js';
import type { ObjectOf } from '../client/client.js';
import { type Row, since } from './table.js';

export const EVENT_HEAD: Row = ['LAST SEEN', 'TYPE', 'REASON', 'OBJECT', 'COUNT', 'MESSAGE'];

/** What an Event says; read loosely. */
export const eventOf = (object: ObjectOf): Partial<EventStatus> => object.status ?? {};

const lastSeen = (object: ObjectOf): string => eventOf(object).lastSeen ?? object.metadata.creationTimestamp;

/** Oldest first: the newest is next to the prompt. */
export const byTime = (events: readonly ObjectOf[]): readonly ObjectOf[] =>
  events.toSorted((left, right) => (lastSeen(left) < lastSeen(right) ? -1 : 1));

/** An Event as a row of a table. */
export const eventRow = (object: ObjectOf, now: number): Row => {
  const { type = '-', reason = '-', message = '', regarding, count = 1 } = eventOf(object);
  const about = regarding === undefined ? '-' : `${regarding.kind}/${regarding.name}`;
  return [since(lastSeen(object), now), type, reason, about, String(count), message];
};
