/** Conditions of an Instance that the lifecycle controller writes, as one pure function of what is known. */
import {
  isCurrent,
  type EventProgress,
  type InstanceSpec,
  type InstanceStatus,
} from '../../api-types/kinds/instance.js';
import { isRestarting } from '../../api-types/kinds/restart.js';
import { withCondition, type Condition, type ConditionStatus } from '../../api-types/metadata.js';
import { parseTimestamp, timestamp } from '../../runtime/clock.js';

/** The slot as the conditions need it: its status with results folded in. */
export interface Slot {
  readonly name: string;
  readonly spec: InstanceSpec;
  readonly status: InstanceStatus;
  readonly deleting: boolean;
  /** Roles of dependsOn that have no Ready host yet. */
  readonly waitsFor: readonly string[];
  /** Sources of cookbooks that its roles' recipes come from and that were not resolved yet. */
  readonly lacks: readonly string[];
  /** It is to be deployed to before it is Ready. */
  readonly deploys: boolean;
}

/** It cannot be set up yet. */
export const isWaiting = ({ waitsFor, lacks }: Slot): boolean => waitsFor.length + lacks.length > 0;

interface Verdict {
  readonly status: ConditionStatus;
  readonly reason: string;
  readonly message: string;
}

const no = (reason: string, message: string): Verdict => ({ status: 'False', reason, message });
const yes = (reason: string, message: string): Verdict => ({ status: 'True', reason, message });

/** Why no event can reach the slot's machine, or null. */
const unreachable = ({ status, deleting, name }: Slot): Verdict | null => {
  const machine = status.machine ?? null;
  if (deleting) return no('Deleting', `${name} is being deleted`);
  if (machine === null) return no('NoMachine', `${name} has no machine yet`);
  if (machine.state !== 'running')
    return no('MachineNotRunning', `machine ${machine.id} is ${machine.state}`);
  if (status.agent?.machine !== machine.id)
    return no('AgentNotConnected', `the agent on ${machine.id} has not connected yet`);
  return null;
};

/** Of the slot's machine, and from after it was last stopped; null otherwise. */
const counting = (status: InstanceStatus, progress: EventProgress | undefined): EventProgress | null =>
  progress !== undefined && progress.machine === status.machine?.id && isCurrent(status, progress)
    ? progress
    : null;

const waitingVerdict = ({ waitsFor, lacks }: Slot, what: string): Verdict | null => {
  if (lacks.length > 0) {
    const message = `${what} waits for the cookbooks of ${lacks.join(', ')}, which the Cluster has yet to resolve`;
    return no('WaitingForCookbooks', message);
  }
  if (waitsFor.length === 0) return null;
  return no('WaitingForRoles', `${what} waits for a Ready host of ${waitsFor.join(', ')}`);
};

const setupVerdict = (slot: Slot): Verdict => {
  const setup = counting(slot.status, slot.status.setup);
  const cannot = unreachable(slot);
  if (cannot !== null) return cannot;
  if (setup === null) return waitingVerdict(slot, 'setup') ?? no('SettingUp', 'setup is running');
  if (setup.state === 'succeeded') return yes('SetupDone', `${setup.event} succeeded`);
  const reason = setup.state === 'expired' ? 'SetupExpired' : 'SetupFailed';
  return no(reason, `${setup.event} ${setup.state}: ${setup.message ?? 'no message'}`);
};

/** Null: there is nothing to deploy on it. */
const deployedVerdict = (slot: Slot): Verdict | null => {
  if (!slot.deploys) return null;
  const cannot = unreachable(slot);
  if (cannot !== null) return cannot;
  const deploy = counting(slot.status, slot.status.deploy);
  if (deploy?.state === 'succeeded') return yes('Deployed', `${deploy.event} succeeded`);
  if (deploy === null)
    return waitingVerdict(slot, 'deploy') ?? no('Deploying', 'no deploy to this machine has ended yet');
  return no('DeployFailed', `${deploy.event} ${deploy.state}: ${deploy.message ?? 'no message'}`);
};

const configuredVerdict = (slot: Slot): Verdict => {
  const configure = counting(slot.status, slot.status.configure);
  const cannot = unreachable(slot);
  if (cannot !== null) return cannot;
  if (configure === null) return no('NotConfigured', 'no configure run of this machine has ended yet');
  if (configure.state === 'succeeded' || configure.state === 'superseded')
    return yes('Configured', `${configure.event} ${configure.state}`);
  return no('ConfigureFailed', `${configure.event} ${configure.state}: ${configure.message ?? 'no message'}`);
};

/** Why a host is not Ready yet; as with configure, only its first deploy has to succeed. */
const notDeployed = (slot: Slot): Verdict | null => {
  const deployed = deployedVerdict(slot);
  return deployed?.status === 'False' && slot.status.conditions?.['Ready']?.status !== 'True'
    ? deployed
    : null;
};

/** A later run that fails does not take a Ready host out of service; only its first has to succeed. */
const wasConfigured = ({ status }: Slot): boolean => {
  const configure = counting(status, status.configure);
  if (configure === null) return false;
  return configure.state === 'succeeded' || status.conditions?.['Ready']?.status === 'True';
};

