/**
 * One host's last report, and how two replicas' views of it become one. The order is total: greater session, then
 * greater sequence, then greater content hash. So joining is commutative, associative and idempotent, and reports may
 * come late, twice, out of order or through any gateway.
 */
import { createHash } from 'node:crypto';

/** What a report says of its host. */
export interface Measurements {
  readonly load1: number;
  readonly memoryUsedBytes: number;
  readonly memoryTotalBytes: number;
  readonly diskUsedBytes: number;
  readonly diskTotalBytes: number;
}

export interface Entry extends Measurements {
  readonly machine: string;
  /** Issued by the gateway for each connection; grows. */
  readonly session: number;
  /** 0 for the connection itself, then the agent's; the disconnection is one more than the last. */
  readonly sequence: number;
  readonly connected: boolean;
  /** Which gateway holds (held) the connection. */
  readonly gateway: string;
  /**
   * When it was heard, on this process's monotonic clock. No part of the order: of one report the earliest is kept,
   * since the way through peers only ever makes a report look younger than it is.
   */
  readonly heardAt: number;
}

const contentHash = (entry: Entry): string => {
  const content = Object.entries(entry).filter(([key]) => key !== 'heardAt');
  content.sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
};

/** Negative when `a` is older than `b`; 0 only for the same report. */
export const compareEntries = (a: Entry, b: Entry): number => {
  if (a.session !== b.session) return a.session - b.session;
  if (a.sequence !== b.sequence) return a.sequence - b.sequence;
  const [hashA, hashB] = [contentHash(a), contentHash(b)];
  if (hashA === hashB) return 0;
  return hashA < hashB ? -1 : 1;
};

/** The least upper bound of two views of one machine. Gives back `a` itself when `b` adds nothing. */
export const joinEntries = (a: Entry, b: Entry): Entry => {
  const order = compareEntries(a, b);
  if (order !== 0) return order > 0 ? a : b;
  return a.heardAt <= b.heardAt ? a : b;
};

/** The least upper bound of two whole views. */
export const joinViews = (
  a: ReadonlyMap<string, Entry>,
  b: ReadonlyMap<string, Entry>,
): ReadonlyMap<string, Entry> => {
  const joined = new Map(a);
  for (const [machine, entry] of b) {
    const held = joined.get(machine);
    joined.set(machine, held === undefined ? entry : joinEntries(held, entry));
  }
  return joined;
};
