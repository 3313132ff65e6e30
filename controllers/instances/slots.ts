/** One slot, one run: what its record becomes and which calls its machines need. Pure. */
import type { BoundMachine, Doomed, StopWish } from '../../api-types/kinds/instance.js';
import type { Tombstone } from '../../api-types/kinds/role.js';
import { timestamp } from '../../runtime/clock.js';
import { TAGS, type Machine, type Tags } from '../../cloud/cloud.js';
import type { Binding, Surplus } from './batches.js';
import { conditionsPatch, slotConditions, type SlotNews } from './conditions.js';
import { normal, warning, type Note } from './notes.js';
import { tearDown } from './teardown.js';
import { boundTo } from './rules.js';
import { restartOf, type Restarting, NO_RESTART } from './restarting.js';
import { stopIn, stopPatch } from './stopping.js';
import { nextDeadline, troubleOf, type Trouble } from './troubles.js';
import type { RoleView, Slot } from './view.js';

export interface SlotPatch {
  readonly name: string;
  readonly patch: Readonly<Record<string, unknown>>;
  /** The record's revision that the patch rests on; for bindings. */
  readonly since?: number;
}

/** What arrived for the slot in this run. */
export interface Arrivals {
  readonly binding: Binding | null;
  readonly surplus: readonly Surplus[];
  /** Its launch failed: the words for people. */
  readonly failed: string | null;
}

export interface SlotPlan {
  readonly patch: SlotPatch | null;
  readonly tombstones: readonly Tombstone[];
  readonly terminate: readonly string[];
  readonly reboot: string | null;
  readonly stop: string | null;
  readonly start: string | null;
  readonly tag: { readonly id: string; readonly tags: Tags } | null;
  readonly look: readonly string[];
  readonly waits: readonly number[];
  readonly notes: readonly Note[];
  readonly failedLaunch: boolean;
  readonly stalled: SlotNews['stalled'];
}

const bound = (view: RoleView, { machine, batch }: Binding): BoundMachine => ({
  id: machine.id,
  batch: batch.id,
  zone: machine.zone,
  instanceType: machine.instanceType,
  imageId: machine.imageId,
  launchedAt: machine.launchedAt,
  state: machine.state,
  ...(machine.state === 'running' ? { runningAt: timestamp(view.now) } : {}),
  ...addresses(machine),
});

const addresses = (machine: Machine): Pick<BoundMachine, 'privateAddress' | 'publicAddress'> => ({
  ...(machine.privateAddress === null ? {} : { privateAddress: machine.privateAddress }),
  ...(machine.publicAddress === null ? {} : { publicAddress: machine.publicAddress }),
});

/** A description may be older than what we know: nothing that ran is pending again. */
const older = (from: BoundMachine['state'], to: BoundMachine['state']): boolean =>
  (to === 'pending' && from !== 'pending' && from !== 'stopped') || from === 'terminated';

/** It runs for the first time, or again after it was stopped. */
const begins = (machine: BoundMachine, to: BoundMachine['state']): boolean =>
  to === 'running' && (machine.runningAt === undefined || machine.state !== 'running');

/** What the cloud's newest description changes in the record. */
const followed = (view: RoleView, slot: Slot): Readonly<Record<string, unknown>> => {
  const machine = slot.live.status.machine ?? null;
  const seen = slot.seen?.machine ?? null;
  if (machine === null || seen === null || older(machine.state, seen.state)) return {};
  const next: Partial<BoundMachine> = {
    state: seen.state,
    ...(begins(machine, seen.state) ? { runningAt: timestamp(view.now) } : {}),
    ...addresses(seen),
  };
  const changed = Object.entries(next).filter(([key, value]) => machine[key as keyof BoundMachine] !== value);
  return changed.length === 0 ? {} : { machine: Object.fromEntries(changed) };
};

const doomedBy = (view: RoleView, machine: string, by: Trouble & { trouble: 'doom' }): Doomed => ({
  machine,
  reason: by.reason,
  message: by.message,
  at: timestamp(view.now),
  when: by.when,
});

