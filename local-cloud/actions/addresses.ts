/** Private addresses: the next free ones of a subnet. */
import { dotted, SUBNET_SIZE, type Subnet } from '../catalogue.js';
import type { MachineRecord } from '../model.js';

/** EC2 keeps the first four addresses of a subnet and its last one. */
const FIRST = 4;

const numberOf = (address: string): number =>
  address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);

/**
 * Up to `count` addresses, after the one given out last, so that an address comes back as late as can be and nobody
 * mistakes a new machine for the one that had its address a moment ago.
 */
export const addressesIn = (
  subnet: Subnet,
  machines: ReadonlyMap<string, MachineRecord>,
  count: number,
): readonly string[] => {
  const room = SUBNET_SIZE - FIRST - 1;
  const taken = new Set<number>();
  let newest = { ordinal: 0, offset: -1 };
  for (const machine of machines.values()) {
    if (machine.subnetId !== subnet.id) continue;
    const offset = numberOf(machine.privateAddress) - subnet.base - FIRST;
    if (machine.state !== 'terminated') taken.add(offset);
    if (machine.ordinal > newest.ordinal) newest = { ordinal: machine.ordinal, offset };
  }
  const found: string[] = [];
  for (let step = 1; step <= room && found.length < count; step += 1) {
    const offset = (newest.offset + step) % room;
    if (!taken.has(offset)) found.push(dotted(subnet.base + FIRST + offset));
  }
  return found;
};
