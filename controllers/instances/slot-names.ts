/** Slots by name: `app-3` is slot 3 of role `app`, whoever wrote its spec. */
import type { Live } from '../../store/objects/objects.js';

/** The slot's number, or null when the name is no slot of the role. */
export const slotNumber = (role: string, instance: string): number | null => {
  if (!instance.startsWith(`${role}-`)) return null;
  const rest = instance.slice(role.length + 1);
  return /^[1-9][0-9]*$/.test(rest) ? Number(rest) : null;
};

/**
 * The role an Instance is a slot of, or null. The owner decides by name (its uid changes when a store is restored);
 * a spec that a person put by hand without an owner still counts by its own role.
 */
export const roleOfSlot = (instance: Live<'Instance'>): string | null => {
  const role = instance.owner?.kind === 'Role' ? instance.owner.name : instance.spec.role;
  return slotNumber(role, instance.ref.name) === null ? null : role;
};

export const slotName = (role: string, number: number): string => `${role}-${String(number)}`;
