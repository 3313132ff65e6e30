/** Instance: one slot of a role. Made by the instances controller; people may edit `desired` and `roles`. */
import * as t from 'io-ts';
import { Name, fields, listOf, oneOf } from '../words.js';
import { Conditions } from './conditions.js';

export const DESIRED = ['Running', 'Stopped', 'Maintenance'] as const;

export const InstanceSpec = fields(
  'InstanceSpec',
  { role: Name },
  {
    /** Further roles, which add recipes. */
    roles: listOf(Name, 'a list of role names'),
    /** Running; Stopped: the machine is stopped and kept; Maintenance: left alone by healing, not Ready. */
    desired: oneOf(DESIRED),
  },
);
export interface InstanceSpec extends t.TypeOf<typeof InstanceSpec> {}

export const MACHINE_STATES = [
  'pending',
  'running',
  'stopping',
  'stopped',
  'shutting-down',
  'terminated',
] as const;
export type MachineState = (typeof MACHINE_STATES)[number];

/** The machine bound to the slot. Writer: instances. */
export const BoundMachine = fields(
  'BoundMachine',
  {
    id: t.string,
    batch: t.string,
    zone: t.string,
    instanceType: t.string,
    imageId: t.string,
    launchedAt: t.string,
    state: oneOf(MACHINE_STATES),
  },
  { runningAt: t.string, privateAddress: t.string, publicAddress: t.string },
);
export interface BoundMachine extends t.TypeOf<typeof BoundMachine> {}

/** A machine that must go. Never taken back; only such machines are terminated. */
export const Doomed = fields(
  'Doomed',
  {
    machine: t.string,
    /** CamelCase: `ScaledDown`, `Replaced`, `RoleDeleted`, `BootTimeout`, `SetupFailed`, `CloudGone`, … */
    reason: t.string,
    message: t.string,
    at: t.string,
    /** `now`, or once the slot's next machine is Ready (stateless roles: create, verify, then remove). */
    when: oneOf(['now', 'replaced']),
  },
  {
    /** The first terminate call, RFC 3339. */
    terminateCalledAt: t.string,
  },
);
export interface Doomed extends t.TypeOf<typeof Doomed> {}

/** How a run ends, as agents report it. */
export const RESULT_STATES = ['succeeded', 'failed', 'superseded'] as const;

/** What became of a life-cycle event on a machine; `expired`: no result came in time. Writer: lifecycle. */
export const EventProgress = fields(
  'EventProgress',
  { machine: t.string, event: t.string, state: oneOf([...RESULT_STATES, 'expired']), at: t.string },
  {
    message: t.string,
    attempt: t.number,
    /** Configure: the digest of the input that was sent. */
    input: t.string,
  },
);
export interface EventProgress extends t.TypeOf<typeof EventProgress> {}

/** `askedAt`: since when its host is to shut down first. */
export const StopWish = fields('StopWish', { machine: t.string, askedAt: t.string }, { calledAt: t.string });
export interface StopWish extends t.TypeOf<typeof StopWish> {}

export const InstanceStatus = fields(
  'InstanceStatus',
  {},
  {
    observedGeneration: t.number,
    /** Writer: instances. */
    machine: t.union([BoundMachine, t.null]),
    doomed: t.readonlyArray(Doomed),
    /** RFC 3339 of the moment the slot asked for its present machine. */
    requestedAt: t.string,
    /** Writer: server (gateway). First connection of the machine's agent, made once a machine. */
    agent: t.strict({ machine: t.string, connectedAt: t.string, address: t.string, version: t.string }),
    /** Writer: lifecycle. */
    setup: EventProgress,
    configure: EventProgress,
    /** By machine id: doomed machines have one each. */
    shutdown: t.record(t.string, EventProgress),
    /** Writer: healing. What it wants done with the machine, and why; carried out by instances. */
    remediation: t.strict({
      machine: t.string,
      action: oneOf(['reboot', 'replace']),
      reason: t.string,
      message: t.string,
      at: t.string,
    }),
    /**
     * The slot's machine is to be stopped and kept (`desired: Stopped`). `calledAt`, RFC 3339: the last stop call, noted
     * before it is made; it stays when the machine is started again. Writer: instances.
     */
    stop: t.union([StopWish, t.null]),
    /** Reboots carried out. Writer: instances. */
    rebooted: t.strict({ machine: t.string, at: t.string }),
    conditions: Conditions,
  },
);
export interface InstanceStatus extends t.TypeOf<typeof InstanceStatus> {}

export const instanceDefaults = (spec: InstanceSpec): InstanceSpec => ({
  roles: [],
  desired: 'Running',
  ...spec,
});

/** When this machine last shut down or was stopped, RFC 3339; empty: never. */
export const lastStopOf = ({ shutdown, stop }: InstanceStatus, machine: string): string => {
  const told = shutdown?.[machine]?.at ?? '';
  const called = stop?.machine === machine ? (stop.calledAt ?? '') : '';
  return told > called ? told : called;
};

/** It ended after the machine's last stop: what was done before does not count any more. */
export const isCurrent = (status: InstanceStatus, progress: EventProgress): boolean =>
  progress.at > lastStopOf(status, progress.machine);

export const PHASES = [
  'requested',
  'pending',
  'booting',
  'running_setup',
  'online',
  'start_failed',
  'setup_failed',
  'connection_lost',
  'rebooting',
  'stopping',
  'shutting_down',
  'stopped',
  'terminated',
] as const;
export type Phase = (typeof PHASES)[number];

const setUp = (status: InstanceStatus, machine: string): Phase | null => {
  if (status.agent?.machine !== machine) return 'booting';
  if (status.setup?.machine !== machine || !isCurrent(status, status.setup)) return 'running_setup';
  if (status.setup.state === 'failed') return 'setup_failed';
  return status.setup.state === 'succeeded' ? null : 'running_setup';
};

const rebooting = (status: InstanceStatus, machine: string): boolean => {
  const { remediation, rebooted } = status;
  if (remediation?.machine !== machine || remediation.action !== 'reboot') return false;
  return rebooted?.machine !== machine || !healthy(status);
};

const healthy = (status: InstanceStatus): boolean => status.conditions?.['Healthy']?.status !== 'False';

const running = (status: InstanceStatus, machine: string): Phase => {
  if (rebooting(status, machine)) return 'rebooting';
  return setUp(status, machine) ?? (healthy(status) ? 'online' : 'connection_lost');
};

const PHASE_OF_STATE: Readonly<Record<Exclude<MachineState, 'running'>, Phase>> = {
  pending: 'pending',
  stopping: 'stopping',
  stopped: 'stopped',
  'shutting-down': 'shutting_down',
  terminated: 'terminated',
};

const leaving = (status: InstanceStatus): Phase =>
  status.machine || (status.doomed ?? []).length > 0 ? 'shutting_down' : 'terminated';

const launching = (status: InstanceStatus): Phase =>
  status.conditions?.['Launched']?.reason === 'LaunchFailed' ? 'start_failed' : 'requested';

/** The phase for people, computed from the record: one word for where the slot is in its life. */
export const phaseOf = (status: InstanceStatus, deleting: boolean): Phase => {
  if (deleting) return leaving(status);
  const { machine } = status;
  if (!machine) return launching(status);
  return machine.state === 'running' ? running(status, machine.id) : PHASE_OF_STATE[machine.state];
};
