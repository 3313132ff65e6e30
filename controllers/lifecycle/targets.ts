/** Who must be told what: pure decisions about one host at a time. */
import { isCurrent } from '../../api-types/kinds/instance.js';
import type { Target } from '../../api-types/kinds/lifecycle-event.js';
import { parseTimestamp } from '../../runtime/clock.js';
import { inFlight, sentSinceStop, shutdownInFlight, shutdownMachines } from './fold.js';
import { isMember, type Member } from './observe.js';
import type { SentLog } from './sent.js';
import type { LifecycleSettings } from './settings.js';

const targetOf = (member: Member): Target => ({
  instance: member.name,
  machine: member.status.machine?.id ?? '',
});

/** A machine that runs, whose agent was heard, that was not set up since it was started, and whose roles it waits for are there. */
export const wantsSetup = (member: Member, sent: SentLog): Target | null => {
  if (!isMember(member) || member.waitsFor.length > 0) return null;
  const target = targetOf(member);
  const { status } = member;
  const known = status.setup?.machine === target.machine && isCurrent(status, status.setup);
  return known || sentSinceStop(status, sent, 'setup') !== undefined ? null : target;
};

export interface ConfigureWish {
  readonly target: Target;
  readonly input: string;
  /** Milliseconds to wait, for the hosts file or after a failure; 0: as soon as things have settled. */
  readonly wait: number;
  readonly why: 'first' | 'changed' | 'hostsFile' | 'retry';
}

const urgent = (input: string | null): string => input?.split('.')[0] ?? '';

interface Sending {
  readonly sent: SentLog;
  /** Wall clock, milliseconds. */
  readonly now: number;
  readonly settings: LifecycleSettings;
}

/** The newest run had this very input: it is repeated when it ended badly or left something undone, after a time. */
const wantsAgain = (member: Member, event: string, { sent, now, settings }: Sending): number | null => {
  const { configure } = member.status;
  if (inFlight(member.status, sent, 'configure') !== null || configure?.event !== event) return null;
  const { state, warning, at } = configure;
  if (state === 'succeeded' && warning === undefined) return null;
  const after = state === 'succeeded' ? settings.warningRetry : settings.configureRetry;
  return Math.max(0, parseTimestamp(at) + after - now);
};

const isSetUp = ({ status }: Member): boolean =>
  status.setup?.state === 'succeeded' &&
  status.setup.machine === status.machine?.id &&
  isCurrent(status, status.setup);

/** Null: its last run had this input and nothing has to be repeated. */
export const wantsConfigure = (
  member: Member,
  input: () => string,
  sending: Sending,
): ConfigureWish | null => {
  if (!isMember(member) || !isSetUp(member)) return null;
  const wish = { target: targetOf(member), input: input() };
  const last = sentSinceStop(member.status, sending.sent, 'configure');
  if (last === undefined) return { ...wish, wait: 0, why: 'first' };
  if (urgent(last.input) !== urgent(wish.input)) return { ...wish, wait: 0, why: 'changed' };
  if (last.input !== wish.input) {
    const wait = Math.max(0, last.at + sending.settings.hostsFileEvery - sending.now);
    return { ...wish, wait, why: 'hostsFile' };
  }
  const wait = wantsAgain(member, last.event, sending);
  return wait === null ? null : { ...wish, wait, why: 'retry' };
};

interface Ending {
  readonly machine: string;
  /** RFC 3339 of the decision. */
  readonly since: string;
}

/**
 * Machines that must go, and the one that is to be stopped and kept. One that is only to go when its successor serves
 * (`replaced`) is told when the slot's new machine is Ready.
 */
const endings = ({ status, spec, ready, deleting }: Member): readonly Ending[] => {
  const { stop, machine } = status;
  const kept = spec.desired === 'Stopped' && machine?.state === 'running' && stop?.machine === machine.id;
  return [
    ...(status.doomed ?? [])
      .filter(({ when }) => when === 'now' || ready || deleting)
      .map((doomed) => ({ machine: doomed.machine, since: doomed.at })),
    ...(kept && stop.calledAt === undefined ? [{ machine: machine.id, since: stop.askedAt }] : []),
  ];
};

/** On its way, or ended since the decision; an earlier one, before the machine was started again, does not count. */
const isTold = ({ status }: Member, { machine, since }: Ending, sent: SentLog): boolean => {
  const last = sent.get(machine)?.shutdown;
  const answered = status.shutdown?.[machine];
  return (
    shutdownInFlight(status, sent, machine) !== null ||
    (answered !== undefined && answered.at >= since) ||
    (last !== undefined && last.at >= parseTimestamp(since))
  );
};

export interface Telling {
  readonly sent: SentLog;
  readonly connected: (machine: string) => boolean;
  /** Wall clock, milliseconds. */
  readonly now: number;
}

/** Machines to be told to shut down, whose agent can still hear it. */
export const wantsShutdown = (member: Member, { sent, connected, now }: Telling): readonly Target[] =>
  endings(member)
    // decided by a clock that is ahead of ours: an answer would seem to be older than the decision, again and again
    .filter(({ since }) => parseTimestamp(since) <= now)
    .filter((ending) => !isTold(member, ending, sent) && connected(ending.machine))
    .map(({ machine }) => ({ instance: member.name, machine }));

/** Milliseconds until something sent to this host counts as expired; Infinity for nothing. */
export const expiresIn = (member: Member, sent: SentLog, now: number): number => {
  const waiting = [
    inFlight(member.status, sent, 'setup'),
    inFlight(member.status, sent, 'configure'),
    ...shutdownMachines(member.status).map((machine) => shutdownInFlight(member.status, sent, machine)),
  ];
  return Math.min(...waiting.map((one) => (one === null ? Infinity : one.expiresAt - now)));
};
