/**
 * What was sent to whom, from the event records: they are the proof, so that nothing needs to be written on each
 * Instance when an event goes out, and a restart finds everything again.
 */
import type { EventProgress, InstanceStatus } from '../../api-types/kinds/instance.js';
import type { LifecycleEventStatus } from '../../api-types/kinds/lifecycle-event.js';
import type { Snapshot } from '../../api-types/snapshot.js';
import { inputOf } from '../../recipes/inputs.js';
import { parseTimestamp } from '../../runtime/clock.js';
import type { Live } from '../../store/objects/objects.js';

/** What a serving machine is told, each with its progress in the status. */
export const STEPS = ['setup', 'deploy', 'configure'] as const;
export type Step = (typeof STEPS)[number];

/** The life-cycle events that this controller sends by itself; undeploy is for Runs only. */
export type Sending = Step | 'shutdown';

export interface Sent {
  readonly event: string;
  /** Wall clock, milliseconds. */
  readonly at: number;
  /** When, without a result, it counts as expired. */
  readonly expiresAt: number;
  /** Configure: the digest of what was sent; null when it cannot be told any more. */
  readonly input: string | null;
}

export type SentTo = Readonly<Partial<Record<Sending, Sent>>>;

/** By machine id. */
export type SentLog = Map<string, SentTo>;

export const note = (log: SentLog, machine: string, sending: Sending, sent: Sent): void => {
  log.set(machine, { ...log.get(machine), [sending]: sent });
};

/** Both digests of a host's input as one text: before the dot what hurries, behind it the hosts file. */
export const inputText = (snapshot: Snapshot, instance: string): string => {
  const { input, hostsFile } = inputOf(snapshot, instance);
  return `${input}.${hostsFile}`;
};

/** The part of it that hurries. */
export const urgent = (input: string | null): string => input?.split('.')[0] ?? '';

const SENDINGS: readonly string[] = [...STEPS, 'shutdown'];

const isSending = (event: string): event is Sending => SENDINGS.includes(event);

/** What becomes of it counts for a Run, or for a Deployment. */
const isOfOthers = ({ run, deployment }: LifecycleEventStatus): boolean =>
  run !== undefined || deployment !== undefined;

const expiry = (createdAt: number, timeoutSeconds: number | undefined): number =>
  createdAt + (timeoutSeconds ?? 900) * 1000;

/** What the newest events say, those of Runs and Deployments aside; configure inputs of those that wait for a result still need their snapshot. */
export const fromEvents = (events: readonly Live<'LifecycleEvent'>[]): SentLog => {
  const log: SentLog = new Map();
  for (const { ref, status } of [...events].sort((a, b) => a.incarnation - b.incarnation)) {
    if (!isSending(status.event) || isOfOthers(status)) continue;
    const at = parseTimestamp(status.createdAt);
    const sent = { event: ref.name, at, expiresAt: expiry(at, status.timeoutSeconds), input: null };
    for (const { machine } of status.targets) note(log, machine, status.event, sent);
  }
  return log;
};

const fromProgress = (progress: EventProgress): Sent => {
  const at = parseTimestamp(progress.at);
  return { event: progress.event, at, expiresAt: at, input: progress.input ?? null };
};

/** Fills in inputs of runs that have ended, and events that were pruned since, from the Instance's record. */
export const fillFromStatus = (log: SentLog, status: InstanceStatus): void => {
  for (const sending of STEPS) {
    const progress = status[sending];
    if (progress === undefined) continue;
    const sent = log.get(progress.machine)?.[sending];
    if (sent === undefined) note(log, progress.machine, sending, fromProgress(progress));
    else if (sent.event === progress.event)
      note(log, progress.machine, sending, { ...sent, input: progress.input ?? null });
  }
};
