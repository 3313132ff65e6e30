/** What goes wrong on demand. In memory only: a restart of the local cloud forgets it. */
import type { Clock } from '../runtime/clock.js';
import type { MachineRecord } from './model.js';
import type { World } from './world.js';

/** What to do to the next calls of an action. */
export interface AnswerFault {
  readonly action: string;
  /** How many calls; further faults of the action wait for their turn. */
  readonly calls: number;
  /** `before`: without the effect; `after`: the effect happens, then the answer is late, an error or missing. */
  readonly when: 'before' | 'after';
  readonly delayMillis: number;
  /** Answer this error; null: the true answer. */
  readonly error: { readonly code: string; readonly message: string; readonly status: number } | null;
  /** Close the connection instead of answering. */
  readonly drop: boolean;
}

export interface Impairment {
  readonly system: string;
  readonly instance: string;
}

interface Shown {
  readonly until: number;
  readonly machines: ReadonlyMap<string, MachineRecord>;
}

export interface Faults {
  throttle(action: string, calls: number): void;
  /** True when this call is to be refused as throttled; `*` counts for every action. */
  takeThrottle(action: string): boolean;
  answer(fault: AnswerFault): void;
  takeAnswer(action: string): AnswerFault | null;
  /** `null` lifts the limit; a zone of `null` is every zone. */
  limitCapacity(zone: string | null, machines: number | null): void;
  /** How many more machines the zone has room for; Infinity without a limit. */
  capacityOf(zone: string): number;
  /** Machines were launched there. */
  useCapacity(zone: string, machines: number): void;
  /** Descriptions stay as they are now. */
  freeze(forMillis: number): void;
  /** Descriptions lack these machines. */
  omit(ids: readonly string[], forMillis: number): void;
  /** The machines as descriptions show them. */
  shown(): ReadonlyMap<string, MachineRecord>;
  impair(id: string, impairment: Impairment | null): void;
  impairmentOf(id: string): Impairment | null;
  /** The next machines go from pending to terminated at once. */
  stillborn(machines: number): void;
  takeStillborn(): boolean;
  clear(): void;
}

const takeOne = (left: Map<string, number>, name: string): boolean => {
  const calls = left.get(name) ?? 0;
  if (calls <= 0) return false;
  left.set(name, calls - 1);
  return true;
};

const descriptionFaults = (world: World, clock: Clock) => {
  let frozen: Shown | null = null;
  const omitted = new Map<string, number>();
  return {
    freeze: (forMillis: number): void => {
      frozen = { until: clock.monotonic() + forMillis, machines: new Map(world.machines) };
    },
    omit: (ids: readonly string[], forMillis: number): void => {
      for (const id of ids) omitted.set(id, clock.monotonic() + forMillis);
    },
    shown: (): ReadonlyMap<string, MachineRecord> => {
      const now = clock.monotonic();
      const base = frozen !== null && frozen.until > now ? frozen.machines : world.machines;
      for (const [id, until] of omitted) if (until <= now) omitted.delete(id);
      if (omitted.size === 0) return base;
      return new Map([...base].filter(([id]) => !omitted.has(id)));
    },
    clear: (): void => {
      frozen = null;
      omitted.clear();
    },
  };
};

const capacityFaults = () => {
  const capacity = new Map<string, number>();
  const nameFor = (zone: string): string => (capacity.has(zone) ? zone : '*');
  return {
    limitCapacity: (zone: string | null, machines: number | null): void => {
      if (machines === null) capacity.delete(zone ?? '*');
      else capacity.set(zone ?? '*', machines);
    },
    capacityOf: (zone: string): number => capacity.get(nameFor(zone)) ?? Infinity,
    useCapacity: (zone: string, machines: number): void => {
      const left = capacity.get(nameFor(zone));
      if (left !== undefined) capacity.set(nameFor(zone), left - machines);
    },
    clear: (): void => {
      capacity.clear();
    },
  };
};

const callFaults = () => {
  const throttles = new Map<string, number>();
  let answers: readonly AnswerFault[] = [];
  return {
    throttle: (action: string, calls: number): void => {
      throttles.set(action, calls);
    },
    takeThrottle: (action: string): boolean => takeOne(throttles, action) || takeOne(throttles, '*'),
    answer: (fault: AnswerFault): void => {
      answers = [...answers, fault];
    },
    takeAnswer: (action: string): AnswerFault | null => {
      const found = answers.find((fault) => fault.action === action || fault.action === '*');
      if (found === undefined) return null;
      const rest = { ...found, calls: found.calls - 1 };
      answers = answers.flatMap((fault) => (fault !== found ? [fault] : rest.calls > 0 ? [rest] : []));
      return found;
    },
    clear: (): void => {
      throttles.clear();
      answers = [];
    },
  };
};

/** No faults yet. */
export const makeFaults = (world: World, clock: Clock): Faults => {
  const descriptions = descriptionFaults(world, clock);
  const capacity = capacityFaults();
  const calls = callFaults();
  const impairments = new Map<string, Impairment>();
  let stillborn = 0;
  return {
    ...descriptions,
    ...capacity,
    ...calls,
    impair: (id, impairment) => {
      if (impairment === null) impairments.delete(id);
      else impairments.set(id, impairment);
    },
    impairmentOf: (id) => impairments.get(id) ?? null,
    stillborn: (machines) => {
      stillborn = machines;
    },
    takeStillborn: () => {
      stillborn -= 1;
      return stillborn >= 0;
    },
    clear: () => {
      for (const kind of [descriptions, capacity, calls]) kind.clear();
      impairments.clear();
      stillborn = 0;
    },
  };
};
