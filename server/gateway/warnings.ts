/** Warnings about a host that people are to see beside it. */
import * as E from 'fp-ts/lib/Either.js';
import type { Clock } from '../../runtime/clock.js';
import type { Log } from '../../runtime/log.js';
import { recordEvent } from '../../store/objects/events.js';
import type { Objects } from '../../store/objects/objects.js';
import type { Place } from './places.js';

/** `message` has nothing in it that the outside chooses: each new one would be another record. */
export type Warn = (place: Place, reason: string, message: string) => void;

export interface WarnDependencies {
  readonly objects: Objects;
  readonly clock: Clock;
  readonly log: Log;
}

/** Writes in the background; a warning that cannot be written is in the log all the same. */
export const openWarnings =
  ({ objects, clock, log }: WarnDependencies): Warn =>
  ({ cluster, instance }, reason, message) => {
    const regarding = { kind: 'Instance', cluster, name: instance } as const;
    const event = { regarding, type: 'Warning', reason, message, source: 'gateway' } as const;
    void recordEvent(objects, event, clock.now())().then((told) => {
      if (E.isLeft(told)) log.warn('a warning was not recorded', { instance, reason, failure: told.left });
    });
  };
