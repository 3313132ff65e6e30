/** Which slots are launched now, pure: none twice, none while waiting, one at a time when all that was launched fails. */
import { isStateful, type LaunchBatch } from '../../api-types/kinds/role.js';
import { parseTimestamp, timestamp } from '../../runtime/clock.js';
import { machineOf, newBatches, openZones, reserved, zoneOpensIn, zonesOf, type Found } from './batches.js';
import { isReady } from './rules.js';
import type { RoleView, Slot } from './view.js';
import { hostsWanted, wantedIn } from './wanted.js';

const BACK_OFF_SECONDS = [2, 10, 20, 40, 80, 160, 320, 600] as const;

/** Failed rounds after which only one slot is tried at a time, until one becomes Ready. */
const FAILURES_BEFORE_CANARY = 3;

/** How long after the `failures`-th failed round in a row none is tried. */
const backOffMillis = (failures: number): number =>
  failures < 1 ? 0 : (BACK_OFF_SECONDS[Math.min(failures, BACK_OFF_SECONDS.length) - 1] ?? 600) * 1000;

interface Failures {
  readonly count: number;
  readonly notBefore: number;
  /** When the last round failed. */
  readonly lastAt: number;
}

const failuresOf = ({ role }: RoleView): Failures => {
  const count = role.status.launchFailures ?? 0;
  const notBefore =
    role.status.launchNotBefore === undefined ? 0 : parseTimestamp(role.status.launchNotBefore);
  return { count, notBefore, lastAt: notBefore - backOffMillis(count) };
};

const requestedAt = ({ live }: Slot): number => parseTimestamp(live.status.requestedAt ?? '');

/** One launched after the last failure serves, everything serves, or the spec was edited: begin anew. */
const isOver = (view: RoleView, { count, lastAt }: Failures): boolean => {
  if (count === 0) return false;
  if (view.role.status.observedGeneration !== view.role.specGeneration) return true;
  const ready = view.slots.filter(({ live }) => isReady(live));
  return ready.length >= hostsWanted(view.role) || ready.some((slot) => requestedAt(slot) > lastAt);
};

export interface LaunchState {
  readonly failures: number;
  readonly notBefore: number;
  /** For the role's record; undefined when nothing changed. */
  readonly patch: Readonly<Record<string, unknown>> | undefined;
}

/** Slots whose machines failed only count as a new round when they were launched after the last one failed. */
const isNewRound = (slots: readonly Slot[], { lastAt }: Failures): boolean =>
  slots.some((slot) => !(requestedAt(slot) <= lastAt));

/** The role's launch back-off after this run. */
export const launchState = (view: RoleView, failedSlots: readonly Slot[], refused: boolean): LaunchState => {
  const before = failuresOf(view);
  const failing =
    refused || (failedSlots.length > 0 && (before.count === 0 || isNewRound(failedSlots, before)));
  if (failing) {
    const failures = before.count + 1;
    const notBefore = view.now + backOffMillis(failures);
    return {
      failures,
      notBefore,
      patch: { launchFailures: failures, launchNotBefore: timestamp(notBefore) },
    };
  }
  if (isOver(view, before))
    return { failures: 0, notBefore: 0, patch: { launchFailures: 0, launchNotBefore: null } };
  return { failures: before.count, notBefore: before.notBefore, patch: undefined };
};

/** Doomed machines a slot may still have when it launches: of databases none, a new one must not meet the old one. */
const mostDoomed = ({ role }: RoleView): number => (isStateful(role.spec.type) ? 0 : 1);

const isFree = (view: RoleView, slot: Slot): boolean =>
  wantedIn(view).slots.has(slot.number) &&
  slot.live.deletion === null &&
  slot.live.frozen === null &&
  slot.live.spec.desired !== 'Stopped' &&
  (slot.live.status.machine ?? null) === null &&
  slot.doomed.length <= mostDoomed(view);

