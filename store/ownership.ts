/** Who owns a cluster: the one control plane whose controllers may act for it. */
import type { Observable } from 'rxjs';
import type { Fence } from './objects/objects.js';

/** Owns what is cluster-wide (Clouds, the keeper of records, compaction). */
export const GLOBAL = '_global';

export interface Ownership {
  /** The fence of a cluster (or `GLOBAL`) this process owns now; null when another does, or nobody yet. */
  of(cluster: string): Fence | null;
  /** Clusters whose ownership this process has just gained or lost. */
  readonly changes$: Observable<string>;
}
