/**
 * How far apart the runs of a cluster are: a run looks at all slots of its role, and a cluster has many roles. Where that
 * takes long, because the cluster is large or the machine busy, others get four parts of the time in five all the same.
 */
import type { Millis } from '../../api-types/units.js';

export interface Pace {
  /** A run for the key (`<cluster>` or `<cluster>/<role>`) was at work for so long. */
  spent(key: string, millis: number): void;
  /** Between the beginnings of two runs for one key, at least. */
  apart(cluster: string): Millis;
}

const SHARE = 4;

const clusterOf = (key: string): string => key.split('/')[0] ?? '';

/** No run was seen yet. */
export const createPace = (): Pace => {
  const last = new Map<string, number>();
  const sums = new Map<string, number>();
  return {
    spent: (key, millis) => {
      const cluster = clusterOf(key);
      sums.set(cluster, Math.max(0, (sums.get(cluster) ?? 0) - (last.get(key) ?? 0) + millis));
      last.set(key, millis);
    },
    apart: (cluster) => (SHARE * (sums.get(cluster) ?? 0)) as Millis,
  };
};
