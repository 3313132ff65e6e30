/** The port to what starts and stops services on a host: systemd, or our supervisor where there is no systemd. */

export interface ServiceState {
  /** There is a unit of this name. */
  readonly loaded: boolean;
  readonly running: boolean;
  /** It starts with the host. A unit that cannot be enabled, as it is started by others, counts as enabled. */
  readonly enabled: boolean;
  /** How often the manager has started it anew by itself since somebody told it to; left out where nobody counts. */
  readonly restarts?: number;
  /** For people, of one that does not run: why it ended, what it said last. */
  readonly result?: string;
}

/**
 * Names are of units, without `.service`. Every method is idempotent, resolves when it is done, and rejects with what
 * the manager said; where no manager answers, each says so. The signal ends the waiting, not what the manager is at.
 */
export interface ServiceManager {
  state(name: string): Promise<ServiceState>;
  /** Resolves when the manager takes it for started; it may die right after, which `state` tells. */
  start(name: string, signal?: AbortSignal): Promise<void>;
  stop(name: string, signal?: AbortSignal): Promise<void>;
  /** Starts it when it does not run. */
  restart(name: string, signal?: AbortSignal): Promise<void>;
  /** Rejects for one that does not run or cannot reload. */
  reload(name: string, signal?: AbortSignal): Promise<void>;
  enable(name: string): Promise<void>;
  disable(name: string): Promise<void>;
  /** After a unit file was written, changed or removed. */
  readUnits(): Promise<void>;
}
