/**
 * Rebooting a machine because a person or recipes want it: one reboot for each value of `spec.restartedAt`, and one for
 * each wish, of these so many at a time as the role's budget allows. The call is noted in the record in the run that makes it; the restart is done when another agent than
 * before has connected. Pure.
 */
import type { Restart } from '../../api-types/kinds/restart.js';
import { minutes, seconds } from '../../api-types/units.js';
import { parseTimestamp, timestamp } from '../../runtime/clock.js';
import { normal, type Note } from './notes.js';
import { budgetOf, restartTurns } from './restart-turns.js';
import { boundTo, wasHeard } from './rules.js';
import type { RoleView, Slot } from './view.js';

/** A cloud gives a machine some minutes to shut down before it reboots it the hard way; later no effect will come. */
const EFFECT_BY = minutes(5);

/** Which record tells of it: what a person asked for, or what recipes want. */
type Place = 'restart' | 'wishRestart';

/** What is still to be seen to. */
interface Asked {
  readonly place: Place;
  readonly askedAt: string;
  readonly machine: string;
  /** What the record says so far, of this or of an earlier one. */
  readonly known: Restart | undefined;
  /** For people. */
  readonly who: string;
}

export interface Restarting {
  /** The machine to reboot now. */
  readonly call: string | null;
  /** What the record is to say. */
  readonly patch: Readonly<Partial<Record<Place, Readonly<Record<string, unknown>>>>>;
  readonly notes: readonly Note[];
  /** Milliseconds until this has to be looked at again. */
  readonly wait: number | null;
  /** Why a reboot that recipes want has to wait, for people; null: none has. */
  readonly held: string | null;
}

/** Nothing to do, nothing to note. */
export const NO_RESTART: Restarting = { call: null, patch: {}, notes: [], wait: null, held: null };

/** A merge patch: what an earlier restart left is taken out. */
const noted = ({ place, askedAt, machine }: Asked, more: Partial<Restart>): Restarting['patch'] => ({
  [place]: { calledAt: null, agentStartedAt: null, doneAt: null, askedAt, machine, ...more },
});

const done = (view: RoleView, slot: Slot, asked: Asked, words: string): Restarting => {
  const { known } = asked;
  const before = known?.askedAt === asked.askedAt && known.machine === asked.machine ? known : {};
  return {
    ...NO_RESTART,
    patch: noted(asked, { ...before, doneAt: timestamp(view.now) }),
    notes: [normal(slot.live.ref, 'Restarted', words)],
  };
};

const called = (view: RoleView, slot: Slot, asked: Asked): Restarting => {
  const { agent } = slot.live.status;
  const { machine, who } = asked;
  const startedAt = agent?.machine === machine ? agent.startedAt : undefined;
  return {
    ...NO_RESTART,
    call: machine,
    patch: noted(asked, {
      calledAt: timestamp(view.now),
      ...(startedAt === undefined ? {} : { agentStartedAt: startedAt }),
    }),
    notes: [normal(slot.live.ref, 'Restarting', `machine ${machine} is rebooted: ${who}`)],
    wait: EFFECT_BY,
  };
};

/** The agent that talks is another one than the one that the call was to end. */
const isBack = ({ live: { status } }: Slot, { machine, agentStartedAt }: Restart): boolean =>
  status.agent?.machine === machine &&
  status.agent.startedAt !== undefined &&
  status.agent.startedAt !== agentStartedAt;

const underWay = (view: RoleView, slot: Slot, asked: Asked, restart: Restart): Restarting => {
  const { machine, calledAt = '' } = restart;
  if (isBack(slot, restart)) return done(view, slot, asked, `machine ${machine} was rebooted and is back`);
  const left = parseTimestamp(calledAt) + EFFECT_BY - view.now;
  if (left > 0) return { ...NO_RESTART, wait: left };
  // silent: it has gone down, and is healing's if it does not come up
  if (slot.seen?.connected !== true) return NO_RESTART;
  if (restart.agentStartedAt === undefined)
    return done(
      view,
      slot,
      asked,
      `machine ${machine} was rebooted; its agent does not say since when it runs`,
    );
  return called(view, slot, asked);
};

