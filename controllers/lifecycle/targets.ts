/** Who must be told what: pure decisions about one host at a time. */
import type { Target } from '../../api-types/kinds/lifecycle-event.js';
import { parseTimestamp } from '../../runtime/clock.js';
import { inFlight, shutdownInFlight } from './fold.js';
import { isMember, type Member } from './observe.js';
import type { SentLog } from './sent.js';
import type { LifecycleSettings } from './settings.js';

const targetOf = (member: Member): Target => ({
  instance: member.name,
  machine: member.status.machine?.id ?? '',
});

/** A machine that runs, whose agent was heard, that was never set up, and whose roles it waits for are there. */
export const wantsSetup = (member: Member, sent: SentLog): Target | null => {
  if (!isMember(member) || member.waitsFor.length > 0) return null;
  const target = targetOf(member);
  const known = member.status.setup?.machine === target.machine;
  return known || sent.get(target.machine)?.setup !== undefined ? null : target;
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

/** The newest run had this very input: it is repeated when it ended badly, after a time. */
const wantsAgain = (member: Member, event: string, { sent, now, settings }: Sending): number | null => {
  const { configure } = member.status;
  if (inFlight(member.status, sent, 'configure') !== null || configure?.event !== event) return null;
  if (configure.state === 'succeeded') return null;
  return Math.max(0, parseTimestamp(configure.at) + settings.configureRetry - now);
};

const isSetUp = ({ status }: Member): boolean =>
  status.setup?.state === 'succeeded' && status.setup.machine === status.machine?.id;

/** Null: its last run had this input and nothing has to be repeated. */
export const wantsConfigure = (
  member: Member,
  input: () => string,
  sending: Sending,
): ConfigureWish | null => {
  if (!isMember(member) || !isSetUp(member)) return null;
  const wish = { target: targetOf(member), input: input() };
  const last = sending.sent.get(wish.target.machine)?.configure;
  if (last === undefined) return { ...wish, wait: 0, why: 'first' };
  if (urgent(last.input) !== urgent(wish.input)) return { ...wish, wait: 0, why: 'changed' };
  if (last.input !== wish.input) {
    const wait = Math.max(0, last.at + sending.settings.hostsFileEvery - sending.now);
    return { ...wish, wait, why: 'hostsFile' };
  }
  const wait = wantsAgain(member, last.event, sending);
  return wait === null ? null : { ...wish, wait, why: 'retry' };
};

/**
 * Doomed machines whose agent can still hear it. One that is only to go when its successor serves (`replaced`) is
 * told when the slot's new machine is Ready.
 */
export const wantsShutdown = (
  member: Member,
  sent: SentLog,
  connected: (machine: string) => boolean,
): readonly Target[] =>
  (member.status.doomed ?? [])
    .filter(({ when }) => when === 'now' || member.ready || member.deleting)
    .filter(({ machine }) => member.status.shutdown?.[machine] === undefined)
    .filter(({ machine }) => sent.get(machine)?.shutdown === undefined && connected(machine))
    .map(({ machine }) => ({ instance: member.name, machine }));

/** Milliseconds until something sent to this host counts as expired; Infinity for nothing. */
export const expiresIn = (member: Member, sent: SentLog, now: number): number => {
  const waiting = [
    inFlight(member.status, sent, 'setup'),
    inFlight(member.status, sent, 'configure'),
    ...(member.status.doomed ?? []).map(({ machine }) => shutdownInFlight(member.status, sent, machine)),
  ];
  return Math.min(...waiting.map((one) => (one === null ? Infinity : one.expiresAt - now)));
};
