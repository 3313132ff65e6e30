/**
 * How far apart runs of a controller are, by how long they were at work. Where that is long, because there is much to look
 * at or the machine is busy, others get four parts of the time in five all the same.
 */
import type { Millis } from '../api-types/units.js';

/** Keys are `<group>` or `<group>/<part>`: those of a group share the time. */
export interface Pace {
  /** The last run for the key was at work for so long. */
  spent(key: string, millis: number): void;
  /** What it is about is gone: its last run is counted no longer. */
  forget(key: string): void;
  /** Between the beginnings of two runs for one key of the group, at least. */
  apart(group: string): Millis;
}

const SHARE = 4;

const groupOf = (key: string): string => key.split('/')[0] ?? '';

/** No run was seen yet. */
export const createPace = (): Pace => {
  const groups = new Map<string, Map<string, number>>();
  return {
    spent: (key, millis) => {
      const runs = groups.get(groupOf(key)) ?? new Map<string, number>();
      groups.set(groupOf(key), runs);
      runs.set(key, millis);
    },
    forget: (key) => {
      const runs = groups.get(groupOf(key));
      runs?.delete(key);
      if (runs?.size === 0) groups.delete(groupOf(key));
    },
    apart: (group) => {
      const runs = groups.get(group)?.values() ?? [];
      return (SHARE * [...runs].reduce((sum, millis) => sum + millis, 0)) as Millis;
    },
  };
};
