/** The snapshot of the cluster as it is on this host: applications are what the host has in force, whatever others have. */
import type { Snapshot } from '../../api-types/snapshot.js';
import { allStates } from './state.js';

/** As it is on a host that an application was taken away from. */
export const withoutApplication = (snapshot: Snapshot, application: string): Snapshot => {
  const others = Object.entries(snapshot.applications ?? {}).filter(([name]) => name !== application);
  const undeployed = [...new Set([...(snapshot.undeployed ?? []), application])];
  return { ...snapshot, applications: Object.fromEntries(others), undeployed };
};

type Applications = NonNullable<Snapshot['applications']>;

/**
 * What a host runs, and with which configuration, changes by an order only: recipes of any other event are given what is in
 * force on it. Of applications that it does not have yet they are told what the cluster has.
 */
export const withInForce = async (root: string, snapshot: Snapshot): Promise<Snapshot> => {
  const states = await allStates(root);
  if (states.size === 0) return snapshot;
  const applications: Record<string, Applications[string]> = { ...snapshot.applications };
  const gone: string[] = [];
  for (const [name, { inForce, undeployed }] of states)
    if (inForce !== undefined) applications[name] = { ...applications[name], ...inForce };
    else if (undeployed === true) gone.push(name);
  return gone.reduce(withoutApplication, { ...snapshot, applications });
};
