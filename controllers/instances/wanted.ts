/**
 * Which slots of a role are wanted: as many as it has replicas, and the surplus of a Deployment while that goes on. Those that
 * are there stay, the lowest numbers first; where there are too many, those go first whose time a Deployment says is over.
 * Pure.
 */
import type { Live } from '../../store/objects/objects.js';
import { replicasOf } from './rules.js';
import { roleOfSlot, slotName, slotNumber } from './slot-names.js';

type Instance = Live<'Instance'>;

/** Hosts of a role, those of a Deployment's surplus included. */
export const hostsWanted = (role: Live<'Role'>): number =>
  replicasOf(role) === 0 ? 0 : replicasOf(role) + (role.status.rollout?.surge ?? 0);

/** A Deployment has put other hosts in its place: it goes before all others. */
export const isRetired = ({ status }: Live<'Role'>, instance: string): boolean =>
  status.rollout?.retire.includes(instance) === true;

export interface Wanted {
  /** By number. */
  readonly slots: ReadonlySet<number>;
  /** Names of those that are not there yet; a number whose Instance still ends is waited for. */
  readonly missing: readonly string[];
}

/** Its spec is there, or that of its next incarnation. */
const stays = ({ deletion, succeeded, specRevision }: Instance): boolean =>
  succeeded || (deletion === null && specRevision > 0);

interface There {
  readonly number: number;
  readonly live: Instance;
}

const kept = (role: Live<'Role'>, there: readonly There[]): readonly number[] => {
  const staying = there.filter(({ live }) => stays(live));
  const [retired, rest] = [true, false].map((wanted) =>
    staying.filter(({ live }) => isRetired(role, live.ref.name) === wanted).map(({ number }) => number),
  ) as [number[], number[]];
  const inOrder = [...rest.sort((a, b) => a - b), ...retired.sort((a, b) => a - b)];
  return inOrder.slice(0, hostsWanted(role));
};

/** The lowest that no staying Instance has. */
const freeNumbers = (there: readonly There[], count: number): readonly number[] => {
  const taken = new Set(there.filter(({ live }) => stays(live)).map(({ number }) => number));
  const free: number[] = [];
  for (let number = 1; free.length < count; number += 1) if (!taken.has(number)) free.push(number);
  return free;
};

/** Of these Instances, which may be slots of other roles, too. */
export const wantedOf = (role: Live<'Role'>, instances: readonly Instance[]): Wanted => {
  const { name } = role.ref;
  const there = instances.flatMap((live): readonly There[] => {
    const number = roleOfSlot(live) === name ? slotNumber(name, live.ref.name) : null;
    return number === null ? [] : [{ number, live }];
  });
  const staying = kept(role, there);
  const added = freeNumbers(there, hostsWanted(role) - staying.length);
  const ending = new Set(there.map(({ number }) => number));
  return {
    slots: new Set([...staying, ...added]),
    missing: added.filter((number) => !ending.has(number)).map((number) => slotName(name, number)),
  };
};

const known = new WeakMap<object, Wanted>();

/** Of a view; asked for each of its slots, found once. */
export const wantedIn = (view: {
  readonly role: Live<'Role'>;
  readonly slots: readonly { readonly live: Instance }[];
}): Wanted => {
  const wanted =
    known.get(view) ??
    wantedOf(
      view.role,
      view.slots.map(({ live }) => live),
    );
  known.set(view, wanted);
  return wanted;
};
