/** Event: something worth telling a person, about one object. A record only, kept an hour. */
import * as t from 'io-ts';
import { fields, oneOf } from '../words.js';

export const EventStatus = fields(
  'EventStatus',
  {
    type: oneOf(['Normal', 'Warning']),
    /** CamelCase: `Launched`, `Frozen`, `Stranger`. */
    reason: t.string,
    message: t.string,
    /** Which controller says so. */
    source: t.string,
    regarding: fields(
      'Regarding',
      { kind: t.string, name: t.string },
      { namespace: t.string, uid: t.string },
    ),
    firstSeen: t.string,
    lastSeen: t.string,
    count: t.number,
  },
  {},
);
export interface EventStatus extends t.TypeOf<typeof EventStatus> {}
