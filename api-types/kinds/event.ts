/** Event: something worth telling a person, about one object. A record only, kept an hour. */
import * as t from 'io-ts';
import { described } from '../described.js';
import { Integer, Time, fields, oneOf } from '../words.js';

const Regarding = fields(
  'Regarding',
  {
    kind: described(t.string, 'The kind of the object.'),
    name: described(t.string, 'The name of the object.'),
  },
  {
    namespace: described(t.string, 'The cluster that the object is in.', { otherwise: 'it is in none' }),
    uid: described(t.string, 'The uid of the object.'),
  },
);

export const EventStatus = fields(
  'EventStatus',
  {
    type: described(oneOf(['Normal', 'Warning']), 'Warning: somebody may have to look at it.'),
    reason: described(t.string, 'What happened, in one CamelCase word: Launched, Frozen, Stranger.'),
    message: described(t.string, 'What happened, for people.'),
    source: described(t.string, 'The controller that says so.'),
    regarding: described(Regarding, 'The object that it is about.'),
    firstSeen: described(Time, 'When it happened first.'),
    lastSeen: described(Time, 'When it happened last.'),
    count: described(Integer, 'How often it has happened.'),
  },
  {},
);
export interface EventStatus extends t.TypeOf<typeof EventStatus> {}
