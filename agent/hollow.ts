/** Hollow agents: the real protocol, nothing behind it; thousands in one process, for scale. */
import type { DeployOrder } from '../api-types/deploy-order.js';
import type { AgentConfig } from '../api-types/agent-protocol.js';
import { type Millis, millis, seconds } from '../api-types/units.js';
import type { Chance } from '../runtime/chance.js';
import type { Clock } from '../runtime/clock.js';
import type { Log } from '../runtime/log.js';
import { type Agent, runAgent } from './agent.js';
import type { Executor, ExecutorResult } from './executor.js';
import { openMemoryJournal } from './journal.js';
import type { Measure } from './measure.js';
import { openFleetingMemory } from './memory.js';
import { openMemorySnapshots } from './snapshots.js';

export interface HollowTimes {
  readonly setup: Millis;
  readonly configure: Millis;
}

/** The times of the benchmarks. */
export const HOLLOW_TIMES: HollowTimes = { setup: seconds(3), configure: seconds(1) };

const NOTHING_CHANGED = { changed: [], failure: null };

/** As if the release ran. */
const inForce = ({ step, application, release }: DeployOrder): Pick<ExecutorResult, 'releases'> =>
  step !== 'activate' || release === undefined
    ? {}
    : { releases: { [application]: { release: release.number, revision: release.revision } } };

/** Waits as long as the work would take, and changes nothing. */
export const hollowExecutor = (clock: Clock, times: HollowTimes = HOLLOW_TIMES): Executor => ({
  needsSnapshot: false,
  run: async ({ event, deployment, signal }) => {
    const takes = { setup: times.setup, configure: times.configure };
    await clock.sleep(event === 'setup' || event === 'configure' ? takes[event] : millis(0), signal);
    return deployment === undefined ? NOTHING_CHANGED : { ...NOTHING_CHANGED, ...inForce(deployment) };
  },
});

const GIB = 1024 ** 3;

/** What a hollow host has to report: the same each time, and no system call. */
const measureNothing: Measure = () =>
  Promise.resolve({
    load1: 0.1,
    memoryUsedBytes: GIB,
    memoryTotalBytes: 4 * GIB,
    diskUsedBytes: GIB,
    diskTotalBytes: 8 * GIB,
  });

export interface HollowDependencies {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  readonly version: string;
  readonly times?: HollowTimes;
}

export interface HollowHost {
  readonly machine: string;
  readonly config: AgentConfig;
  /** Told to the gateway as the host's address; it need not exist. */
  readonly address: string;
}

/** Boots hollow agents that share what they can: executor, measurements and snapshots. */
export const bootHollow = (dependencies: HollowDependencies): ((host: HollowHost) => Agent) => {
  const hollow = hollowExecutor(dependencies.clock, dependencies.times);
  const snapshots = openMemorySnapshots();
  return (host) =>
    runAgent({
      ...dependencies,
      ...host,
      executor: () => hollow,
      measure: measureNothing,
      localAddress: null,
      hostLog: null,
      state: { memory: openFleetingMemory(host.machine), journal: openMemoryJournal(), snapshots },
    });
};
