/** Which of people's recipes an event runs on a host. */
import { rolesOf } from '../api-types/kinds/instance.js';
import type { Snapshot } from '../api-types/snapshot.js';
import type { Work } from './executor.js';

/** The main role's first; what two roles have alike runs once. */
export const customFor = (
  { event, instance }: Pick<Work, 'event' | 'instance'>,
  snapshot: Snapshot,
): readonly string[] => {
  const host = snapshot.hosts[instance];
  const roles = host === undefined ? [] : rolesOf(host);
  return [...new Set(roles.flatMap((role) => snapshot.roles[role]?.recipes?.[event] ?? []))];
};
