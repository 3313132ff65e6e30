/**
 * A Cloud (and Machines) that behaves: it launches, remembers everything, honours client tokens, and can be told to
 * fail, answer short, omit, lag or hold next. Nothing moves but by the clock and by calls.
 */
import type { Millis } from '../../api-types/units.js';
import type { Cloud, Machine, OpenCloud } from '../../cloud/cloud.js';
import type { Clock } from '../../runtime/clock.js';
import { fakeCalls, shown, type FakeCall, type Setting } from './cloud-calls.js';
import { createFaults, type Faults } from './cloud-faults.js';
import { fakeMachines, type FakeMachines } from './cloud-machines.js';
import { createWorld, type WorldMachine } from './cloud-world.js';

export type { FakeCall } from './cloud-calls.js';
export type { Action, Held } from './cloud-faults.js';
export type { FakeMachines } from './cloud-machines.js';

export interface FakeCloudOptions {
  readonly clock: Clock;
  /** Milliseconds a machine is pending; 0: it runs at once. */
  readonly pendingFor?: number;
  readonly stoppingFor?: number;
  readonly shuttingDownFor?: number;
  /** How long a terminated machine is still described; an hour. */
  readonly terminatedShownFor?: number;
  readonly honoursTokens?: boolean;
  /** `zone-a`, `zone-b`. */
  readonly zones?: readonly string[];
  /** `ami-default`. */
  readonly defaultImageId?: string | null;
  /** Prefix of machine ids, to tell two fakes apart; `i-`. */
  readonly idPrefix?: string;
  /** The Machines view sweeps by itself; otherwise only `machines.sweep()` does. */
  readonly sweepEvery?: Millis;
}

export interface FakeCloud extends Faults {
  readonly cloud: Cloud;
  readonly machines: FakeMachines;
  /** What `Clouds.get` would give. */
  readonly open: OpenCloud;
  /** Every machine ever launched, as it is now, whether described or not. */
  launched(): readonly Machine[];
  /** Those neither shutting down nor terminated. */
  alive(): readonly Machine[];
  /** Every call, with what became of it. */
  history(): readonly FakeCall[];
  userDataOf(id: string): string | null;
  /** The next launch gives at most `count`. */
  shortNext(count: number): void;
  /** Machines that can still be launched in a zone; none left: `NoCapacity`. */
  setCapacity(zone: string, left: number): void;
  /** Descriptions leave these out, as an eventually consistent endpoint may; `[]` ends it. */
  omit(ids: readonly string[]): void;
  /** Descriptions show the world as it was this many milliseconds ago. */
  setLag(lag: number): void;
  /** Batched calls refuse these ids alone. */
  protect(ids: readonly string[]): void;
  /** From outside, at once: the machine dies. */
  kill(id: string, reason?: string): void;
  /** From outside: somebody else's console stops or starts it. */
  setState(id: string, state: 'running' | 'stopped'): void;
  /** What both status checks say of it: `ok`, `impaired`. */
  setStatusChecks(id: string, checks: string): void;
}

const settingOf = (options: FakeCloudOptions): Setting => {
  const { clock, pendingFor = 0, stoppingFor = 0, shuttingDownFor = 0 } = options;
  return {
    clock,
    world: createWorld(clock, { pendingFor, stoppingFor, shuttingDownFor }, options.idPrefix),
    told: { short: null, lag: 0, omitted: new Set(), protectedIds: new Set(), capacity: new Map() },
    faults: createFaults(),
    history: [],
    terminatedShownFor: options.terminatedShownFor ?? 3_600_000,
    capabilities: {
      honoursClientTokens: options.honoursTokens ?? true,
      zones: options.zones ?? ['zone-a', 'zone-b'],
      defaultImageId: options.defaultImageId === undefined ? 'ami-default' : options.defaultImageId,
    },
  };
};

type Orders = Pick<FakeCloud, 'shortNext' | 'setCapacity' | 'omit' | 'setLag' | 'protect'>;

const orders = ({ told }: Setting): Orders => ({
  shortNext: (count) => {
    told.short = count;
  },
  setCapacity: (zone, left) => {
    told.capacity.set(zone, left);
  },
  omit: (ids) => {
    told.omitted = new Set(ids);
  },
  setLag: (lag) => {
    told.lag = lag;
  },
  protect: (ids) => {
    told.protectedIds = new Set(ids);
  },
});

const outside = ({ world, clock }: Setting): Pick<FakeCloud, 'kill' | 'setState' | 'setStatusChecks'> => {
  const find = (id: string): WorldMachine => {
    const machine = world.find(id);
    if (machine === null) throw new Error(`the fake cloud never launched ${id}`);
    return machine;
  };
  return {
    kill: (id, reason = 'Server.InternalError: the host died') => {
      const machine = find(id);
      machine.states.push({ at: clock.monotonic(), value: 'terminated' });
      machine.reason = reason;
    },
    setState: (id, state) => {
      world.change(find(id), state, 'Client.UserInitiatedShutdown');
    },
    setStatusChecks: (id, checks) => {
      find(id).statusChecks = checks;
    },
  };
};

/** Opens an empty fake cloud. */
export const fakeCloud = (options: FakeCloudOptions): FakeCloud => {
  const setting = settingOf(options);
  const { world, faults } = setting;
  const cloud = fakeCalls(setting);
  const all = (): readonly Machine[] => world.all.flatMap((machine) => world.view(machine) ?? []);
  const listing = (): readonly Machine[] => world.all.flatMap((machine) => shown(setting, machine));
  const machines = fakeMachines(listing, options.clock, options.sweepEvery);
  return {
    failNext: (action, failure, how) => {
      faults.failNext(action, failure, how);
    },
    holdNext: (action) => faults.holdNext(action),
    ...orders(setting),
    ...outside(setting),
    cloud,
    machines,
    open: { cloud, machines, capabilities: setting.capabilities },
    launched: all,
    alive: () => all().filter(({ state }) => state !== 'shutting-down' && state !== 'terminated'),
    history: () => setting.history,
    userDataOf: (id) => world.find(id)?.request.userData ?? null,
  };
};
