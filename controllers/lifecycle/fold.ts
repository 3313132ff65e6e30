/** Folds results and time-outs into an Instance's progress. Pure; folding twice changes nothing. */
import type { EventProgress, InstanceStatus } from '../../api-types/kinds/instance.js';
import type { EventResult } from '../../api-types/kinds/lifecycle-event.js';
import { timestamp } from '../../runtime/clock.js';
import type { Sent, SentLog, Sending } from './sent.js';

/** `configure-000123-0a1b2c3d4e5f`: the kind of event is in its name, which outlives the record. */
const sendingOf = (event: string): Sending | null =>
  (['setup', 'configure', 'shutdown'] as const).find((kind) => event.startsWith(`${kind}-`)) ?? null;

const progressOf = (result: EventResult, sent: Sent | undefined, now: number): EventProgress => ({
  machine: result.machine,
  event: result.event,
  state: result.state,
  at: timestamp(now),
  attempt: result.attempt,
  ...(result.message === undefined ? {} : { message: result.message }),
  ...(sent?.event === result.event && sent.input !== null ? { input: sent.input } : {}),
});

const isOfMachine = (progress: EventProgress | undefined, machine: string): boolean =>
  progress?.machine === machine;

/**
 * A configure result counts when it is of the newest run sent, or when none of this machine has been counted yet:
 * the first success makes a host Ready even while a newer run is on its way.
 */
const configureCounts = (status: InstanceStatus, result: EventResult, sent: Sent | undefined): boolean => {
  if (status.configure?.event === result.event) return false;
  if (sent?.event === result.event) return true;
  return result.state === 'succeeded' && !isOfMachine(status.configure, result.machine);
};

interface Counted {
  readonly result: EventResult;
  readonly progress: EventProgress;
  readonly sent: Sent | undefined;
}

/** How each kind of result changes the status; the same status when it says nothing new. */
const COUNT: Readonly<Record<Sending, (status: InstanceStatus, counted: Counted) => InstanceStatus>> = {
  setup: (status, { result, progress }) => {
    const known = isOfMachine(status.setup, result.machine) && status.setup?.state !== 'expired';
    return known || status.machine?.id !== result.machine ? status : { ...status, setup: progress };
  },
  configure: (status, { result, progress, sent }) =>
    status.machine?.id === result.machine && configureCounts(status, result, sent)
      ? { ...status, configure: progress }
      : status,
  shutdown: (status, { result, progress }) =>
    status.shutdown?.[result.machine]?.state === result.state
      ? status
      : { ...status, shutdown: { ...status.shutdown, [result.machine]: progress } },
};

const withResult = (
  status: InstanceStatus,
  result: EventResult,
  log: SentLog,
  now: number,
): InstanceStatus => {
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

/** Setup or configure was sent to the slot's machine and is neither answered nor expired. */
export const inFlight = (
  status: InstanceStatus,
  sent: SentLog,
  sending: 'setup' | 'configure',
): Sent | null => {
  const machine = status.machine?.id;
  if (machine === undefined) return null;
  const of = sent.get(machine)?.[sending];
  return of === undefined || status[sending]?.event === of.event ? null : of;
};

/** Shutdown was sent to a doomed machine and is not answered. */
export const shutdownInFlight = (status: InstanceStatus, sent: SentLog, machine: string): Sent | null => {
  const of = sent.get(machine)?.shutdown;
  return of === undefined || status.shutdown?.[machine] !== undefined ? null : of;
};

const withExpiry = (status: InstanceStatus, sent: SentLog, now: number): InstanceStatus => {
  let next = status;
  const machine = status.machine?.id ?? '';
  for (const sending of ['setup', 'configure'] as const) {
    const waits = inFlight(next, sent, sending);
    if (waits !== null && waits.expiresAt <= now) next = { ...next, [sending]: expired(machine, waits, now) };
  }
  for (const doomed of status.doomed ?? []) {
    const waits = shutdownInFlight(next, sent, doomed.machine);
    if (waits === null || waits.expiresAt > now) continue;
    const shutdown = { ...next.shutdown, [doomed.machine]: expired(doomed.machine, waits, now) };
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
