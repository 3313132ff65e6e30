/** What an endpoint says of its machines: by the local cloud's feed within milliseconds, elsewhere by describing. */
import * as E from 'fp-ts/lib/Either.js';
import { Observable, type Subscriber } from 'rxjs';
import type { MachineState } from '../../api-types/kinds/instance.js';
import { minutes, seconds, type Millis } from '../../api-types/units.js';
import { TAGS, type Cloud, type Machine } from '../../cloud/cloud.js';
import type { Clock } from '../../runtime/clock.js';
import type { Log } from '../../runtime/log.js';
import type { AdminClient } from '../admin-client.js';
import type { MachineView } from '../admin-protocol.js';

export interface Sighting {
  readonly id: string;
  /** `gone`: the endpoint positively does not know it any more. */
  readonly state: MachineState | 'gone';
  readonly privateAddress: string | null;
  /** The slot its tags name, or empty. */
  readonly instance: string;
  /** How often it was rebooted, where the endpoint tells. */
  readonly reboots: number;
  /** Undefined: to be asked for. */
  readonly userData: string | null | undefined;
}

export interface Around {
  readonly clock: Clock;
  readonly log: Log;
  /** Machines that have a host here: whose end must not be missed. */
  known(): readonly string[];
}

const POLL_WAIT_MILLIS = 25_000;
const RETRY = seconds(0.5);
/** How long a machine must be missing from full listings before the endpoint is asked for it by name. */
const MISSING = minutes(1);

const gone = (id: string): Sighting => ({
  id,
  state: 'gone',
  privateAddress: null,
  instance: '',
  reboots: 0,
  userData: null,
});

/** Runs `round` until unsubscribed; a round that throws is logged and tried again. */
const rounds = (
  { clock, log }: Around,
  round: (subscriber: Subscriber<readonly Sighting[]>, signal: AbortSignal) => Promise<void>,
): Observable<readonly Sighting[]> =>
  new Observable((subscriber) => {
    const stop = new AbortController();
    const stopped = (): boolean => stop.signal.aborted;
    const once = async (): Promise<void> => {
      try {
        await round(subscriber, stop.signal);
      } catch (error) {
        if (stopped()) return;
        log.warn('the endpoint did not say which machines there are', { cause: error });
        await clock.sleep(RETRY, stop.signal);
      }
    };
    const loop = async (): Promise<void> => {
      while (!stopped()) await once();
    };
    void loop();
    return () => {
      stop.abort();
    };
  });

const seenInFeed = (view: MachineView): Sighting => ({
  id: view.id,
  state: view.state,
  privateAddress: view.privateAddress,
  instance: view.tags[TAGS.slot] ?? '',
  reboots: view.reboots,
  userData: view.userData,
});

/** The local cloud's own feed. */
export const fromFeed = (admin: AdminClient, around: Around): Observable<readonly Sighting[]> => {
  let cursor = '';
  return rounds(around, async (subscriber, signal) => {
    const feed = await admin.changes(cursor, POLL_WAIT_MILLIS, signal);
    const listed = new Set(feed.machines.map(({ id }) => id));
    const missing = feed.reset ? around.known().filter((id) => !listed.has(id)) : feed.gone;
    subscriber.next([...feed.machines.map(seenInFeed), ...missing.map(gone)]);
    cursor = feed.cursor;
  });
};

const seenByDescribing = (machine: Machine): Sighting => ({
  id: machine.id,
  state: machine.state,
  privateAddress: machine.privateAddress,
  instance: machine.tags[TAGS.slot] ?? '',
  reboots: 0,
  userData: undefined,
});

/** Of the machines that full listings lack, those that the endpoint says it does not know. */
const reallyGone = async (cloud: Cloud, missing: readonly string[]): Promise<readonly string[]> => {
  if (missing.length === 0) return [];
  const described = await cloud.describeIds(missing)();
  return E.isRight(described) ? described.right.unknown : [];
};

/** Full listings of any EC2 endpoint. A machine that one lacks is not gone: it may be an answer cut short. */
export const fromListings = (
  cloud: Cloud,
  every: Millis,
  around: Around,
): Observable<readonly Sighting[]> => {
  const missingSince = new Map<string, number>();
  return rounds(around, async (subscriber, signal) => {
    const listing = await cloud.describeTagged({})();
    if (E.isLeft(listing)) throw new Error(`${listing.left.reason}: ${listing.left.message}`);
    const now = around.clock.monotonic();
    const listed = new Set(listing.right.map(({ id }) => id));
    for (const id of missingSince.keys()) if (listed.has(id)) missingSince.delete(id);
    for (const id of around.known()) if (!listed.has(id) && !missingSince.has(id)) missingSince.set(id, now);
    const overdue = [...missingSince].filter(([, since]) => now - since > MISSING).map(([id]) => id);
    const unknown = await reallyGone(cloud, overdue);
    for (const id of unknown) missingSince.delete(id);
    subscriber.next([...listing.right.map(seenByDescribing), ...unknown.map(gone)]);
    await around.clock.sleep(every, signal);
  });
};
