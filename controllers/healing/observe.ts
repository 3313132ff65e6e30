/** Reads the signs: heartbeats as observed, machines as the cloud describes them, status checks of silent ones. */
import * as E from 'fp-ts/lib/Either.js';
import type { BoundMachine, MachineState } from '../../api-types/kinds/instance.js';
import { isRestarting, restartCalledAt } from '../../api-types/kinds/restart.js';
import type { MachineStatus, Machines, OpenCloud } from '../../cloud/cloud.js';
import { parseTimestamp } from '../../runtime/clock.js';
import type { Hosts } from '../../runtime/hosts.js';
import type { Live } from '../../store/objects/objects.js';
import { healingOf } from './plan.js';
import type { CloudSign, HostSigns } from './signs.js';

const HEARTBEAT_MS = 10_000;

const SIGNS: Readonly<Record<MachineState, CloudSign>> = {
  pending: 'running',
  running: 'running',
  stopping: 'stopped',
  stopped: 'stopped',
  'shutting-down': 'gone',
  terminated: 'gone',
};

/**
 * What the endpoint says of a machine. Not knowing (no view, not listed yet) is `unknown`; so is a machine that is
 * missing from the listing while its agent talks to us: one of the two is wrong, and it may be the listing.
 */
const cloudSign = (machines: Machines | null, id: string, talks: boolean): CloudSign => {
  if (machines === null) return 'unknown';
  const state = machines.get(id)?.state;
  if (state !== undefined && SIGNS[state] === 'gone') return 'gone';
  if (machines.gone(id)) return talks ? 'unknown' : 'gone';
  return state === undefined ? 'unknown' : SIGNS[state];
};

export interface Listening {
  readonly hosts: Hosts;
  /** Milliseconds for which heartbeats were listened to without a break while this process owned the cluster. */
  readonly listenedFor: number;
}

/**
 * A machine that was never heard since listening began counts from then. Nothing is said of silence before a full
 * round of heartbeats beyond the limit: until then they may all be on their way.
 */
const silenceOf = (
  { hosts, listenedFor }: Listening,
  machine: string,
  silentSeconds: number,
): number | null => {
  const heard = hosts.get(machine);
  const silentFor = Math.min(heard?.silentFor ?? listenedFor, listenedFor);
  if (silentFor < silentSeconds * 1000) return heard === null ? null : silentFor;
  return listenedFor < silentSeconds * 1000 + HEARTBEAT_MS ? null : silentFor;
};

/** A machine that was started again owes a heartbeat only since then. */
const sinceStart = (silentFor: number | null, { runningAt }: BoundMachine, now: number): number | null => {
  const runs = now - parseTimestamp(runningAt ?? '');
  return silentFor !== null && runs < silentFor ? Math.max(0, runs) : silentFor;
};

/** A reboot that was asked for, called no earlier than `since`. */
const inTime = ({ status }: Live<'Instance'>, { id }: BoundMachine, since: number): boolean =>
  isRestarting(status, id) && parseTimestamp(restartCalledAt(status, id)) > since;

export interface Sight extends Listening {
  /** Wall clock, milliseconds. */
  readonly now: number;
  readonly open: OpenCloud | null;
  readonly roles: ReadonlyMap<string, Live<'Role'>>;
}

const ofMachine = (
  id: string,
  silentSeconds: number,
  sight: Sight,
): Pick<HostSigns, 'silentFor' | 'cloud'> => {
  const heard = sight.hosts.get(id);
  const talks = heard?.connected === true && heard.silentFor < silentSeconds * 1000;
  return {
    silentFor: silenceOf(sight, id, silentSeconds),
    cloud: cloudSign(sight.open?.machines ?? null, id, talks),
  };
};

/** Signs without status checks. */
export const signsOf = (instance: Live<'Instance'>, sight: Sight): HostSigns => {
  const machine = instance.status.machine ?? null;
  const base = { instance, machine, impaired: false, restarting: false };
  if (machine === null) return { ...base, enrolled: false, silentFor: null, cloud: 'unknown' };
  const { silentSeconds, bootTimeoutSeconds } = healingOf(sight.roles.get(instance.spec.role) ?? null);
  const enrolled = instance.status.agent?.machine === machine.id;
  const seen = ofMachine(machine.id, silentSeconds, sight);
  const restarting = inTime(instance, machine, sight.now - bootTimeoutSeconds * 1000);
  return {
    ...base,
    enrolled,
    ...seen,
    restarting,
    silentFor: sinceStart(seen.silentFor, machine, sight.now),
  };
};

const isImpaired = ({ system, instance }: MachineStatus): boolean =>
  system === 'impaired' || instance === 'impaired';

/** Of these machines, those whose checks fail; none when the endpoint does not answer: unknown is not failed. */
export const impairedOf = async (
  open: OpenCloud | null,
  ids: readonly string[],
): Promise<ReadonlySet<string>> => {
  if (open === null || ids.length === 0) return new Set();
  const statuses = await open.cloud.statuses(ids)();
  if (E.isLeft(statuses)) return new Set();
  return new Set(statuses.right.filter(isImpaired).map(({ id }) => id));
};
