/** What one run does for a role: its view in, steps as data out. Pure; `scalarium plan` and the tests call it too. */
import type { LaunchBatch, Tombstone } from '../../api-types/kinds/role.js';
import { hours } from '../../api-types/units.js';
import { parseTimestamp, timestamp } from '../../runtime/clock.js';
import type { RolePatch, RolePlan, Step } from './actions.js';
import { moveOn, repeatIn, type Attempts, type BatchFailure } from './attempts.js';
import { findMachines, type Found } from './batches.js';
import { isFrozen, isLeaving, isOver, isReclaimed, lives } from './lives.js';
import { launchState, planLaunches, type Launches, type LaunchState } from './launches.js';
import { normal, warning, type Note } from './notes.js';
import { planSlot, type SlotPlan } from './slots.js';
import type { RoleView } from './view.js';

/** Tombstones kept at most: a role's record must stay below 1 MiB with 5,000 slots. */
const MOST_TOMBSTONES = 3000;
const TOMBSTONE_AGE = hours(24);

const tombstonesAfter = (view: RoleView, added: readonly Tombstone[]): readonly Tombstone[] | undefined => {
  const before = view.role.status.tombstones ?? [];
  const kept = before.filter(({ at }) => view.now - parseTimestamp(at) < TOMBSTONE_AGE);
  if (added.length === 0 && kept.length === before.length) return undefined;
  const known = new Set(kept.map(({ machine }) => machine));
  return [...kept, ...added.filter(({ machine }) => !known.has(machine))].slice(-MOST_TOMBSTONES);
};

const failureText = (view: RoleView, { batch, failure }: BatchFailure, state: LaunchState): string => {
  const words = failure === null ? 'fewer machines than asked for' : `${failure.reason}: ${failure.message}`;
  const next =
    state.notBefore > view.now ? timestamp(state.notBefore) : 'at once, in another zone if there is one';
  return `launching in ${batch.zone} failed (${words}); next attempt ${next}`;
};

const failedSlots = (view: RoleView, attempts: Attempts, state: LaunchState): ReadonlyMap<string, string> => {
  const filled = new Set(
    view.slots.filter(({ live }) => live.status.machine != null).map(({ name }) => name),
  );
  const texts = new Map<string, string>();
  for (const failed of attempts.failed)
    for (const { name } of failed.batch.slots)
      if (!filled.has(name)) texts.set(name, failureText(view, failed, state));
  return texts;
};

interface Draft {
  readonly found: Found;
  readonly attempts: Attempts;
  readonly slots: readonly SlotPlan[];
  readonly launches: Launches;
  readonly state: LaunchState;
}

const planSlots = (
  view: RoleView,
  found: Found,
  failed: ReadonlyMap<string, string>,
): readonly SlotPlan[] => {
  const bindings = new Map(found.bindings.map((binding) => [binding.slot.name, binding]));
  return view.slots.map((slot) =>
    planSlot(view, slot, {
      binding: bindings.get(slot.name) ?? null,
      surplus: found.surplus.filter((one) => one.slot === slot),
      failed: failed.get(slot.name) ?? null,
    }),
  );
};

/** Capacity is a matter of zones; anything else the cloud refuses counts for the role's back-off. */
const isRefused = (attempts: Attempts): boolean =>
  attempts.failed.some(({ failure }) => failure !== null && failure.reason !== 'NoCapacity');

const draft = (view: RoleView): Draft => {
  const wanted = !isFrozen(view) && !isLeaving(view);
  const found = findMachines(view);
  const attempts = moveOn(view, wanted);
  const refused = isRefused(attempts);
  const early = launchState(view, [], refused);
  const slots = planSlots(view, found, failedSlots(view, attempts, early));
  const failing = view.slots.filter((_slot, index) => slots[index]?.failedLaunch === true);
  const state = launchState(view, failing, refused);
  const may = wanted && view.cloud.state === 'usable' && view.cluster !== null;
  const launches = may ? planLaunches(view, found, state) : { batches: [], wait: null, held: null };
  return { found, attempts, slots, launches, state };
};

const rolePatch = (view: RoleView, made: Draft): RolePatch | null => {
  const { attempts, launches, slots, found } = made;
  const orphans = found.surplus
    .filter(({ slot }) => slot === null)
    .map(({ machine, batch }) => ({
      machine: machine.id,
      instance: batch.slots[0]?.name ?? '',
      uid: batch.slots[0]?.uid ?? '',
      at: timestamp(view.now),
    }));
  const tombstones = tombstonesAfter(view, [...slots.flatMap((slot) => slot.tombstones), ...orphans]);
  const batches =
    attempts.changed || launches.batches.length > 0 ? [...attempts.batches, ...launches.batches] : undefined;
  const patch = {
    ...(batches === undefined ? {} : { batches }),
    ...(tombstones === undefined ? {} : { tombstones }),
    ...made.state.patch,
  };
  return Object.keys(patch).length === 0 ? null : { patch, since: view.role.recordRevision };
};

