/** The port to what starts and stops services on a host: systemd, or our supervisor where there is no systemd. */

export interface ServiceState {
  /** There is a unit of this name. */
  readonly loaded: boolean;
  readonly running: boolean;
  /** It starts with the host. A unit that cannot be enabled, as it is started by others, counts as enabled. */
  readonly enabled: boolean;
  /** For people, of one that does not run: why it ended, what it said last. */
  readonly result?: string;
}

/**
 * Names are of units, without `.service`. Every method is idempotent, resolves when it is done, and rejects with what
 * the manager said; where no manager answers, each says so.
 */
export interface ServiceManager {
  state(name: string): Promise<ServiceState>;
  /** Resolves when the manager takes it for started; it may die right after, which `state` tells. */
  start(name: string): Promise<void>;
  stop(name: string): Promise<void>;
  /** Starts it when it does not run. */
  restart(name: string): Promise<void>;
  /** Rejects for one that does not run or cannot reload. */
  reload(name: string): Promise<void>;
  enable(name: string): Promise<void>;
  disable(name: string): Promise<void>;
  /** After a unit file was written, changed or removed. */
  readUnits(): Promise<void>;
}