/** Runs, is to go on running, and its agent has been heard: a machine that still boots is not cut off at that. */
const mayReboot = ({ live }: Slot): boolean =>
  boundTo(live)?.state === 'running' && live.spec.desired !== 'Stopped';

/** A person had the machine rebooted since recipes wanted it. */
const cameFirst = ({ live }: Slot, { machine, place }: Asked): boolean => {
  const { restart, rebootWish } = live.status;
  if (place !== 'wishRestart' || restart?.machine !== machine) return false;
  return (restart.calledAt ?? '') >= (rebootWish?.at ?? '');
};

/** Why this machine is not to be rebooted, for people; null: it is. */
const needless = (slot: Slot, asked: Asked, arrived: boolean): string | null => {
  const { machine, known, askedAt } = asked;
  const another = known?.askedAt === askedAt && known.machine !== machine;
  if (arrived || another) return `machine ${machine} is new: there is nothing to reboot`;
  if (!mayReboot(slot)) return `machine ${machine} does not run: there is nothing to reboot`;
  return cameFirst(slot, asked) ? `machine ${machine} was rebooted since recipes wanted it` : null;
};

const isDone = ({ known, askedAt }: Asked): boolean =>
  known?.askedAt === askedAt && known.doneAt !== undefined;

const byPerson = ({ live: { spec, status } }: Slot, machine: string): Asked | null => {
  const { restartedAt: askedAt } = spec;
  if (askedAt === undefined) return null;
  const who = 'spec.restartedAt asks for it';
  const asked: Asked = { place: 'restart', askedAt, machine, known: status.restart, who };
  return isDone(asked) ? null : asked;
};

/** Of another machine: it went along with that one. */
const byRecipes = ({ live: { status } }: Slot, machine: string): Asked | null => {
  const { rebootWish: wish, wishRestart: known } = status;
  if (wish?.machine !== machine) return null;
  const who = `recipes of ${wish.event} want it`;
  const asked: Asked = { place: 'wishRestart', askedAt: wish.event, machine, known, who };
  return isDone(asked) ? null : asked;
};

const askedOf = (slot: Slot, machine: string | null): Asked | null =>
  machine === null ? null : (byPerson(slot, machine) ?? byRecipes(slot, machine));

/** Another host's turn ends with a write of its record, which wakes us; this is for when that goes unheard. */
const TURN_AGAIN = seconds(15);

/** A wish of recipes that nothing was done about yet, though something could be. */
const wantsTurn = (slot: Slot): boolean => {
  const asked = askedOf(slot, boundTo(slot.live)?.id ?? null);
  if (asked?.place !== 'wishRestart' || asked.known?.askedAt === asked.askedAt) return false;
  if (slot.live.deletion !== null || slot.live.frozen !== null) return false;
  return wasHeard(slot.live) && needless(slot, asked, false) === null;
};

/** Of all slots of a view at once, and not again for each of them. */
const turns = new WeakMap<RoleView, ReadonlySet<Slot>>();

const hasTurn = (view: RoleView, slot: Slot): boolean => {
  const known = turns.get(view) ?? restartTurns(view, wantsTurn);
  turns.set(view, known);
  return known.has(slot);
};

/** What recipes want waits for its turn; what a person wants does not. */
const begun = (view: RoleView, slot: Slot, asked: Asked): Restarting => {
  if (asked.place === 'restart' || hasTurn(view, slot)) return called(view, slot, asked);
  const budget = `healing.maxUnavailable of role ${view.role.ref.name} is ${String(budgetOf(view))}`;
  const held = `its machine is to be rebooted (${asked.who}) after others that are, or are not Ready: ${budget}`;
  return { ...NO_RESTART, held, wait: TURN_AGAIN };
};

/**
 * What is to be done about reboots, one after the other, a person's first; `arrived`: the machine that the slot is given
 * in this very run.
 */
export const restartOf = (view: RoleView, slot: Slot, arrived: string | null): Restarting => {
  const asked = askedOf(slot, arrived ?? boundTo(slot.live)?.id ?? null);
  if (asked === null) return NO_RESTART;
  const why = needless(slot, asked, arrived !== null);
  if (why !== null) return done(view, slot, asked, why);
  if (asked.known?.askedAt === asked.askedAt) return underWay(view, slot, asked, asked.known);
  return wasHeard(slot.live) ? begun(view, slot, asked) : NO_RESTART;
};
