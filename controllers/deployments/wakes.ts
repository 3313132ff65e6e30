/** Which applications a change concerns: pure. Keys are `<cluster>/<application>`. */
import type { Change, Live, Objects } from '../../store/objects/objects.js';

/** Hosts and roles concern every application of their cluster. */
const OF_ALL: readonly string[] = ['Cluster', 'Instance', 'Role'];

/** Also of an application that is gone while Deployments of it are there. */
export const keysOfCluster = (objects: Objects, cluster: string): readonly string[] => {
  const names = new Set([
    ...objects.list('Application', cluster).map(({ ref }) => ref.name),
    ...objects
      .list('Deployment', cluster)
      .flatMap(({ spec, specGeneration }) => (specGeneration > 0 ? [spec.application] : [])),
  ]);
  return [...names].map((name) => `${cluster}/${name}`);
};

const isDeployment = (live: Live | null): live is Live<'Deployment'> =>
  live?.ref.kind === 'Deployment' && live.specGeneration > 0;

const keysOf = (objects: Objects, { ref, before, after }: Change): readonly string[] => {
  const cluster = ref.cluster ?? ref.name;
  if (ref.kind === 'Application') return [`${cluster}/${ref.name}`];
  if (ref.kind === 'Deployment')
    return [before, after].filter(isDeployment).map(({ spec }) => `${cluster}/${spec.application}`);
  return OF_ALL.includes(ref.kind) ? keysOfCluster(objects, cluster) : [];
};

/** Each once; a cluster of whose hosts thousands change is looked at once. */
export const keysOfChanges = (objects: Objects, changes: readonly Change[]): readonly string[] => {
  const keys = new Set<string>();
  const seen = new Set<string>();
  for (const change of changes) {
    const cluster = change.ref.cluster ?? change.ref.name;
    if (OF_ALL.includes(change.ref.kind)) {
      if (seen.has(cluster)) continue;
      seen.add(cluster);
    }
    for (const key of keysOf(objects, change)) keys.add(key);
  }
  return [...keys];
};
