/** Folds results and time-outs into an Instance's progress. Pure; folding twice changes nothing. */
import {
  isCurrent,
  lastStopOf,
  type EventProgress,
  type InstanceStatus,
} from '../../api-types/kinds/instance.js';
import type { EventResult } from '../../api-types/kinds/lifecycle-event.js';
import { parseTimestamp, timestamp } from '../../runtime/clock.js';
import { STEPS, type Sent, type SentLog, type Sending, type Step } from './sent.js';

/** `configure-000123-0a1b2c3d4e5f`: the kind of event is in its name, which outlives the record. */
const sendingOf = (event: string): Sending | null =>
  ([...STEPS, 'shutdown'] as const).find((kind) => event.startsWith(`${kind}-`)) ?? null;

const progressOf = (result: EventResult, sent: Sent | undefined, now: number): EventProgress => ({
  machine: result.machine,
  event: result.event,
  state: result.state,
  at: timestamp(now),
  attempt: result.attempt,
  ...(result.message === undefined ? {} : { message: result.message }),
  ...(result.warning === undefined ? {} : { warning: result.warning }),
  ...(result.releases === undefined ? {} : { releases: result.releases }),
  ...(sent?.event === result.event && sent.input !== null ? { input: sent.input } : {}),
});

const isOfMachine = (progress: EventProgress | undefined, machine: string): boolean =>
  progress?.machine === machine;

/**
 * A result counts when it is of the newest run sent, or when none of this machine has been counted yet: the first
 * success makes a host Ready even while a newer run is on its way. What was given up counts when it comes after all.
 */
const isNewest = (known: EventProgress | undefined, result: EventResult, sent: Sent | undefined): boolean => {
  if (known?.event === result.event) return known.state === 'expired';
  if (sent?.event === result.event) return true;
  return result.state === 'succeeded' && !isOfMachine(known, result.machine);
};

interface Counted {
  readonly result: EventResult;
  readonly progress: EventProgress;
  readonly sent: Sent | undefined;
}

/** A second setup result: only when it is of another event, and the first was from before the machine's last stop. */
const setupIsKnown = (status: InstanceStatus, { machine, event }: EventResult): boolean => {
  const { setup } = status;
  if (setup?.machine !== machine || setup.state === 'expired') return false;
  return setup.event === event || isCurrent(status, setup);
};

/** The same again, or of an older event than the newest that was answered. */
const shutdownIsKnown = (status: InstanceStatus, result: EventResult, sent: Sent | undefined): boolean => {
  const known = status.shutdown?.[result.machine];
  if (known === undefined) return false;
  if (known.event === result.event) return known.state === result.state;
  return sent !== undefined && sent.event !== result.event;
};

/** How each kind of result changes the status; the same status when it says nothing new. */
const COUNT: Readonly<Record<Sending, (status: InstanceStatus, counted: Counted) => InstanceStatus>> = {
  // superseded: a shutdown overtook it, so it was not done and is sent again when the machine is to serve again
  setup: (status, { result, progress }) =>
    status.machine?.id !== result.machine || result.state === 'superseded' || setupIsKnown(status, result)
      ? status
      : { ...status, setup: progress },
  deploy: (status, { result, progress, sent }) =>
    status.machine?.id === result.machine &&
    result.state !== 'superseded' &&
    isNewest(status.deploy, result, sent)
      ? { ...status, deploy: progress }
      : status,
  configure: (status, { result, progress, sent }) =>
    status.machine?.id === result.machine && isNewest(status.configure, result, sent)
      ? { ...status, configure: progress }
      : status,
  shutdown: (status, { result, progress, sent }) =>
    shutdownIsKnown(status, result, sent)
      ? status
      : { ...status, shutdown: { ...status.shutdown, [result.machine]: progress } },
};

/** Whatever it was told, a Run's recipes included: the newest wish of its recipes to be started anew. */
const withWish = (status: InstanceStatus, result: EventResult, now: number): InstanceStatus => {
  const { machine, event, finishedAt } = result;
  const { rebootWish: last } = status;
  if (result.reboot !== true || status.machine?.id !== machine) return status;
  if (last?.machine === machine && last.finishedAt >= finishedAt) return status;
  return { ...status, rebootWish: { machine, event, at: timestamp(now), finishedAt } };
};