const surplusDoom = (view: RoleView, { machine, batch }: Surplus): Doomed => ({
  machine: machine.id,
  reason: 'Surplus',
  message: `batch ${batch.id} brought ${machine.id} after its slots were filled`,
  at: timestamp(view.now),
  when: 'now',
});

const rebootDue = (slot: Slot): string | null => {
  const { remediation, rebooted, machine } = slot.live.status;
  if (remediation?.action !== 'reboot' || remediation.machine !== machine?.id) return null;
  const done = rebooted?.machine === machine.id && rebooted.at >= remediation.at;
  return done ? null : machine.id;
};

/** Not before it was asked for, whatever clock asked. */
const rebootedAt = (view: RoleView, { live }: Slot): string => {
  const now = timestamp(view.now);
  const asked = live.status.remediation?.at ?? now;
  return asked > now ? asked : now;
};

/** Stopped from outside, or to run again: started. */
const startDue = (slot: Slot): string | null =>
  slot.live.spec.desired === 'Running' && slot.seen?.machine?.state === 'stopped'
    ? (slot.live.status.machine?.id ?? null)
    : null;

const tagsFor = (slot: Slot): SlotPlan['tag'] => {
  const seen = slot.seen?.machine ?? null;
  const machine = slot.live.status.machine ?? null;
  if (seen === null || machine === null || seen.tags[TAGS.slot] === slot.name) return null;
  const name = `${slot.live.ref.cluster ?? ''}/${slot.name}`;
  return { id: machine.id, tags: { [TAGS.slot]: slot.name, [TAGS.name]: name } };
};

const announced = (slot: Slot, news: Facts['news']): readonly Note[] => {
  const { ref } = slot.live;
  return [
    ...(news.bound === null ? [] : [normal(ref, 'Bound', `machine ${news.bound.id} fills this slot`)]),
    ...(news.doomed === null
      ? []
      : [warning(ref, 'Doomed', `${news.doomed.reason}: ${news.doomed.message}`)]),
    ...(news.failed === null ? [] : [warning(ref, 'LaunchFailed', news.failed)]),
  ];
};

interface Facts {
  readonly trouble: Trouble | null;
  readonly news: Omit<SlotNews, 'rebootHeld'>;
  readonly held: boolean;
}

const factsOf = (view: RoleView, slot: Slot, arrivals: Arrivals): Facts => {
  const held = isHeld(view, slot);
  const trouble = held ? null : troubleOf(view, slot);
  const { binding } = arrivals;
  const news: Facts['news'] = {
    stalled: trouble?.trouble === 'stalled' ? trouble : null,
    doomed: trouble?.trouble === 'doom' ? trouble : null,
    bound: binding === null ? null : { id: binding.machine.id, batch: binding.batch.id },
    failed: arrivals.failed,
  };
  return { trouble, news, held };
};

/** Frozen: nothing is launched, stopped or removed for it. */
const isHeld = (view: RoleView, slot: Slot): boolean =>
  view.role.frozen !== null || (view.cluster?.frozen ?? null) !== null || slot.live.frozen !== null;

const same = (left: readonly Doomed[], right: readonly Doomed[]): boolean =>
  left.length === right.length && left.every((entry, index) => entry === right[index]);

const machinePatch = (
  view: RoleView,
  slot: Slot,
  arrivals: Arrivals,
  facts: Facts,
): Readonly<Record<string, unknown>> => {
  if (arrivals.binding !== null) {
    const { batch } = arrivals.binding;
    return { machine: bound(view, arrivals.binding), requestedAt: batch.calledAt ?? batch.createdAt };
  }
  return facts.trouble?.trouble === 'doom' ? { machine: null } : followed(view, slot);
};