const whileRebooting = ({ status }: Slot): Verdict | null =>
  isRestarting(status, status.machine?.id ?? '') ? no('Rebooting', 'its machine is being rebooted') : null;

/** Why a host that could serve is not wanted to, or null. */
const unwanted = ({ spec, status }: Slot): Verdict | null => {
  const { doomed, machine } = status;
  if ((doomed ?? []).some((one) => one.machine === machine?.id)) return no('Doomed', 'its machine must go');
  return spec.desired === 'Running' ? null : no(spec.desired ?? 'Stopped', 'it is not wanted in service');
};

const unhealthy = ({ status }: Slot): Verdict | null => {
  const healthy = status.conditions?.['Healthy'];
  return healthy?.status === 'False' ? no('Unhealthy', healthy.message) : null;
};

/** Why nothing can be served by it yet, or null. */
const unprepared = (slot: Slot): Verdict | null => {
  const setup = setupVerdict(slot);
  if (setup.status !== 'True') return setup;
  const undeployed = notDeployed(slot);
  if (undeployed !== null) return undeployed;
  return wasConfigured(slot) ? null : no('Configuring', 'its first configure run has not succeeded yet');
};

const readyVerdict = (slot: Slot): Verdict =>
  unreachable(slot) ??
  unwanted(slot) ??
  unhealthy(slot) ??
  whileRebooting(slot) ??
  unprepared(slot) ??
  yes('Online', 'machine, agent, setup and configure are well');

/** It has all that Ready takes, and is only silent, unwell or being rebooted. */
export const isUnheard = (slot: Slot): boolean =>
  (unhealthy(slot) ?? whileRebooting(slot)) !== null &&
  (unreachable(slot) ?? unwanted(slot) ?? unprepared(slot)) === null;

/** Only Ready hosts are members of anything. */
export const isReady = (slot: Slot): boolean => readyVerdict(slot).status === 'True';

/** A host that is on its way this long gets it written down. */
const WORTH_TELLING_MS = 10_000;

/** Steps that every host goes through; in a quick bring-up nobody reads them. */
const PASSING: readonly string[] = [
  'NoMachine',
  'MachineNotRunning',
  'AgentNotConnected',
  'SettingUp',
  'WaitingForRoles',
  'WaitingForCookbooks',
  'Deploying',
  'NotConfigured',
  'Configuring',
  'Deleting',
];

const isNews = (last: Condition | undefined, next: Condition, slot: Slot, now: number): boolean => {
  if (last !== undefined) return last.status !== next.status || last.reason !== next.reason;
  if (next.status === 'True' || !PASSING.includes(next.reason)) return true;
  const since = parseTimestamp(slot.status.agent?.connectedAt ?? '');
  return slot.status.machine?.id === slot.status.agent?.machine && now - since >= WORTH_TELLING_MS;
};

/** Only hosts where something is amiss, or was, have this one: most never do. */
const accountsVerdict = ({ status }: Slot): Verdict | null => {
  const configure = counting(status, status.configure);
  if (configure === null) return null;
  if (configure.warning !== undefined) return no('AccountsIncomplete', configure.warning);
  const known = status.conditions?.['Accounts'] !== undefined;
  return known && configure.state === 'succeeded'
    ? yes('AccountsInPlace', 'every account is as granted')
    : null;
};

/** Its message names the accounts: another one is news. */
const accountsChange = (slot: Slot, lastTransitionTime: string): Readonly<Record<string, Condition>> => {
  const verdict = accountsVerdict(slot);
  const before = slot.status.conditions ?? {};
  const last = before['Accounts'];
  if (verdict === null || (last?.status === verdict.status && last.message === verdict.message)) return {};
  const next = withCondition(before, { type: 'Accounts', ...verdict, lastTransitionTime })['Accounts'];
  return next === undefined ? {} : { Accounts: next };
};

/** Conditions to write, by type; empty when there is nothing new in them. */
export const conditionChanges = (slot: Slot, now: number): Readonly<Record<string, Condition>> => {
  const lastTransitionTime = timestamp(now);
  const deployed = deployedVerdict(slot);
  const verdicts = {
    SetupDone: setupVerdict(slot),
    ...(deployed === null ? {} : { Deployed: deployed }),
    Configured: configuredVerdict(slot),
    Ready: readyVerdict(slot),
  };
  const before = slot.status.conditions ?? {};
  const wanted = Object.entries(verdicts).map(([type, verdict]) => ({
    type,
    ...verdict,
    lastTransitionTime,
  }));
  const accounts = accountsChange(slot, lastTransitionTime);
  if (!wanted.some((next) => isNews(before[next.type], next, slot, now))) return accounts;
  const after = wanted.reduce(withCondition, before);
  const changed = wanted.flatMap(({ type }) => {
    const next = after[type];
    return next === undefined || next === before[type] ? [] : [[type, next] as const];
  });
  return { ...Object.fromEntries(changed), ...accounts };
};
