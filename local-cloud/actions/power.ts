/** StartInstances, StopInstances, RebootInstances and TerminateInstances: all of the ids or none. */
import * as E from 'fp-ts/lib/Either.js';
import { apiError } from '../api-error.js';
import type { Action, LocalCloud } from '../context.js';
import { bootTransition, starting, stopping, terminating } from '../life.js';
import type { MachineRecord } from '../model.js';
import { countIds, namedMachines } from './ids.js';
import { stateXml } from './machine-xml.js';

interface Power {
  /** States in which the call is refused. */
  readonly refused: readonly MachineRecord['state'][];
  /** The error's code and how its sentence ends. */
  readonly code: string;
  readonly verb: string;
  readonly turn: (cloud: LocalCloud, machine: MachineRecord) => MachineRecord;
}

const wrongState = (power: Power, machine: MachineRecord) =>
  apiError(power.code, `The instance '${machine.id}' is not in a state from which it can be ${power.verb}.`);

const turned = (cloud: LocalCloud, power: Power, machines: readonly MachineRecord[]) => {
  const pairs = machines.map((before) => ({ before, after: power.turn(cloud, before) }));
  cloud.world.commit(
    pairs.flatMap(({ before, after }) => (after === before ? [] : [['machines', after.id, after] as const])),
  );
  return pairs;
};

const powerAction = (power: Power): Action => ({
  machines: countIds,
  handle: (cloud, params) => {
    const machines = namedMachines(params, cloud.world.machines);
    if (E.isLeft(machines)) return machines;
    const wrong = machines.right.find(({ state }) => power.refused.includes(state));
    if (wrong !== undefined) return E.left(wrongState(power, wrong));
    const pairs = turned(cloud, power, machines.right);
    return E.right({
      instancesSet: pairs.map(({ before, after }) => ({
        instanceId: after.id,
        currentState: stateXml(after.state),
        previousState: stateXml(before.state),
      })),
    });
  },
});

export const StartInstances = powerAction({
  refused: ['stopping', 'shutting-down', 'terminated'],
  code: 'IncorrectInstanceState',
  verb: 'started',
  turn: ({ clock, settings, chance }, machine) =>
    starting(machine, clock.now(), bootTransition(clock.now(), settings, chance)),
});

export const StopInstances = powerAction({
  refused: ['shutting-down', 'terminated'],
  code: 'IncorrectInstanceState',
  verb: 'stopped',
  turn: ({ clock, settings }, machine) => stopping(machine, clock.now(), settings),
});

export const TerminateInstances = powerAction({
  refused: [],
  code: 'IncorrectInstanceState',
  verb: 'terminated',
  turn: ({ clock, settings }, machine) => terminating(machine, clock.now(), settings),
});

const reboot = powerAction({
  refused: ['stopping', 'stopped', 'shutting-down', 'terminated'],
  code: 'IncorrectState',
  verb: 'rebooted',
  turn: (_, machine) => ({ ...machine, reboots: machine.reboots + 1 }),
});

export const RebootInstances: Action = {
  ...reboot,
  handle: (cloud, params) => {
    const done = reboot.handle(cloud, params);
    return E.isLeft(done) ? done : E.right({ return: true });
  },
};