const withResult = (
  before: InstanceStatus,
  result: EventResult,
  log: SentLog,
  now: number,
): InstanceStatus => {
  const status = withWish(before, result, now);
  const sending = sendingOf(result.event);
  if (sending === null) return status;
  const sent = log.get(result.machine)?.[sending];
  return COUNT[sending](status, { result, sent, progress: progressOf(result, sent, now) });
};

const expired = (machine: string, sent: Sent, now: number): EventProgress => ({
  machine,
  event: sent.event,
  state: 'expired',
  at: timestamp(now),
  message: `no result of ${sent.event} within ${String(Math.round((sent.expiresAt - sent.at) / 1000))} s`,
  ...(sent.input === null ? {} : { input: sent.input }),
});

/** Sent since the machine last stopped; what went before does not count any more. */
export const sentSinceStop = (status: InstanceStatus, sent: SentLog, sending: Step): Sent | undefined => {
  const machine = status.machine?.id ?? '';
  const of = sent.get(machine)?.[sending];
  const stopped = lastStopOf(status, machine);
  return of === undefined || (stopped !== '' && of.at <= parseTimestamp(stopped)) ? undefined : of;
};

/** It was sent to the slot's machine and is neither answered nor expired. */
export const inFlight = (status: InstanceStatus, sent: SentLog, sending: Step): Sent | null => {
  const of = sentSinceStop(status, sent, sending);
  return of === undefined || status[sending]?.event === of.event ? null : of;
};

/** Both were sent to one host, this one first; what is sent at once is in the order of the steps. */
const isFirst = (one: Sent | undefined, step: Step, than: Sent, thanStep: Step): boolean =>
  one !== undefined &&
  (one.at < than.at || (one.at === than.at && STEPS.indexOf(step) < STEPS.indexOf(thanStep)));

/** When this step ended, or will be given up. Wall clock, milliseconds. */
const endOf = (status: InstanceStatus, sent: SentLog, step: Step): number =>
  inFlight(status, sent, step) === null
    ? parseTimestamp(status[step]?.at ?? '')
    : expiryOf(status, sent, step);

/**
 * When what is in flight counts as expired: a host does one thing after the other, so its time begins when what it was
 * sent before has ended. Wall clock, milliseconds; Infinity: nothing is in flight.
 */
export const expiryOf = (status: InstanceStatus, sent: SentLog, step: Step): number => {
  const waits = inFlight(status, sent, step);
  if (waits === null) return Infinity;
  const before = STEPS.filter((one) => isFirst(sentSinceStop(status, sent, one), one, waits, step));
  const begins = Math.max(waits.at, ...before.map((one) => endOf(status, sent, one)));
  return begins + waits.expiresAt - waits.at;
};

/** Machines of a slot that may have been told to shut down. */
export const shutdownMachines = ({ machine, doomed }: InstanceStatus): readonly string[] => [
  ...(doomed ?? []).map((one) => one.machine),
  ...(machine == null ? [] : [machine.id]),
];

/** Shutdown was sent to the machine and is not answered. */
export const shutdownInFlight = (status: InstanceStatus, sent: SentLog, machine: string): Sent | null => {
  const of = sent.get(machine)?.shutdown;
  return of === undefined || status.shutdown?.[machine]?.event === of.event ? null : of;
};

const withExpiry = (status: InstanceStatus, sent: SentLog, now: number): InstanceStatus => {
  let next = status;
  const machine = status.machine?.id ?? '';
  for (const sending of STEPS) {
    const waits = inFlight(next, sent, sending);
    if (waits !== null && expiryOf(next, sent, sending) <= now)
      next = { ...next, [sending]: expired(machine, waits, now) };
  }
  for (const id of shutdownMachines(status)) {
    const waits = shutdownInFlight(next, sent, id);
    if (waits === null || waits.expiresAt > now) continue;
    const shutdown = { ...next.shutdown, [id]: expired(id, waits, now) };
    next = { ...next, shutdown };
  }
  return next;
};

/** The status with these results of the instance counted, and what is overdue marked expired. */
export const fold = (
  status: InstanceStatus,
  results: readonly EventResult[],
  sent: SentLog,
  now: number,
): InstanceStatus => {
  const counted = results.reduce((next, result) => withResult(next, result, sent, now), status);
  return withExpiry(counted, sent, now);
};
