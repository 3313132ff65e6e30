/** The snapshot of the cluster as it is on this host: applications are what the host has in force, whatever others have. */
import type { Snapshot } from '../../api-types/snapshot.js';
import { allStates } from './state.js';

type Applications = NonNullable<Snapshot['applications']>;

/**
 * What a host runs, and with which configuration, changes by an order only: recipes of any other event are given what is in
 * force on it. Of applications that it does not have yet they are told what the cluster has.
 */
export const withInForce = async (root: string, snapshot: Snapshot): Promise<Snapshot> => {
  const states = await allStates(root);
  if (states.size === 0) return snapshot;
  const applications: Record<string, Applications[string]> = { ...snapshot.applications };
  for (const [name, { inForce, undeployed }] of states)
    if (inForce !== undefined) applications[name] = { ...applications[name], ...inForce };
    else if (undeployed === true) Reflect.deleteProperty(applications, name);
  return { ...snapshot, applications };
};
