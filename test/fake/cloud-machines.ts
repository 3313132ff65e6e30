/** The Machines view of the fake cloud: it sees only what `sweep()`, `look` and `note` brought it. */
import { Subject } from 'rxjs';
import { millis, type Millis } from '../../api-types/units.js';
import { TAGS, type Machine, type Machines } from '../../cloud/cloud.js';
import type { Clock } from '../../runtime/clock.js';

export interface FakeMachines extends Machines {
  /** A complete sweep, now. */
  sweep(): void;
}

/** What the view may ask: everything described now, as descriptions show it. */
export type Shown = () => readonly Machine[];

const LOOK_AFTER = millis(100);

/** A view over `shown`; with `sweepEvery` it also sweeps by itself. */
export const fakeMachines = (shown: Shown, clock: Clock, sweepEvery?: Millis): FakeMachines => {
  const known = new Map<string, Machine>();
  const missed = new Map<string, number>();
  const changes = new Subject<string>();
  let swept: Millis | null = null;

  const take = (machine: Machine): void => {
    const before = known.get(machine.id);
    missed.delete(machine.id);
    known.set(machine.id, machine);
    if (JSON.stringify(before) !== JSON.stringify(machine)) changes.next(machine.id);
  };
  const sweep = (): void => {
    const listing = shown();
    swept = clock.monotonic();
    const present = new Set(listing.map((machine) => machine.id));
    listing.forEach(take);
    for (const id of known.keys()) {
      if (present.has(id)) continue;
      missed.set(id, (missed.get(id) ?? 0) + 1);
      changes.next(id);
    }
  };
  const again = (every: Millis): void => {
    clock.after(every, () => {
      sweep();
      again(every);
    });
  };
  if (sweepEvery !== undefined) again(sweepEvery);

  return {
    get: (id) => known.get(id) ?? null,
    ofBatch: (batch) =>
      [...known.values()].filter(({ tags, clientToken }) => (tags[TAGS.batch] ?? clientToken) === batch),
    lastFullSweep: () => swept,
    changes$: changes.asObservable(),
    look: (ids) => {
      clock.after(LOOK_AFTER, () => {
        shown()
          .filter((machine) => ids.includes(machine.id))
          .forEach(take);
      });
    },
    note: (machines) => {
      machines.forEach(take);
    },
    gone: (id) => known.get(id)?.state === 'terminated' || (missed.get(id) ?? 0) >= 2,
    sweep,
  };
};