const some = (items: readonly unknown[]): boolean => items.length > 0;

const present = <A>(items: readonly (A | null)[]): readonly A[] => items.filter((item) => item !== null);

const machinesText = (count: number): string => (count === 1 ? '1 machine' : `${String(count)} machines`);

const launchNotes = (view: RoleView, calls: readonly LaunchBatch[]): readonly Note[] =>
  calls.map((batch) =>
    normal(
      view.role.ref,
      'Launching',
      `${machinesText(batch.slots.length)} in ${batch.zone}, batch ${batch.id}, call ${String(batch.calls ?? 1)}`,
    ),
  );

const refusalNotes = (view: RoleView, { failed }: Attempts): readonly Note[] =>
  failed.map(({ batch, failure }) =>
    warning(
      view.role.ref,
      'LaunchFailed',
      `batch ${batch.id} in ${batch.zone}: ${failure === null ? 'fewer machines than asked for' : failure.message}`,
    ),
  );

/** Everything of a run that has something to do, in the order of Actions. */
const stepsOf = (view: RoleView, made: Draft): readonly Step[] => {
  const { slots, attempts, launches } = made;
  const role = rolePatch(view, made);
  const patches = present(slots.map(({ patch }) => patch));
  const { create, remove, forget } = lives(view);
  const calls = [...attempts.calls, ...launches.batches];
  const ids = {
    terminate: slots.flatMap((slot) => slot.terminate),
    stop: present(slots.map(({ stop }) => stop)),
    start: present(slots.map(({ start }) => start)),
    reboot: present(slots.map(({ reboot }) => reboot)),
    look: slots.flatMap(({ look }) => look),
  };
  const machines = present(slots.map(({ tag }) => tag));
  const notes = [
    ...launchNotes(view, calls),
    ...refusalNotes(view, attempts),
    ...slots.flatMap((slot) => slot.notes),
  ];
  const all: readonly (readonly [any: boolean, step: Step])[] = [
    [role !== null || some(patches), { action: 'record', role, slots: patches }],
    [some(create), { action: 'create', names: create }],
    [some(remove), { action: 'remove', slots: remove }],
    [some(forget), { action: 'forget', slots: forget }],
    [some(calls), { action: 'launch', batches: calls }],
    [some(ids.terminate), { action: 'terminate', ids: ids.terminate }],
    [some(ids.stop), { action: 'stop', ids: ids.stop }],
    [some(ids.start), { action: 'start', ids: ids.start }],
    [some(ids.reboot), { action: 'reboot', ids: ids.reboot }],
    [some(machines), { action: 'tag', machines }],
    [some(ids.look), { action: 'look', ids: ids.look }],
    [some(notes), { action: 'tell', notes }],
    [isOver(view), { action: 'forgetRole', recordRevision: view.role.recordRevision }],
  ];
  return all.filter(([any]) => any).map(([, step]) => step);
};

const soonestOf = (waits: readonly (number | null)[]): number | null => {
  const known = waits.filter((wait) => wait !== null);
  return known.length === 0 ? null : Math.max(50, Math.min(...known));
};

/** Other edits of the cluster may end, so that what is parked fits. */
const PARKED_AGAIN = 5_000;

const waitOf = (view: RoleView, made: Draft): number | null => {
  const open = view.batches.filter(({ batch }) => batch.closed !== true);
  const moving = made.slots.some(({ look }) => look.length > 0);
  return soonestOf([
    ...made.slots.flatMap(({ waits }) => waits),
    made.launches.wait,
    ...open.map((one) => Math.max(repeatIn(one), view.settings.pollEvery)),
    moving ? view.settings.pollEvery : null,
    view.consent.parked.length > 0 ? PARKED_AGAIN : null,
  ]);
};

/** Without its cloud nothing of the role can be seen or done but to forget what is empty. */
const WITHOUT_CLOUD: ReadonlySet<Step['action']> = new Set(['remove', 'forget', 'forgetRole']);

/** Plans one run for a role. */
export const planRole = (view: RoleView): RolePlan => {
  if (isReclaimed(view))
    return {
      steps: [{ action: 'forgetRole', recordRevision: view.role.recordRevision }],
      wait: null,
      held: null,
      stalled: [],
    };
  const made = draft(view);
  const steps = stepsOf(view, made);
  const blindfold = view.cloud.state !== 'usable';
  return {
    steps: blindfold ? steps.filter(({ action }) => WITHOUT_CLOUD.has(action)) : steps,
    wait: blindfold ? null : waitOf(view, made),
    held: made.launches.held,
    stalled: made.slots.flatMap(({ stalled }, index) =>
      stalled === null ? [] : [{ slot: view.slots[index]?.name ?? '', ...stalled }],
    ),
  };
};
