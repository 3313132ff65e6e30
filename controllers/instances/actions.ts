/** The table of what a run can do; steps are rows of it as data, executors (steps.ts) are derived from it. */
import type { LaunchBatch } from '../../api-types/kinds/role.js';
import type { Tags } from '../../cloud/cloud.js';
import type { Launches } from './launches.js';
import type { Note } from './notes.js';
import type { SlotPatch } from './slots.js';
import type { Slot } from './view.js';

/** What a run can do: the executors in steps.ts are one a row, in this order. */
export interface Actions {
  /** One record write, before any call: what it says has happened when a call is made. */
  readonly record: { readonly role: RolePatch | null; readonly slots: readonly SlotPatch[] };
  readonly create: { readonly names: readonly string[] };
  readonly remove: { readonly slots: readonly Slot[] };
  readonly forget: { readonly slots: readonly Slot[] };
  readonly launch: { readonly batches: readonly LaunchBatch[] };
  readonly terminate: { readonly ids: readonly string[] };
  readonly stop: { readonly ids: readonly string[] };
  readonly start: { readonly ids: readonly string[] };
  readonly reboot: { readonly ids: readonly string[] };
  readonly tag: { readonly machines: readonly { readonly id: string; readonly tags: Tags }[] };
  readonly look: { readonly ids: readonly string[] };
  readonly tell: { readonly notes: readonly Note[] };
  /** The end of a deleted role. */
  readonly forgetRole: { readonly recordRevision: number };
}

export type Step = { [A in keyof Actions]: { readonly action: A } & Actions[A] }[keyof Actions];

export interface RolePatch {
  readonly patch: Readonly<Record<string, unknown>>;
  readonly since: number;
}

export interface RolePlan {
  readonly steps: readonly Step[];
  /** Milliseconds until the next run is wanted; null: when something changes. */
  readonly wait: number | null;
  /** What holds launches up, for the status. */
  readonly held: Launches['held'];
  readonly stalled: readonly { readonly slot: string; readonly reason: string; readonly message: string }[];
}
