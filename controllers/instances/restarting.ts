/**
 * Rebooting a machine because a person wants it: one reboot for each value of `spec.restartedAt`. The call is noted in
 * the record in the run that makes it; the restart is done when another agent than before has connected. Pure.
 */
import type { Restart } from '../../api-types/kinds/instance.js';
import { minutes } from '../../api-types/units.js';
import { parseTimestamp, timestamp } from '../../runtime/clock.js';
import { normal, type Note } from './notes.js';
import { boundTo, wasHeard } from './rules.js';
import type { RoleView, Slot } from './view.js';

/** A cloud gives a machine some minutes to shut down before it reboots it the hard way; later no effect will come. */
const EFFECT_BY = minutes(5);

export interface Restarting {
  /** The machine to reboot now. */
  readonly call: string | null;
  /** What the record is to say. */
  readonly patch: { readonly restart?: Readonly<Record<string, unknown>> };
  readonly notes: readonly Note[];
  /** Milliseconds until this has to be looked at again. */
  readonly wait: number | null;
}

/** Nothing to do, nothing to note. */
export const NO_RESTART: Restarting = { call: null, patch: {}, notes: [], wait: null };

/** A merge patch: what an earlier restart left is taken out. */
const noted = (restart: Restart): Restarting['patch'] => ({
  restart: { calledAt: null, agentStartedAt: null, doneAt: null, ...restart },
});

const done = (view: RoleView, slot: Slot, restart: Restart, words: string): Restarting => ({
  ...NO_RESTART,
  patch: noted({ ...restart, doneAt: timestamp(view.now) }),
  notes: [normal(slot.live.ref, 'Restarted', words)],
});

const called = (view: RoleView, slot: Slot, restart: Restart): Restarting => {
  const { agent } = slot.live.status;
  const startedAt = agent?.machine === restart.machine ? agent.startedAt : undefined;
  const { askedAt, machine } = restart;
  return {
    call: machine,
    patch: noted({
      askedAt,
      machine,
      calledAt: timestamp(view.now),
      ...(startedAt === undefined ? {} : { agentStartedAt: startedAt }),
    }),
    notes: [
      normal(slot.live.ref, 'Restarting', `machine ${machine} is rebooted: spec.restartedAt asks for it`),
    ],
    wait: EFFECT_BY,
  };
};

/** The agent that talks is another one than the one that the call was to end. */
const isBack = ({ live: { status } }: Slot, { machine, agentStartedAt }: Restart): boolean =>
  status.agent?.machine === machine &&
  status.agent.startedAt !== undefined &&
  status.agent.startedAt !== agentStartedAt;

const underWay = (view: RoleView, slot: Slot, restart: Restart): Restarting => {
  const { machine, calledAt = '' } = restart;
  if (isBack(slot, restart)) return done(view, slot, restart, `machine ${machine} was rebooted and is back`);
  const left = parseTimestamp(calledAt) + EFFECT_BY - view.now;
  if (left > 0) return { ...NO_RESTART, wait: left };
  // silent: it has gone down, and is healing's if it does not come up
  if (slot.seen?.connected !== true) return NO_RESTART;
  if (restart.agentStartedAt === undefined)
    return done(
      view,
      slot,
      restart,
      `machine ${machine} was rebooted; its agent does not say since when it runs`,
    );
  return called(view, slot, restart);
};

/** Runs, is to go on running, and its agent has been heard: a machine that still boots is not cut off at that. */
const mayReboot = ({ live }: Slot): boolean =>
  boundTo(live)?.state === 'running' && live.spec.desired !== 'Stopped';

interface Asked {
  readonly askedAt: string;
  readonly machine: string;
}

/** Why this machine is not to be rebooted, for people; null: it is. */
const needless = (slot: Slot, { askedAt, machine }: Asked, arrived: boolean): string | null => {
  const { restart } = slot.live.status;
  const another = restart?.askedAt === askedAt && restart.machine !== machine;
  if (arrived || another) return `machine ${machine} is new: there is nothing to reboot`;
  return mayReboot(slot) ? null : `machine ${machine} does not run: there is nothing to reboot`;
};

/** What is still to be seen to. */
const askedOf = ({ live: { spec, status } }: Slot, machine: string | null): Asked | null => {
  const { restartedAt: askedAt } = spec;
  if (askedAt === undefined || machine === null) return null;
  const { restart } = status;
  return restart?.askedAt === askedAt && restart.doneAt !== undefined ? null : { askedAt, machine };
};

/** What is to be done about `spec.restartedAt`; `arrived`: the machine that the slot is given in this very run. */
export const restartOf = (view: RoleView, slot: Slot, arrived: string | null): Restarting => {
  const asked = askedOf(slot, arrived ?? boundTo(slot.live)?.id ?? null);
  if (asked === null) return NO_RESTART;
  const why = needless(slot, asked, arrived !== null);
  if (why !== null) return done(view, slot, asked, why);
  const { restart } = slot.live.status;
  if (restart?.askedAt === asked.askedAt) return underWay(view, slot, restart);
  return wasHeard(slot.live) ? called(view, slot, asked) : NO_RESTART;
};
