/** The view of all our machines at one endpoint: sweeps, targeted looks and notes, merged by freshness. */
import * as E from 'fp-ts/lib/Either.js';
import { Subject } from 'rxjs';
import { millis, seconds, type Millis } from '../api-types/units.js';
import type { Chance } from '../runtime/chance.js';
import type { Clock, Timer } from '../runtime/clock.js';
import type { Failure } from '../runtime/failure.js';
import type { Log } from '../runtime/log.js';
import { TAGS, type Cloud, type Machines } from './cloud.js';
import { createSightings, type Sightings } from './sightings.js';

export interface MachinesOptions {
  readonly cloud: Cloud;
  /** The id of the installation: the tag that is swept for. */
  readonly installation: string;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  /** 10 s. */
  readonly sweepEvery?: Millis;
}

export interface OpenMachines extends Machines {
  close(): void;
}

const SWEEP_EVERY = seconds(10);
/** Control planes started together must not sweep together. */
const JITTER = 0.1;
const LOOK_AFTER = millis(100);
/** After a look, so that a host that flaps cannot eat the sweep's tokens. */
const LOOK_AGAIN_AFTER = millis(250);

interface Work {
  readonly options: MachinesOptions;
  readonly sightings: Sightings;
  readonly tell: (ids: readonly string[]) => void;
  closed: boolean;
}

const after = (work: Work, delay: Millis, fn: () => Promise<void>): Timer =>
  work.options.clock.after(delay, () => {
    if (!work.closed) void fn();
  });

const retryAfterOf = (failure: Failure): number =>
  failure._tag === 'Transient' ? (failure.retryAfter ?? 0) : 0;

/** Sweeps for ever; gives what tells when the last complete one began. */
const sweeping = (work: Work): { readonly last: () => Millis | null; readonly cancel: () => void } => {
  const { cloud, clock, chance, installation, log, sweepEvery = SWEEP_EVERY } = work.options;
  let last: Millis | null = null;
  let failing = false;

  const take = (failure: Failure | null): void => {
    if (failure !== null && !failing)
      log.warn('sweep failed: what was known before stays', {
        cloud: cloud.description,
        reason: failure.reason,
        problem: failure.message,
      });
    if (failure === null && failing) log.info('sweeps succeed again', { cloud: cloud.description });
    failing = failure !== null;
  };

  const next = (begun: Millis, atLeast: number): void => {
    const period = sweepEvery * (1 + JITTER * (chance.number() - 0.5));
    const due = Math.max(begun + period - clock.monotonic(), atLeast, 0);
    timer = after(work, millis(due), sweep);
  };

  const sweep = async (): Promise<void> => {
    const begun = clock.monotonic();
    const result = await cloud.describeTagged({ [TAGS.installation]: installation })();
    if (work.closed) return;
    if (E.isRight(result)) {
      last = begun;
      work.tell(work.sightings.sweep(result.right, begun));
    }
    take(E.isLeft(result) ? result.left : null);
    next(begun, E.isLeft(result) ? retryAfterOf(result.left) : 0);
  };

  let timer = after(work, millis(0), sweep);
  return {
    last: () => last,
    cancel: () => {
      timer.cancel();
    },
  };
};

/** Gathers ids for 100 ms and describes them in one call; one call at a time. */
const looking = (work: Work): ((ids: readonly string[]) => void) => {
  const { cloud, clock, log } = work.options;
  const wanted = new Set<string>();
  let planned = false;

  const look = async (): Promise<void> => {
    const ids = [...wanted];
    wanted.clear();
    const begun = clock.monotonic();
    const result = await cloud.describeIds(ids)();
    if (work.closed) return;
    if (E.isRight(result)) work.tell(work.sightings.see(result.right.machines, begun));
    else log.debug('look failed: the next sweep will tell', { reason: result.left.reason });
    planned = false;
    if (wanted.size > 0) plan(LOOK_AGAIN_AFTER);
  };
  const plan = (delay: Millis): void => {
    planned = true;
    after(work, delay, look);
  };
  return (ids) => {
    for (const id of ids) wanted.add(id);
    if (!planned && wanted.size > 0) plan(LOOK_AFTER);
  };
};

/** Opens the view and begins to sweep. */
export const openMachines = (options: MachinesOptions): OpenMachines => {
  const { clock } = options;
  const changes = new Subject<string>();
  const sightings = createSightings();
  const work: Work = {
    options,
    sightings,
    tell: (ids) => {
      for (const id of ids) changes.next(id);
    },
    closed: false,
  };
  const sweeps = sweeping(work);
  return {
    get: (id) => sightings.get(id),
    ofBatch: (batch) => sightings.ofBatch(batch),
    lastFullSweep: sweeps.last,
    changes$: changes.asObservable(),
    look: looking(work),
    note: (machines) => {
      work.tell(sightings.see(machines, clock.monotonic()));
    },
    gone: (id) => sightings.gone(id, clock.monotonic()),
    close: () => {
      work.closed = true;
      sweeps.cancel();
      changes.complete();
    },
  };
};
