/** Which Instances of a role come and go, pure. Their machines are doomed first: that is what consent is about. */
import { hasSpec } from './rules.js';
import { editReason } from './troubles.js';
import type { RoleView, Slot } from './view.js';
import { wantedIn } from './wanted.js';

/** The role's deletion (or its cluster's) waits for consent. */
const isRoleParked = ({ consent, role }: RoleView): boolean =>
  consent.parked.some(
    ({ kind, name, reason }) =>
      kind === 'Cluster' || (kind === 'Role' && name === role.ref.name && reason === 'RoleDeleted'),
  );

/** The role ends: its deletion, or its cluster's, is in progress and not parked. */
export const isLeaving = (view: RoleView): boolean =>
  (view.role.deletion !== null || (view.cluster?.deletion ?? null) !== null) && !isRoleParked(view);

/** Nothing is launched, stopped or removed while the newest edit does not decode. */
export const isFrozen = (view: RoleView): boolean =>
  view.role.frozen !== null || (view.cluster?.frozen ?? null) !== null;

const isEmpty = ({ live }: Slot): boolean =>
  live.status.machine == null && (live.status.doomed ?? []).length === 0;

const inOpenBatch = (view: RoleView): ReadonlySet<string> =>
  new Set(
    view.batches
      .filter(({ batch }) => batch.closed !== true)
      .flatMap(({ batch }) => batch.slots.map(({ uid }) => uid)),
  );

export interface Lives {
  readonly create: readonly string[];
  readonly remove: readonly Slot[];
  readonly forget: readonly Slot[];
}

/** Instances to make, to delete and to forget now. */
export const lives = (view: RoleView): Lives => {
  if (isFrozen(view) || view.cluster === null) return { create: [], remove: [], forget: [] };
  const waited = inOpenBatch(view);
  const forget = view.slots.filter(
    (slot) => slot.live.deletion !== null && isEmpty(slot) && !waited.has(slot.live.uid),
  );
  const ending = isRoleParked(view)
    ? []
    : view.slots.filter((slot) => hasSpec(slot.live) && slot.live.frozen === null && ends(view, slot));
  const create = hasSpec(view.role) && view.cluster.deletion === null ? wantedIn(view).missing : [];
  return { create, remove: ending.filter(({ live }) => live.status.machine == null), forget };
};

const ends = (view: RoleView, slot: Slot): boolean => {
  const reason = editReason(view, slot);
  return reason !== null && reason !== 'InstanceDeleted';
};

/**
 * The spec came back while its deletion was parked: nothing has happened, so the old record goes and the new
 * incarnation finds its instances by name. Not while a launch is open: the record names its machines.
 */
export const isReclaimed = (view: RoleView): boolean =>
  view.role.succeeded &&
  view.role.deletion !== null &&
  (view.cluster?.deletion ?? null) === null &&
  !isFrozen(view) &&
  isRoleParked(view) &&
  view.batches.every(({ batch }) => batch.closed === true);

/** A deleted role of which nothing is left. */
export const isOver = (view: RoleView): boolean =>
  view.role.deletion !== null &&
  !isFrozen(view) &&
  view.slots.length === 0 &&
  view.batches.every(({ batch }) => batch.closed === true);
