/** When a listing is not believed: most of a cluster gone at once says more of the listing than of the machines. */
import type { Millis } from '../../api-types/units.js';
import type { Machines } from '../../cloud/cloud.js';
import type { Live } from '../../store/objects/objects.js';
import { isAlive } from './batches.js';

export interface Blindness {
  /** Absence comes from complete sweeps only, so it is judged once a sweep. */
  of(cluster: string, instances: readonly Live<'Instance'>[], machines: Machines | null): boolean;
}

/** Absent machines of a cluster, beyond which the listing is doubted: more than two and more than half. */
const isBlind = (absent: number, bound: number): boolean => absent > 2 && absent * 2 > bound;

const judged = (instances: readonly Live<'Instance'>[], machines: Machines): boolean => {
  const ids = instances.flatMap(({ status }) => status.machine?.id ?? []);
  const absent = ids.filter((id) => {
    if (!machines.gone(id)) return false;
    const machine = machines.get(id);
    return machine === null || isAlive(machine);
  });
  return isBlind(absent.length, ids.length);
};

/** Remembers the last judgement of each cluster. */
export const createBlindness = (): Blindness => {
  const last = new Map<string, { readonly sweep: Millis | null; readonly blind: boolean }>();
  return {
    of: (cluster, instances, machines) => {
      if (machines === null) return false;
      const sweep = machines.lastFullSweep();
      const known = last.get(cluster);
      if (known !== undefined && known.sweep === sweep) return known.blind;
      const blind = judged(instances, machines);
      last.set(cluster, { sweep, blind });
      return blind;
    },
  };
};
