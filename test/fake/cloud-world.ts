/** The machines of the fake cloud: what really is, with every past state, so that an answer can be given as of earlier. */
import { timestamp, type Clock } from '../../runtime/clock.js';
import type { MachineState } from '../../api-types/kinds/instance.js';
import type { LaunchRequest, Machine, Tags } from '../../cloud/cloud.js';

interface Dated<A> {
  /** Monotonic; from then on. */
  readonly at: number;
  readonly value: A;
}

export interface WorldMachine {
  readonly id: string;
  readonly request: LaunchRequest;
  readonly launchIndex: number;
  readonly launchedAt: number;
  readonly wallTime: string;
  readonly address: string;
  readonly states: Dated<MachineState>[];
  readonly tags: Dated<Tags>[];
  reason: string | null;
  statusChecks: string;
}

export interface Delays {
  readonly pendingFor: number;
  readonly stoppingFor: number;
  readonly shuttingDownFor: number;
}

export interface World {
  /** Every machine ever launched, in order. */
  readonly all: readonly WorldMachine[];
  find(id: string): WorldMachine | null;
  launch(request: LaunchRequest, count: number): readonly WorldMachine[];
  state(machine: WorldMachine, lag?: number): MachineState | null;
  change(machine: WorldMachine, next: 'running' | 'stopped' | 'terminated', reason?: string): void;
  addTags(machine: WorldMachine, tags: Tags): void;
  /** As a description `lag` ago would have shown it; null when it was not there yet. */
  view(machine: WorldMachine, lag?: number): Machine | null;
}

const latest = <A>(history: readonly Dated<A>[], at: number): A | null =>
  history.reduce<A | null>((found, entry) => (entry.at <= at ? entry.value : found), null);

const THROUGH = {
  running: 'pending',
  stopped: 'stopping',
  terminated: 'shutting-down',
} as const satisfies Record<string, MachineState>;

const address = (number: number): string =>
  `10.0.${String(Math.floor(number / 250))}.${String((number % 250) + 1)}`;

const delayTo = (delays: Delays, next: keyof typeof THROUGH): number =>
  ({ running: delays.pendingFor, stopped: delays.stoppingFor, terminated: delays.shuttingDownFor })[next];

export const createWorld = (clock: Clock, delays: Delays, prefix = 'i-'): World => {
  const all: WorldMachine[] = [];
  const byId = new Map<string, WorldMachine>();
  const state: World['state'] = (machine, lag = 0) => latest(machine.states, clock.monotonic() - lag);

  const change: World['change'] = (machine, next, reason) => {
    const now = clock.monotonic();
    const past = machine.states.filter((entry) => entry.at <= now);
    machine.states.splice(0, machine.states.length, ...past);
    machine.states.push({ at: now, value: THROUGH[next] });
    machine.states.push({ at: now + delayTo(delays, next), value: next });
    machine.reason = reason ?? machine.reason;
  };

  const born = (request: LaunchRequest, launchIndex: number): WorldMachine => {
    const number = all.length + 1;
    const launchedAt = clock.monotonic();
    const machine: WorldMachine = {
      id: `${prefix}${number.toString(16).padStart(17, '0')}`,
      request,
      launchIndex,
      launchedAt,
      wallTime: timestamp(clock.now()),
      address: address(number),
      states: [],
      tags: [{ at: launchedAt, value: request.tags }],
      reason: null,
      statusChecks: 'ok',
    };
    change(machine, 'running');
    return machine;
  };

  const launch: World['launch'] = (request, count) => {
    const machines: WorldMachine[] = [];
    for (let index = 0; index < count; index += 1) {
      const machine = born(request, index);
      all.push(machine);
      byId.set(machine.id, machine);
      machines.push(machine);
    }
    return machines;
  };

  const view: World['view'] = (machine, lag = 0) => {
    const shown = state(machine, lag);
    if (shown === null) return null;
    return {
      id: machine.id,
      state: shown,
      zone: machine.request.zone,
      instanceType: machine.request.instanceType,
      imageId: machine.request.imageId,
      launchedAt: machine.wallTime,
      launchIndex: machine.launchIndex,
      privateAddress: shown === 'terminated' ? null : machine.address,
      publicAddress: null,
      clientToken: machine.request.token,
      tags: latest(machine.tags, clock.monotonic() - lag) ?? {},
      stateReason: machine.reason,
    };
  };

  return {
    all,
    find: (id) => byId.get(id) ?? null,
    launch,
    state,
    change,
    addTags: (machine, tags) => {
      const now = latest(machine.tags, Infinity) ?? {};
      machine.tags.push({ at: clock.monotonic(), value: { ...now, ...tags } });
    },
    view,
  };
};
