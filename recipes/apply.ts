/** Applies resources in order; stops at the first failure. */
import { Converge } from './converge.js';
import type { Platform } from './platform.js';
import type { Resource } from './resource.js';
import type { Secrets, SecretSource } from './secrets.js';

/** The part of a Log that a run speaks to. */
export interface ResourceLog {
  info(message: string, keys?: Readonly<Record<string, unknown>>): void;
  warn(message: string, keys?: Readonly<Record<string, unknown>>): void;
}

export interface ApplyOptions {
  /** The host's file system: `/`, or the folder that stands for it. */
  readonly root: string;
  /** Its name in the cluster, by whose number it takes its turn; the machine's own unless told. */
  readonly instance?: string;
  /** Ends the run; a command that is running is killed with all that it has started. */
  readonly signal: AbortSignal;
  readonly log: ResourceLog;
  readonly platform: Platform;
  /** Nothing is touched: the answer says what would change. */
  readonly dryRun?: boolean;
  /** After which a service that was started counts as one that runs; 500 unless told. */
  readonly settleMillis?: number;
  /** Asked only while resources are applied, and only for those that they name. */
  readonly secrets: SecretSource;
  /** Of the work that this is a part of: what it has resolved is masked here, too. */
  readonly resolved?: Secrets;
}

export interface Applied {
  /** Ids of the resources that were not as they should be, in order. */
  readonly changed: readonly string[];
  /** For people: the resource, where the recipe names it, and for a command its exit code and last output. Null: all is as it should be. */
  readonly failure: string | null;
  /** For people: what was left undone although the run goes on, as an account whose name is taken. */
  readonly warning?: string;
  /** For people: what this host is not made for, as packages of a host that is a folder. */
  readonly notes?: readonly string[];
  /** Of a dry run: what would change, 64 KiB at most, secrets masked. */
  readonly diffs?: readonly ResourceDiff[];
  /** The host wants to be started anew. */
  readonly reboot?: boolean;
}

/** What a dry run found to differ. */
export interface ResourceDiff {
  /** Its id. */
  readonly resource: string;
  /** For people; of a text a unified diff. */
  readonly diff: string;
}

/**
 * Brings the host to what the resources say; gives what was changed and the first failure. Services are restarted and
 * reloaded once, at the end, also after a failure: they would run with what was changed before it anyway, some day.
 */
export const applyResources = (resources: readonly Resource[], options: ApplyOptions): Promise<Applied> =>
  new Converge(resources, options).run();
