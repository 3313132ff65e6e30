/** What a sweep does about the machines of one cluster, pure: only what a tombstone names as released is terminated. */
import { TAGS, type Machine } from '../../cloud/cloud.js';
import { parseTimestamp } from '../../runtime/clock.js';
import type { Live } from '../../store/objects/objects.js';

export interface SweepView {
  readonly now: number;
  readonly installation: string;
  /** Machines that bear the cluster's tag, from one complete listing. */
  readonly machines: readonly Machine[];
  /** Read after the listing. */
  readonly roles: readonly Live<'Role'>[];
  readonly instances: readonly Live<'Instance'>[];
  /** Younger machines may belong to a launch whose record is on its way. */
  readonly launchWindow: number;
  /** After a restore: nothing is terminated until a person says go. */
  readonly hold: boolean;
}

export interface SweepPlan {
  readonly terminate: readonly string[];
  readonly strangers: readonly string[];
}

/** Share of a cluster's machines that one sweep may terminate; at least one. */
const SHARE = 0.1;

const named = ({ instances }: SweepView): ReadonlySet<string> =>
  new Set(
    instances.flatMap(({ status }) => [
      ...(status.machine == null ? [] : [status.machine.id]),
      ...(status.doomed ?? []).map(({ machine }) => machine),
    ]),
  );

const batches = ({ roles }: SweepView): ReadonlySet<string> =>
  new Set(roles.flatMap(({ status }) => (status.batches ?? []).map(({ id }) => id)));

const released = ({ roles }: SweepView): ReadonlySet<string> =>
  new Set(roles.flatMap(({ status }) => (status.tombstones ?? []).map(({ machine }) => machine)));

const lives = ({ state }: Machine): boolean => state !== 'terminated' && state !== 'shutting-down';

/** Whether the machine is anybody's business but the sweeper's: named, part of a launch, or too young to say. */
const isSpokenFor = (view: SweepView): ((machine: Machine) => boolean) => {
  const names = named(view);
  const open = batches(view);
  return ({ id, tags, clientToken, launchedAt }) =>
    names.has(id) ||
    open.has(tags[TAGS.batch] ?? clientToken ?? '') ||
    !(view.now - parseTimestamp(launchedAt) > view.launchWindow);
};

/** Plans a sweep. */
export const planSweep = (view: SweepView): SweepPlan => {
  const ours = view.machines.filter(
    (machine) => lives(machine) && machine.tags[TAGS.installation] === view.installation,
  );
  const spokenFor = isSpokenFor(view);
  const left = ours.filter((machine) => !spokenFor(machine)).map(({ id }) => id);
  const tombs = released(view);
  const most = Math.max(1, Math.floor(ours.length * SHARE));
  return {
    terminate: view.hold ? [] : left.filter((id) => tombs.has(id)).slice(0, most),
    strangers: left.filter((id) => !tombs.has(id)).sort(),
  };
};

export interface HomelessView {
  readonly now: number;
  readonly installation: string;
  /** Every machine of the installation at one endpoint, from one complete listing. */
  readonly machines: readonly Machine[];
  /** Clusters that anything in the store belongs to, read after the listing. */
  readonly clusters: ReadonlySet<string>;
  readonly launchWindow: number;
}

/** Machines of ours whose cluster is not there any more: nobody looks after them, and nobody may end them unasked. */
export const homeless = (view: HomelessView): readonly Machine[] =>
  view.machines.filter(
    (machine) =>
      lives(machine) &&
      machine.tags[TAGS.installation] === view.installation &&
      !view.clusters.has(machine.tags[TAGS.cluster] ?? '') &&
      view.now - parseTimestamp(machine.launchedAt) > view.launchWindow,
  );
