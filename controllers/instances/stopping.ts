/**
 * Stopping a machine that is kept, pure: asked for in the record, told to its host, then called. Each call is noted in
 * the record in the run that makes it, so that only the owner of the cluster stops anything.
 */
import type { StopWish } from '../../api-types/kinds/instance.js';
import { parseTimestamp, timestamp } from '../../runtime/clock.js';
import { boundTo, graceLeft } from './rules.js';
import type { RoleView, Slot } from './view.js';

/** How soon the host has to be looked at again after it was asked to shut down. */
const ASK_AGAIN = 1000;

const isWanted = (view: RoleView, { live, name }: Slot): boolean =>
  live.spec.desired === 'Stopped' &&
  boundTo(live)?.state === 'running' &&
  !view.consent.parkedHosts.has(name);

/** The wish that stands for the machine as it runs now; one from before its last start is over. */
const wishOf = ({ live }: Slot): StopWish | null => {
  const { stop } = live.status;
  const machine = boundTo(live);
  if (stop == null || stop.machine !== machine?.id) return null;
  const isOver = stop.calledAt !== undefined && (machine.runningAt ?? '') > stop.calledAt;
  return isOver ? null : stop;
};

const hasShutDown = ({ live }: Slot, { machine, askedAt }: StopWish): boolean => {
  const told = live.status.shutdown?.[machine];
  return told !== undefined && told.at >= askedAt;
};

/** Milliseconds until the machine may be stopped; 0: now; null: it is not to be stopped. */
export const stopIn = (view: RoleView, slot: Slot): number | null => {
  if (!isWanted(view, slot)) return null;
  const wish = wishOf(slot);
  if (wish === null) return ASK_AGAIN;
  if (wish.calledAt !== undefined)
    return Math.max(0, parseTimestamp(wish.calledAt) + view.settings.repeatTerminate - view.now);
  if (slot.seen?.connected === false || hasShutDown(slot, wish)) return 0;
  return graceLeft(view, parseTimestamp(wish.askedAt));
};

/** A call that showed no effect by now is not going to. */
const isPast = (view: RoleView, { calledAt }: StopWish): boolean =>
  calledAt === undefined || view.now - parseTimestamp(calledAt) >= view.settings.repeatTerminate;

/** What the record is to say; undefined: what it says already. `wait` as from stopIn. */
export const stopPatch = (view: RoleView, slot: Slot, wait: number | null): StopWish | null | undefined => {
  const wish = wishOf(slot);
  const machine = boundTo(slot.live);
  if (wait === null || machine === null) {
    const takenBack = wish !== null && machine?.state === 'running' && isPast(view, wish);
    return takenBack ? null : undefined;
  }
  if (wish === null) return { machine: machine.id, askedAt: timestamp(view.now) };
  return wait === 0 ? { ...wish, calledAt: timestamp(view.now) } : undefined;
};
