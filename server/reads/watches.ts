/** All watches of a server: one subscription and one timer for all of them, and how many one client may have. */
import { setImmediate as breath } from 'node:timers/promises';
import type { Status } from '../../api-types/status.js';
import { seconds } from '../../api-types/units.js';
import type { Clock, Timer } from '../../runtime/clock.js';
import { STRETCH } from '../../runtime/turns.js';
import type { Metric } from '../metrics.js';
import type { Ring } from '../ring.js';
import { tooManyRequests } from '../statuses.js';

/** Of one user, and from one address: a watch costs memory and a connection for as long as it lasts. */
const MOST = 2000;
const TICK = seconds(1);

/** What a server does with a watch. */
export interface OpenWatch {
  /** Sends what there is to send. */
  pump(): void;
  /** Once a second. */
  tick(): void;
  end(): void;
}

/** Whose watch it is. */
export interface Watching {
  readonly user: string;
  readonly address: string;
}

export interface Watches {
  /** 429 when this client has as many as it may. */
  refuses(of: Watching): Status | null;
  /** Serves a watch from now on; gives what to call when it has ended. */
  begin(of: Watching, watch: OpenWatch): () => void;
  metrics(): readonly Metric[];
  /** Ends all. */
  close(): void;
}

const counted = (counts: Map<string, number>, key: string, by: number): void => {
  const count = (counts.get(key) ?? 0) + by;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
};

/**
 * Serves them a stretch at a time; a change that comes meanwhile makes for another round. They take no turns with those
 * who have much to do: news go first, and only what is short goes in between.
 */
const rounds = (open: ReadonlySet<OpenWatch>, clock: Clock): (() => void) => {
  let running = false;
  let asked = 0;
  const round = async (): Promise<void> => {
    let begun = clock.monotonic();
    for (const watch of open) {
      watch.pump();
      if (clock.monotonic() - begun < STRETCH) continue;
      await breath();
      begun = clock.monotonic();
    }
  };
  const run = async (): Promise<void> => {
    running = true;
    for (let served = -1; served !== asked;) {
      served = asked;
      await round();
    }
    running = false;
  };
  return () => {
    asked += 1;
    if (!running) void run();
  };
};

/** No watches yet; `most` per user and per address. */
export const openWatches = (ring: Ring, clock: Clock, most = MOST): Watches => {
  const open = new Set<OpenWatch>();
  const users = new Map<string, number>();
  const addresses = new Map<string, number>();
  let refused = 0;
  const subscription = ring.more$.subscribe(rounds(open, clock));
  let timer: Timer;
  const tickLater = (): void => {
    timer = clock.after(TICK, () => {
      for (const watch of open) watch.tick();
      tickLater();
    });
  };
  tickLater();
  return {
    refuses: ({ user, address }) => {
      const held = Math.max(users.get(user) ?? 0, addresses.get(address) ?? 0);
      if (held < most) return null;
      refused += 1;
      return tooManyRequests(
        `user "${user}" at ${address} has ${String(held)} watches open, as many as one client may have: end some, or watch whole collections instead of single objects`,
        10,
      );
    },
    begin: ({ user, address }, watch) => {
      open.add(watch);
      counted(users, user, 1);
      counted(addresses, address, 1);
      return () => {
        if (!open.delete(watch)) return;
        counted(users, user, -1);
        counted(addresses, address, -1);
      };
    },
    metrics: () => [
      { name: 'scalarium_watches', value: open.size },
      { name: 'scalarium_watches_refused_total', value: refused },
    ],
    close: () => {
      timer.cancel();
      subscription.unsubscribe();
      for (const watch of open) watch.end();
    },
  };
};
