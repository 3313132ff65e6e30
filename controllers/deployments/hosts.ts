/** Small readings of a host's record. Pure. */
import { isCurrent, rolesOf } from '../../api-types/kinds/instance.js';
import { phaseOf } from '../../api-types/kinds/phase.js';
import type { Live } from '../../store/objects/objects.js';

type Instance = Live<'Instance'>;

/** The machine in its slot; empty: none. */
export const machineOf = ({ status }: Instance): string => status.machine?.id ?? '';

const isDoomed = ({ status }: Instance): boolean =>
  (status.doomed ?? []).some(({ machine }) => machine === status.machine?.id);

/** It can be told something, and is to serve. */
export const isOnline = (live: Instance): boolean =>
  phaseOf(live.status, live.deletion !== null) === 'online' && !isDoomed(live);

/** Its slot is being given up, or its machine is. */
export const isGoing = (live: Instance): boolean => live.deletion !== null || isDoomed(live);

/** By lifecycle's word about this very machine. */
export const isReady = (live: Instance): boolean =>
  isOnline(live) && live.status.conditions?.['Ready']?.status === 'True';

/** What setup brings to it is there: its first configure comes after that, so nothing of before overtakes an order. */
export const isSettled = ({ status }: Instance): boolean => {
  const { configure, machine } = status;
  return configure !== undefined && configure.machine === machine?.id && isCurrent(status, configure);
};

/** One of the host's roles is among them. */
export const hasRole = ({ spec }: Instance, roles: ReadonlySet<string>): boolean =>
  rolesOf(spec).some((role) => roles.has(role));

const parts = (name: string): readonly (string | number)[] =>
  name.split(/(\d+)/).map((part) => (/^\d+$/.test(part) ? Number(part) : part));

const compareParts = (one: string | number, other: string | number): number => {
  if (typeof one === 'number' && typeof other === 'number') return one - other;
  return String(one) < String(other) ? -1 : Number(String(one) !== String(other));
};

/** app-2 before app-10. */
export const naturally = (one: string, other: string): number => {
  const [left, right] = [parts(one), parts(other)];
  for (let at = 0; at < Math.min(left.length, right.length); at += 1) {
    const order = compareParts(left[at] ?? '', right[at] ?? '');
    if (order !== 0) return order;
  }
  return left.length - right.length;
};
