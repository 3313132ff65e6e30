/** The breaker: when many go silent together, it is our view that is broken. Pure. */

export interface Watched {
  readonly zone: string;
  readonly silent: boolean;
}

/** Fewer than this many silent hosts are no mass failure, whatever share they are. */
const AT_LEAST = 3;

export interface Open {
  /** Null: the whole cluster. */
  readonly zone: string | null;
  readonly silent: number;
  readonly total: number;
}

const judged = (hosts: readonly Watched[], zone: string | null, percent: number): Open | null => {
  const of = hosts.filter((host) => zone === null || host.zone === zone);
  const silent = of.filter((host) => host.silent).length;
  const tooMany = silent >= AT_LEAST && silent * 100 > percent * of.length;
  return tooMany ? { zone, silent, total: of.length } : null;
};

/** Which breakers are open: the cluster's, then those of its zones. */
export const openBreakers = (hosts: readonly Watched[], percent: number): readonly Open[] => {
  const zones = [...new Set(hosts.map(({ zone }) => zone))].sort();
  return [null, ...zones].flatMap((zone) => judged(hosts, zone, percent) ?? []);
};

/** For people: what is silent and what follows. */
export const breakerText = (open: readonly Open[], percent: number): string => {
  const parts = open.map(({ zone, silent, total }) => {
    const where = zone === null ? 'the cluster' : `zone ${zone}`;
    return `${String(silent)} of ${String(total)} hosts of ${where} are silent together`;
  });
  return `${parts.join('; ')} (limit ${String(percent)} %): nothing is healed there until fewer are`;
};
