/** Starts the controllers of a process and drains them when it stops. */
import { seconds, type Millis } from '../api-types/units.js';
import type { Chance } from './chance.js';
import type { Clock } from './clock.js';
import type { Controller } from './controller.js';
import type { Log } from './log.js';
import { startLoop, type Loop, type LoopMetrics } from './loop.js';

export interface ManagerArguments {
  readonly controllers: readonly Controller[];
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  /** How long `stop` waits for runs under way; 20 s unless told. */
  readonly drainLimit?: Millis;
}

export interface Manager {
  /** Queue depth, oldest age and runs by outcome of each controller. */
  metrics(): readonly LoopMetrics[];
  /** Takes no new keys; resolves with the names of controllers whose runs did not end within the limit. */
  stop(): Promise<readonly string[]>;
}

const drainAll = async (loops: readonly Loop[], limit: Promise<void>): Promise<readonly string[]> => {
  const drained = await Promise.all(
    loops.map((loop) =>
      Promise.race([loop.drain().then(() => null), limit.then(() => loop.metrics().controller)]),
    ),
  );
  return drained.filter((name) => name !== null);
};

/** Starts a loop for each controller. */
export const startManager = (args: ManagerArguments): Manager => {
  const { controllers, clock, chance, log, drainLimit = seconds(20) } = args;
  const loops = controllers.map((controller) => startLoop({ controller, clock, chance, log }));
  return {
    metrics: () => loops.map((loop) => loop.metrics()),
    stop: async () => {
      const abort = new AbortController();
      const stuck = await drainAll(loops, clock.sleep(drainLimit, abort.signal));
      abort.abort();
      if (stuck.length > 0) log.warn('controllers did not finish in time', { controllers: stuck });
      return stuck;
    },
  };
};
