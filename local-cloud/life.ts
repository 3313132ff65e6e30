/** How a machine goes from state to state: pure steps, and the timers that take the due ones. */
import type { MachineState } from '../api-types/kinds/instance.js';
import { millis } from '../api-types/units.js';
import type { Chance } from '../runtime/chance.js';
import type { Clock, Timer } from '../runtime/clock.js';
import type { Change, MachineRecord, StateReason, Transition } from './model.js';
import type { Settings } from './settings.js';
import type { World } from './world.js';

/** EC2's numbers for states. */
export const STATE_CODES: Readonly<Record<MachineState, number>> = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
};

const BY_USER = {
  stop: {
    code: 'Client.UserInitiatedShutdown',
    message: 'Client.UserInitiatedShutdown: User initiated shutdown',
  },
} as const;

export const SERVER_ERROR: StateReason = {
  code: 'Server.InternalError',
  message: 'Server.InternalError: Internal error on launch',
};

/** When a machine that begins to boot now will run. */
export const bootTransition = (now: number, settings: Settings, chance: Chance): Transition => ({
  to: 'running',
  at: now + Math.max(0, settings.boot + (chance.number() * 2 - 1) * settings.bootSpread),
});

export const stopping = (machine: MachineRecord, now: number, settings: Settings): MachineRecord =>
  machine.state === 'pending' || machine.state === 'running'
    ? {
        ...machine,
        state: 'stopping',
        stateReason: BY_USER.stop,
        transition: { to: 'stopped', at: now + settings.stop },
      }
    : machine;

export const starting = (machine: MachineRecord, now: number, boot: Transition): MachineRecord =>
  machine.state === 'stopped'
    ? { ...machine, state: 'pending', stateReason: null, launchedAt: now, transition: boot }
    : machine;

export const terminating = (machine: MachineRecord, now: number, settings: Settings): MachineRecord =>
  machine.state === 'shutting-down' || machine.state === 'terminated'
    ? machine
    : {
        ...machine,
        state: 'shutting-down',
        stateReason: BY_USER.stop,
        transition: { to: 'terminated', at: now + settings.terminate },
      };

/** Gone at once, by no one's wish. */
export const killed = (
  machine: MachineRecord,
  now: number,
  settings: Settings,
  reason: StateReason = SERVER_ERROR,
): MachineRecord =>
  machine.state === 'terminated'
    ? machine
    : {
        ...machine,
        state: 'terminated',
        stateReason: reason,
        transition: { to: 'gone', at: now + settings.terminatedVisible },
      };

/** What the machine is after its due transition; null: no longer listed. */
const afterTransition = (machine: MachineRecord, now: number, settings: Settings): MachineRecord | null => {
  if (machine.transition === null) return machine;
  switch (machine.transition.to) {
    case 'gone':
      return null;
    case 'running':
      return { ...machine, state: 'running', runningAt: now, transition: null };
    case 'terminated':
      return killed(machine, now, settings, machine.stateReason ?? SERVER_ERROR);
    default:
      return { ...machine, state: machine.transition.to, transition: null };
  }
};

/** Timers closer together than this go off together, as one commit. */
const SLACK_MILLIS = 5;
/** Longest wait of one timer, so that a jump of the wall clock is noticed. */
const LONGEST_WAIT_MILLIS = 60_000;

/** Takes the transitions as they fall due, from what is on disk: also those that fell due while we were not there. */
export const startLife = (world: World, clock: Clock, settings: Settings): { stop(): void } => {
  let timer: Timer | null = null;
  let wakeAt = Infinity;

  const takeDue = (): void => {
    const now = clock.now();
    const changes: Change[] = [];
    let next = Infinity;
    for (const machine of world.machines.values()) {
      if (machine.transition === null) continue;
      if (machine.transition.at > now + SLACK_MILLIS) next = Math.min(next, machine.transition.at);
      else changes.push(['machines', machine.id, afterTransition(machine, now, settings)]);
    }
    timer = null;
    wakeAt = Infinity;
    world.commit(changes);
    wakeBy(next);
  };
  const wakeBy = (at: number): void => {
    if (at >= wakeAt) return;
    timer?.cancel();
    wakeAt = at;
    timer = clock.after(millis(Math.min(LONGEST_WAIT_MILLIS, Math.max(0, at - clock.now()))), takeDue);
  };
  const subscription = world.committed$.subscribe((changes) => {
    for (const [table, , row] of changes)
      if (table === 'machines' && row !== null && row.transition !== null) wakeBy(row.transition.at);
  });
  takeDue();
  return {
    stop: () => {
      subscription.unsubscribe();
      timer?.cancel();
    },
  };
};
