/** A host driver as a running program: the hypervisor of a cloud that has none. */
import * as E from 'fp-ts/lib/Either.js';
import { mkdir, realpath } from 'node:fs/promises';
import { Subject } from 'rxjs';
import { seconds, type Millis } from '../../api-types/units.js';
import type { Cloud } from '../../cloud/cloud.js';
import type { Chance } from '../../runtime/chance.js';
import type { Clock, Timer } from '../../runtime/clock.js';
import { transient } from '../../runtime/failure.js';
import type { Log } from '../../runtime/log.js';
import { startLoop } from '../../runtime/loop.js';
import type { AdminClient } from '../admin-client.js';
import { lockDirectory } from '../../runtime/directory-lock.js';
import type { HostDriver } from './driver.js';
import type { HostEntry } from './host-file.js';
import { hollowDriver, type BootHollow } from './hollow-driver.js';
import { hostKeeper, type KeeperDependencies } from './keeper.js';
import { namespaceDriver, type NamespaceOptions } from './namespace/driver.js';
import { processDriver, type AgentCommand } from './process-driver.js';
import { noRecords, recordsOnDisk } from './records.js';
import { fromFeed, fromListings, type Around } from './sightings.js';

export type DriverChoice =
  | { readonly kind: 'process'; readonly agent: AgentCommand }
  | { readonly kind: 'hollow'; readonly boot: BootHollow }
  | ({ readonly kind: 'namespace' } & NamespaceOptions);

export interface HostsOptions {
  readonly driver: DriverChoice;
  readonly cloud: Cloud;
  /** The local cloud's admin door: its feed is followed, and deaths are told as the machine's own. */
  readonly admin?: AdminClient;
  /** Holds a directory for each machine; made when it is not there. */
  readonly directory: string;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  /** Between listings where there is no feed; 1 s unless told. */
  readonly pollEvery?: Millis;
}

export interface RunningHosts {
  list(): readonly HostEntry[];
  /** `stopMachines`: end the agents, too, without reporting them dead; at the next start they boot again. */
  close(how: { readonly stopMachines: boolean }): Promise<void>;
}

const AT_ONCE = 32;
const TIDY_EVERY = seconds(30);

const openDriver = async (choice: DriverChoice, directory: string, clock: Clock): Promise<HostDriver> => {
  switch (choice.kind) {
    case 'hollow':
      return hollowDriver(choice.boot);
    case 'process':
      return processDriver(directory, choice.agent, clock);
    case 'namespace':
      return namespaceDriver(directory, choice, clock);
  }
};

const reporter = ({ cloud, admin }: HostsOptions): KeeperDependencies['report'] =>
  admin === undefined
    ? (machine) => async () => {
        const outcome = await cloud.terminate([machine])();
        if (E.isLeft(outcome)) return outcome;
        const [failed] = outcome.right.failed;
        return failed === undefined ? E.right(undefined) : E.left(failed.failure);
      }
    : (machine) => async () => {
        try {
          await admin.kill(machine);
          return E.right(undefined);
        } catch (cause) {
          return E.left(transient('CloudUnavailable', `${machine} could not be reported dead`, { cause }));
        }
      };

const every = (clock: Clock, interval: Millis, work: () => void): Timer => {
  let timer: Timer;
  const round = (): void => {
    work();
    timer = clock.after(interval, round);
  };
  timer = clock.after(interval, round);
  return {
    cancel: () => {
      timer.cancel();
    },
  };
};

/** Starts a driver on its directory, where it left off. Throws an Error that says what to do. */
export const startHosts = async (options: HostsOptions): Promise<RunningHosts> => {
  const { cloud, admin, clock, chance, log } = options;
  await mkdir(options.directory, { recursive: true, mode: 0o755 });
  const directory = await realpath(options.directory);
  const lock = await lockDirectory(directory, { purpose: 'hosts', clock });
  const driver = await openDriver(options.driver, directory, clock).catch(async (error: unknown) => {
    await lock.release();
    throw error;
  });
  const wake = new Subject<string>();
  const keeper = hostKeeper({
    driver,
    records: driver.outlives ? recordsOnDisk(directory) : noRecords,
    directory,
    log,
    userData: (machine) => cloud.userData(machine),
    report: reporter(options),
    wake: (machine) => {
      wake.next(machine);
    },
  });
  const loop = startLoop({
    controller: {
      name: 'hosts',
      wake$: wake.asObservable(),
      concurrency: AT_ONCE,
      reconcile: (machine) => keeper.reconcile(machine),
    },
    clock,
    chance,
    log,
  });
  const around: Around = { clock, log, known: () => keeper.known() };
  const sightings$ =
    admin === undefined
      ? fromListings(cloud, options.pollEvery ?? seconds(1), around)
      : fromFeed(admin, around);
  const subscription = sightings$.subscribe((sightings) => {
    keeper.saw(sightings);
  });
  const tidying = every(clock, TIDY_EVERY, () => {
    keeper.tidy();
  });
  return {
    list: () => keeper.list(),
    close: async ({ stopMachines }) => {
      subscription.unsubscribe();
      tidying.cancel();
      const stopped = stopMachines || !driver.outlives ? keeper.stopAll() : Promise.resolve();
      await loop.drain();
      await stopped;
      keeper.leave();
      await lock.release();
    },
  };
};
