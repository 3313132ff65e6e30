/** The port through which an agent does what an event asks for. */
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
  readonly signal: AbortSignal;
}

/** What an executor is given of what only the agent can fetch: over its credential, from whichever gateway answers. */
export interface ExecutorSources {
  readonly secrets: SecretSource;
  readonly packs: PackSource;
  /** Code of applications. */
  readonly artifacts: PackSource;
  /** Of a pack that this host makes for all. */
  readonly upload: Upload;
}

export interface Executor {
  /** False: it never looks at the snapshot, so none need be fetched. */
  readonly needsSnapshot: boolean;
  /** Runs to its end or until the signal aborts; must be safe to run again after any crash. */
  run(work: Work): Promise<ExecutorResult>;
}
