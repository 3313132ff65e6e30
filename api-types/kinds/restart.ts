/** Reboots that a person or recipes want, and how far they are. */
import * as t from 'io-ts';
import { described } from '../described.js';
import { Time, fields } from '../words.js';

export const Restart = fields(
  'Restart',
  {
    askedAt: described(
      t.string,
      'What this tells of: a value of `spec.restartedAt`, or the event whose recipes want it.',
    ),
    machine: described(t.string, 'The id of the machine at the cloud.'),
  },
  {
    calledAt: described(Time, 'When the cloud was told to reboot it; noted before the call is made.'),
    agentStartedAt: described(
      Time,
      'Since when the agent ran that was on the machine then: the restart is done when another one has connected.',
    ),
    doneAt: described(Time, 'When it was done, or there turned out to be nothing to reboot.'),
  },
);
export interface Restart extends t.TypeOf<typeof Restart> {}

export const RebootWish = t.strict(
  {
    machine: described(t.string, 'The id of the machine at the cloud.'),
    event: described(t.string, 'The LifecycleEvent whose recipes want it.'),
    at: described(Time, 'When that became known.'),
    finishedAt: described(
      Time,
      "When the event ended, by its host's clock: a later wish replaces an earlier one.",
    ),
  },
  'RebootWish',
);

export interface RebootWish extends t.TypeOf<typeof RebootWish> {}

/** What of an Instance's status tells of reboots. */
interface Restarts {
  readonly restart?: Restart;
  readonly wishRestart?: Restart;
  readonly rebootWish?: RebootWish;
}

const isUnderWay = (restart: Restart | undefined, machine: string): boolean =>
  restart?.machine === machine && restart.calledAt !== undefined && restart.doneAt === undefined;

/** The cloud was told to reboot this machine because a person or recipes want it, and it is not back yet. */
export const isRestarting = ({ restart, wishRestart }: Restarts, machine: string): boolean =>
  isUnderWay(restart, machine) || isUnderWay(wishRestart, machine);

/** When that was; empty: it is not. */
export const restartCalledAt = ({ restart, wishRestart }: Restarts, machine: string): string =>
  [restart, wishRestart]
    .map((one) => (isUnderWay(one, machine) ? (one?.calledAt ?? '') : ''))
    .reduce((last, at) => (at > last ? at : last), '');

/** Recipes want this machine to be rebooted, and nothing has come of it yet. */
export const isRebootWanted = ({ rebootWish, wishRestart }: Restarts, machine: string): boolean =>
  rebootWish?.machine === machine &&
  !(wishRestart?.askedAt === rebootWish.event && wishRestart.doneAt !== undefined);
