/** The port through which an agent does what an event asks for. */
import type { Lifecycle } from '../api-types/kinds/lifecycle-event.js';
import type { Snapshot } from '../api-types/snapshot.js';

export interface ExecutorResult {
  /** Resources that were changed, by their id. */
  readonly changed: readonly string[];
  /** For people; null: it succeeded. */
  readonly failure: string | null;
  /** For people: what was left undone without failing the event. */
  readonly warning?: string;
}

export interface Executor {
  /** False: it never looks at the snapshot, so none need be fetched. */
  readonly needsSnapshot: boolean;
  /** Runs to its end or until `signal` aborts; must be safe to run again after any crash. */
  run(event: Lifecycle, snapshot: Snapshot, instance: string, signal: AbortSignal): Promise<ExecutorResult>;
}
