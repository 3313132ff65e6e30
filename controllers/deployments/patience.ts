/**
 * How long this control plane has waited itself: on its own clock, from when it first saw what is waited for. While none
 * owned the cluster nobody could be told, confirm or answer, so that time is held against no host.
 */
import { isEnded, type DeploymentHost, type HostStage } from '../../api-types/kinds/deployment.js';
import { seconds } from '../../api-types/units.js';
import type { Clock } from '../../runtime/clock.js';
import type { Live } from '../../store/objects/objects.js';
import type { Seen } from './observe.js';
import { teardownEvent } from './teardown.js';

/** After a control plane begins agents come back, and load balancers are told anew. */
export const COME_BACK = seconds(60);

/** Stages in which something is waited for. */
const WAITS: readonly HostStage[] = [
  'preparing',
  'migrating',
  'leaving',
  'activating',
  'joining',
  'finishing',
  'reverting',
];

/** What a host waits for: another stage is another wait, and so is another order. */
export const waitOf = (uid: string, { machine, since }: DeploymentHost): string =>
  `${uid} ${machine} ${since}`;

const waitsOf = ({ uid, status }: Live<'Deployment'>): readonly string[] =>
  Object.values(isEnded(status) ? {} : (status.hosts ?? {})).flatMap((host) =>
    WAITS.includes(host.stage) ? [waitOf(uid, host)] : [],
  );

const allWaits = ({ deployments, application }: Seen): readonly string[] => {
  const last = application?.deletion == null ? [] : [teardownEvent(application)];
  return [...deployments.flatMap(waitsOf), ...last];
};

interface Look {
  readonly fence: string;
  /** Milliseconds of the monotonic clock from which on each wait counts. */
  readonly from: ReadonlyMap<string, number>;
}

/** Milliseconds that something is waited for; less than 0: agents are given time first. */
export type WaitedFor = (wait: string) => number;

export class Patience {
  /** By key of the controller. */
  private readonly looks = new Map<string, Look>();

  constructor(private readonly clock: Clock) {}

  /** Before each plan. What another control plane, or this one before it lost the cluster, had begun counts anew. */
  look(key: string, fence: string, seen: Seen): WaitedFor {
    const now = this.clock.monotonic();
    const last = this.looks.get(key);
    const known = last?.fence === fence ? last.from : null;
    const fresh = known === null ? now + COME_BACK : now;
    const from = new Map(allWaits(seen).map((wait) => [wait, known?.get(wait) ?? fresh]));
    this.looks.set(key, { fence, from });
    return (wait) => now - (from.get(wait) ?? now);
  }

  forget(key: string): void {
    this.looks.delete(key);
  }
}
