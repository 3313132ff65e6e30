/** The port through which an agent does what an event asks for. */
import type { DeployOrder } from '../api-types/deploy-order.js';
import type { EventResult } from '../api-types/kinds/lifecycle-event.js';
import type { Lifecycle } from '../api-types/lifecycle.js';
import type { Snapshot } from '../api-types/snapshot.js';
import type { PackSource } from '../recipes/custom.js';
import type { SecretSource } from '../recipes/secrets.js';
import type { Upload } from './uploads.js';

export interface ExecutorResult extends Pick<
  EventResult,
  'warning' | 'notes' | 'diffs' | 'reboot' | 'releases' | 'stage' | 'pack'
> {
  /** Resources that were changed, by their id. */
  readonly changed: readonly string[];
  /** For people; null: it succeeded. */
  readonly failure: string | null;
}

/** One event on one host. */
export interface Work {
  readonly event: Lifecycle;
  readonly snapshot: Snapshot;
  readonly instance: string;
  /** Nothing is touched; the answer says what would change. */
  readonly dryRun: boolean;
  /** Only these recipes of the cookbooks; otherwise all that the host's roles have for the event. */
  readonly recipes?: readonly string[];
  /** What is to be done with one application, and nothing else. */
  readonly deployment?: DeployOrder;
  /** 1; more where it runs again. */
  readonly attempt: number;
  /** An earlier run of it was cut off: nobody knows how far it came. */
  readonly interrupted: boolean;
  /** Ends the work: it takes too long, or the agent ends. */
  readonly signal: AbortSignal;
  /** The agent ends: what the work is at is left as it is. */
  readonly stopping: AbortSignal;
}

/** What an executor is given of what only the agent can fetch: over its credential, from whichever gateway answers. */
export interface ExecutorSources {
  readonly secrets: SecretSource;
  readonly packs: PackSource;
  /** Code of applications. */
  readonly artifacts: PackSource;
  /** Of a pack that this host makes for all. */
  readonly upload: Upload;
  /** Milliseconds since some moment. */
  readonly monotonic: () => number;
}

export interface Executor {
  /** False: it never looks at the snapshot, so none need be fetched. */
  readonly needsSnapshot: boolean;
  /** Runs to its end or until the signal aborts; must be safe to run again after any crash. */
  run(work: Work): Promise<ExecutorResult>;
}
