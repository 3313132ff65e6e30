/** Who must be told what: pure decisions about one host at a time. */
import { isCurrent } from '../../api-types/kinds/instance.js';
import { isRebootWanted } from '../../api-types/kinds/restart.js';
import type { Target } from '../../api-types/kinds/lifecycle-event.js';
import { minutes } from '../../api-types/units.js';
import { parseTimestamp } from '../../runtime/clock.js';
import { expiryOf, inFlight, sentSinceStop, shutdownInFlight, shutdownMachines } from './fold.js';
import { isMember, type Member } from './observe.js';
import { STEPS, urgent, type SentLog, type Step } from './sent.js';
import type { LifecycleSettings } from './settings.js';
import { isWaiting } from './status.js';

const targetOf = (member: Member): Target => ({
  instance: member.name,
  machine: member.status.machine?.id ?? '',
});

/** A machine that runs, whose agent was heard, that was not set up since it was started, and whose roles it waits for are there. */
export const wantsSetup = (member: Member, sent: SentLog): Target | null => {
  if (!isMember(member) || isWaiting(member)) return null;
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

interface Sending {
  readonly sent: SentLog;
  /** Wall clock, milliseconds. */
  readonly now: number;
  readonly settings: LifecycleSettings;
}

/** What is told to a host whose recipes want it rebooted would be cut off: it waits, but not for a reboot that never comes. */
const REBOOT_BY = minutes(10);

const heldFor = ({ status }: Member, now: number): number => {
  const { machine, rebootWish } = status;
  if (rebootWish === undefined || !isRebootWanted(status, machine?.id ?? '')) return 0;
  return Math.max(0, parseTimestamp(rebootWish.at) + REBOOT_BY - now);
};

/** The newest one ended badly or left something undone: it is repeated after a time. Null: no need to. */
const wantsAgain = (
  { status }: Member,
  step: Step,
  event: string,
  { sent, now, settings }: Sending,
): number | null => {
  const progress = status[step];
  if (inFlight(status, sent, step) !== null || progress?.event !== event) return null;
  const { state, warning, at } = progress;
  if (state === 'succeeded' && warning === undefined) return null;
  const after = state === 'succeeded' ? settings.warningRetry : settings.configureRetry;
  return Math.max(0, parseTimestamp(at) + after - now);
};

const isSetUp = ({ status }: Member): boolean =>
  status.setup?.state === 'succeeded' &&
  status.setup.machine === status.machine?.id &&
  isCurrent(status, status.setup);

export interface DeployWish {
  readonly target: Target;
  /** Milliseconds to wait; 0: now. */
  readonly wait: number;
}

/** After setup, once; again when it failed. It too waits for the roles it depends on: an application needs its database. */
export const wantsDeploy = (member: Member, sending: Sending): DeployWish | null => {
  if (!member.deploys || !isMember(member) || !isSetUp(member) || isWaiting(member)) return null;
  const target = targetOf(member);
  const held = heldFor(member, sending.now);
  const last = sentSinceStop(member.status, sending.sent, 'deploy');
  if (last === undefined) return { target, wait: held };
  if (member.status.deploy?.state === 'succeeded') return null;
  const wait = wantsAgain(member, 'deploy', last.event, sending);
  return wait === null ? null : { target, wait: Math.max(wait, held) };
};

/** The first configure of a host comes after its first deploy, in the order in which it is told. */
const isBeforeDeploy = ({ deploys, status }: Member, { sent }: Sending): boolean =>
  deploys && sentSinceStop(status, sent, 'deploy') === undefined;

const wishOf = (member: Member, input: string, sending: Sending): Omit<ConfigureWish, 'target'> | null => {
  const last = sentSinceStop(member.status, sending.sent, 'configure');
  if (last === undefined) return { input, wait: 0, why: 'first' };
  if (urgent(last.input) !== urgent(input)) return { input, wait: 0, why: 'changed' };
  if (last.input !== input) {
    const wait = Math.max(0, last.at + sending.settings.hostsFileEvery - sending.now);
    return { input, wait, why: 'hostsFile' };
  }
  const wait = wantsAgain(member, 'configure', last.event, sending);
  return wait === null ? null : { input, wait, why: 'retry' };
};

/** Null: its last run had this input and nothing has to be repeated. */
export const wantsConfigure = (
  member: Member,
  input: () => string,
  sending: Sending,
): ConfigureWish | null => {
  if (!isMember(member) || !isSetUp(member) || isBeforeDeploy(member, sending)) return null;
  const wish = wishOf(member, input(), sending);
  const held = heldFor(member, sending.now);
  return wish === null ? null : { target: targetOf(member), ...wish, wait: Math.max(wish.wait, held) };
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
  const { status } = member;
  const shutdowns = shutdownMachines(status).map((machine) => shutdownInFlight(status, sent, machine));
  return Math.min(
    ...STEPS.map((step) => expiryOf(status, sent, step) - now),
    ...shutdowns.map((one) => (one === null ? Infinity : one.expiresAt - now)),
  );
};
