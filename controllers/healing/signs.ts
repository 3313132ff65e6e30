/** What is known of one host's health, as data, and what each sign means. Pure. */
import type { BoundMachine } from '../../api-types/kinds/instance.js';
import type { Live } from '../../store/objects/objects.js';

/** What the endpoint says: `gone` only when it says so; anything not known is `unknown`, and never bad. */
export type CloudSign = 'gone' | 'running' | 'stopped' | 'unknown';

export interface HostSigns {
  readonly instance: Live<'Instance'>;
  readonly machine: BoundMachine | null;
  /** The agent of this very machine has connected once. */
  readonly enrolled: boolean;
  /** Milliseconds since the last heartbeat; null while nothing can be said (start-up grace). */
  readonly silentFor: number | null;
  readonly cloud: CloudSign;
  /** A status check of the endpoint failed; false also when it was not asked or did not answer. */
  readonly impaired: boolean;
  /** A person had it rebooted, and it still has time to come back. */
  readonly restarting: boolean;
}

/** What healing makes of a host. `passing`: nothing to be said now, a condition stays as it is. */
export type Finding =
  'noMachine' | 'booting' | 'stopped' | 'passing' | 'heard' | 'silent' | 'failed' | 'gone';

const judgedBySilence = ({ silentFor, cloud, impaired }: HostSigns, silentMillis: number): Finding => {
  if (silentFor === null) return 'passing';
  if (silentFor < silentMillis) return 'heard';
  return cloud === 'stopped' || impaired ? 'failed' : 'silent';
};

/** Stopped by us and not running again yet, though it may be wanted to by now. */
const wasStopped = ({ instance, machine }: HostSigns): boolean => {
  const { stop } = instance.status;
  return stop?.calledAt !== undefined && stop.machine === machine?.id && machine.state !== 'running';
};

/** Gone needs no second signal; silence alone is no failure. */
export const findingOf = (signs: HostSigns, silentMillis: number): Finding => {
  if (signs.machine === null) return 'noMachine';
  if (signs.cloud === 'gone') return 'gone';
  if (signs.instance.spec.desired === 'Stopped') return 'stopped';
  if (signs.restarting) return 'booting';
  if (!signs.enrolled || signs.machine.state === 'pending' || wasStopped(signs)) return 'booting';
  return judgedBySilence(signs, silentMillis);
};