/** Machines that are on their way and have not shown yet that they can serve. */
const unproven = (view: RoleView, found: Found): number => {
  const starting = view.slots.filter(({ live }) => live.status.machine != null && !isReady(live)).length;
  const waiting = new Set(
    [...reserved(view.batches)].filter((name) =>
      view.slots.some((slot) => slot.name === name && slot.live.status.machine == null),
    ),
  );
  for (const { slot } of found.bindings) waiting.add(slot.name);
  return starting + waiting.size;
};

export interface Launches {
  readonly batches: readonly LaunchBatch[];
  /** Milliseconds until the next attempt, when one is due and something holds it up. */
  readonly wait: number | null;
  /** Why slots that should be launched are not, for people; null: none is held up. */
  readonly held: {
    readonly reason: string;
    readonly message: string;
    /** A person must act. */
    readonly stalled?: true;
  } | null;
}

const NONE: Launches = { batches: [], wait: null, held: null };

const heldUp = (reason: string, message: string, wait: number): Launches => ({
  batches: [],
  wait,
  held: { reason, message },
});

const at = (view: RoleView, wait: number): string => timestamp(view.now + wait);

const obstacle = (view: RoleView, state: LaunchState): Launches | null => {
  if (view.gateways.length === 0)
    return heldUp('NoGateway', 'no gateway is up that new hosts could connect to', 1000);
  if (zonesOf(view).length === 0 || machineOf(view) === null)
    return heldUp('Unresolved', 'zones, image or instance type are not resolved yet', 1000);
  const wait = state.notBefore - view.now;
  if (wait > 0)
    return heldUp(
      'BackOff',
      `${String(state.failures)} launches in a row failed; next attempt at ${at(view, wait)}`,
      wait,
    );
  if (openZones(view).length > 0) return null;
  const opens = Math.max(1000, zoneOpensIn(view));
  return heldUp('NoCapacity', `no zone has capacity; next attempt at ${at(view, opens)}`, opens);
};

const LOOK_AGAIN = 60_000;

/** No cloud would take it: it is not tried. */
const tooLarge = (view: RoleView, batches: readonly LaunchBatch[]): Launches | null => {
  const most = (view.cloud.state === 'usable' ? view.cloud.userDataBytes : undefined) ?? Infinity;
  const bytes = Math.max(0, ...batches.map((batch) => Buffer.byteLength(view.request(batch).userData)));
  if (bytes <= most) return null;
  const authority = Buffer.byteLength(view.authority ?? '');
  const message =
    `the user data of a new host is ${String(bytes)} bytes and this cloud takes ${String(most)}: the authority ` +
    `that hosts are to trust gateways by takes ${String(authority)} bytes of it. Give the control plane one with ` +
    'a single certificate of an elliptic-curve key, or a certificate that hosts trust already';
  return { batches: [], wait: LOOK_AGAIN, held: { reason: 'UserDataTooLarge', message, stalled: true } };
};

const launching = (view: RoleView, slots: readonly Slot[], held: Launches['held']): Launches => {
  const batches = newBatches(view, slots);
  return tooLarge(view, batches) ?? { batches, wait: null, held };
};

/** New attempts for free slots. */
export const planLaunches = (view: RoleView, found: Found, state: LaunchState): Launches => {
  const waited = reserved(view.batches);
  const arriving = new Set(found.bindings.map(({ slot }) => slot.name));
  const free = view.slots.filter(
    (slot) => isFree(view, slot) && !waited.has(slot.name) && !arriving.has(slot.name),
  );
  if (free.length === 0) return NONE;
  const stopped = obstacle(view, state);
  if (stopped !== null) return stopped;
  if (state.failures < FAILURES_BEFORE_CANARY) return launching(view, free, null);
  const canary = unproven(view, found) === 0 ? free.slice(0, 1) : [];
  const message = `${String(state.failures)} launches in a row failed: one host at a time until one becomes Ready`;
  return launching(view, canary, { reason: 'OneAtATime', message });
};
