/** Where an Instance is in its life, in one word: computed from its record, for people. */
import { isCurrent, type InstanceStatus, type MachineState } from './instance.js';
import { isRestarting } from './restart.js';

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
  if (isRestarting(status, machine)) return true;
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