const patchOf = (
  view: RoleView,
  slot: Slot,
  arrivals: Arrivals,
  more: { readonly facts: Facts; readonly doomed: readonly Doomed[]; readonly wishes: Wishes },
): SlotPatch | null => {
  const { status } = slot.live;
  const { reboot, stopNote } = more.wishes;
  const before = status.conditions ?? {};
  const conditions = conditionsPatch(
    before,
    slotConditions(view, slot, { ...more.facts.news, rebootHeld: more.wishes.restart.held }),
  );
  const patch: Record<string, unknown> = {
    ...machinePatch(view, slot, arrivals, more.facts),
    ...(same(status.doomed ?? [], more.doomed) ? {} : { doomed: more.doomed }),
    ...(reboot === null ? {} : { rebooted: { machine: reboot, at: rebootedAt(view, slot) } }),
    ...more.wishes.restart.patch,
    ...(stopNote === undefined ? {} : { stop: stopNote }),
    ...(conditions === undefined ? {} : { conditions }),
  };
  if (Object.keys(patch).length === 0) return null;
  const since = arrivals.binding === null ? {} : { since: slot.live.recordRevision };
  return { name: slot.name, patch: { ...patch, observedGeneration: slot.live.specGeneration }, ...since };
};

const inMotion = (slot: Slot): readonly string[] => {
  const machine = slot.live.status.machine ?? null;
  const unseen = slot.seen?.machine === null && !slot.seen.gone;
  return machine !== null && (machine.state === 'pending' || machine.state === 'stopping' || unseen)
    ? [machine.id]
    : [];
};

interface Wishes {
  readonly reboot: string | null;
  readonly stop: string | null;
  readonly start: string | null;
  readonly restart: Restarting;
  /** What the record is to say of the stop; undefined: what it says. */
  readonly stopNote: StopWish | null | undefined;
  readonly waits: readonly number[];
}

const NO_WISHES: Wishes = {
  reboot: null,
  stop: null,
  start: null,
  restart: NO_RESTART,
  stopNote: undefined,
  waits: [],
};

const wishesOf = (view: RoleView, slot: Slot, { binding }: Arrivals): Wishes => {
  const stop = stopIn(view, slot);
  const restart = restartOf(view, slot, binding?.machine.id ?? null);
  const machine = boundTo(slot.live)?.id ?? null;
  return {
    reboot: rebootDue(slot),
    stop: stop === 0 ? machine : null,
    start: startDue(slot),
    restart,
    stopNote: stopPatch(view, slot, stop),
    waits: [stop, restart.wait, nextDeadline(view, slot)]
      .filter((wait) => wait !== null && wait > 0)
      .map(Number),
  };
};

const rebootIn = ({ reboot, restart }: Wishes): string | null => reboot ?? restart.call;

/** Everything this run does for the slot. */
export const planSlot = (view: RoleView, slot: Slot, arrivals: Arrivals): SlotPlan => {
  const facts = factsOf(view, slot, arrivals);
  const torn = tearDown(view, slot, facts.held);
  const machine = boundTo(slot.live);
  const doom = facts.trouble?.trouble === 'doom' ? facts.trouble : null;
  const added = doom === null || machine === null ? [] : [doomedBy(view, machine.id, doom)];
  const doomed = [...torn.doomed, ...added, ...arrivals.surplus.map((one) => surplusDoom(view, one))];
  const wishes = facts.held || doom !== null ? NO_WISHES : wishesOf(view, slot, arrivals);
  const { stop, start, restart } = wishes;
  return {
    ...{ reboot: rebootIn(wishes), stop, start },
    patch: patchOf(view, slot, arrivals, { facts, doomed, wishes }),
    tombstones: torn.tombstones,
    terminate: torn.terminate,
    tag: doom === null ? tagsFor(slot) : null,
    look: [...torn.look, ...inMotion(slot)],
    waits: [...torn.waits, ...wishes.waits],
    notes: [...announced(slot, facts.news), ...restart.notes],
    failedLaunch: doom?.failedLaunch ?? false,
    stalled: facts.news.stalled,
  };
};
