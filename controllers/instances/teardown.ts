/** The last way of a doomed machine, pure: told, given time, terminated, confirmed, forgotten. */
import type { Doomed } from '../../api-types/kinds/instance.js';
import type { Tombstone } from '../../api-types/kinds/role.js';
import { parseTimestamp, timestamp } from '../../runtime/clock.js';
import { graceLeft, isReady, rulesOf } from './rules.js';
import type { DoomedView, RoleView, Slot } from './view.js';
import { wantedIn } from './wanted.js';

/** How often it is asked whether the host has ended, or can still be told, before its time is up. */
const ASK_AGAIN = 5_000;

/** Described again and again for so long after the terminate call; later the sweeps are enough. */
const LOOK_FOR = 60_000;

/** Waiting for a replacement that never becomes Ready ends too: the old machine was failed anyway. */
const patienceEnds = ({ role }: RoleView, entry: Doomed): number =>
  parseTimestamp(entry.at) + rulesOf(role).boot + rulesOf(role).setup;

const mayGo = (view: RoleView, slot: Slot, entry: Doomed): boolean =>
  entry.when === 'now' || isReady(slot.live) || slotEnds(view, slot) || view.now >= patienceEnds(view, entry);

const slotEnds = (view: RoleView, slot: Slot): boolean =>
  slot.live.deletion !== null || view.role.deletion !== null || !wantedIn(view).slots.has(slot.number);

/** When its shutdown event could be sent: at once, or when the successor came into service. */
const toldFrom = ({ live }: Slot, { at, when }: Doomed): number => {
  const ready = when === 'replaced' ? live.status.conditions?.['Ready'] : undefined;
  return Math.max(
    parseTimestamp(at),
    ready?.status === 'True' ? parseTimestamp(ready.lastTransitionTime) : 0,
  );
};

/** Milliseconds to wait before the machine is terminated; 0: now; null: until something else happens. */
export const terminateIn = (view: RoleView, slot: Slot, { entry, seen }: DoomedView): number | null => {
  if (!mayGo(view, slot, entry)) return null;
  const told = slot.live.status.shutdown?.[entry.machine];
  if (told !== undefined && told.at >= entry.at) return 0;
  if (seen.connected === false) return 0;
  return graceLeft(view, toldFrom(slot, entry));
};

/** The cloud confirms the end; absence alone counts only when the view as a whole can be trusted. */
const isConfirmed = (view: RoleView, { seen }: DoomedView): boolean =>
  seen.machine?.state === 'terminated' || (seen.gone && !view.blind);

export interface Teardown {
  /** The slot's list after this run. */
  readonly doomed: readonly Doomed[];
  readonly tombstones: readonly Tombstone[];
  /** To be terminated now; each is marked in `doomed`. */
  readonly terminate: readonly string[];
  /** In motion: describe soon. */
  readonly look: readonly string[];
  readonly waits: readonly number[];
}

interface Mutable {
  doomed: Doomed[];
  tombstones: Tombstone[];
  terminate: string[];
  look: string[];
  waits: number[];
}

const first = (view: RoleView, slot: Slot, one: DoomedView, out: Mutable): void => {
  const wait = terminateIn(view, slot, one);
  if (wait === 0) {
    out.terminate.push(one.entry.machine);
    out.look.push(one.entry.machine);
    out.doomed.push({ ...one.entry, terminateCalledAt: timestamp(view.now) });
    return;
  }
  out.doomed.push(one.entry);
  if (wait !== null) out.waits.push(Math.min(wait, ASK_AGAIN));
};

/** The call was made (or was about to be, before a crash): until the end is confirmed it is repeated. */
const again = (
  view: RoleView,
  { entry, seen, repeatDue }: DoomedView,
  calledAt: string,
  out: Mutable,
): void => {
  out.doomed.push(entry);
  if (repeatDue && seen.machine?.state !== 'shutting-down') out.terminate.push(entry.machine);
  if (view.now - parseTimestamp(calledAt) < LOOK_FOR) out.look.push(entry.machine);
  else out.waits.push(view.settings.repeatTerminate);
};

const step = (view: RoleView, slot: Slot, one: DoomedView, out: Mutable): void => {
  const { machine, terminateCalledAt } = one.entry;
  if (isConfirmed(view, one))
    out.tombstones.push({ machine, instance: slot.name, uid: slot.live.uid, at: timestamp(view.now) });
  else if (terminateCalledAt === undefined) first(view, slot, one, out);
  else again(view, one, terminateCalledAt, out);
};

/** Moves every doomed machine of the slot on; `held`: the object is frozen, so only confirmed ends are noted. */
export const tearDown = (view: RoleView, slot: Slot, held: boolean): Teardown => {
  const out: Mutable = { doomed: [], tombstones: [], terminate: [], look: [], waits: [] };
  for (const one of slot.doomed) {
    if (held && !isConfirmed(view, one)) out.doomed.push(one.entry);
    else step(view, slot, one, out);
  }
  return out;
};
