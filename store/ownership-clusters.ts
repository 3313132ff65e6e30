/** Which clusters there are to own: every one that is named by a Cluster or by anything in it. */
import type { Change, Objects, Ref } from './objects/objects.js';

const clusterOf = ({ kind, cluster, name }: Ref): string | null =>
  cluster ?? (kind === 'Cluster' ? name : null);

const distinct = (refs: readonly Ref[]): readonly string[] => [
  ...new Set(refs.flatMap((ref) => clusterOf(ref) ?? [])),
];

/** All there are now. */
export const clustersOf = (objects: Objects): readonly string[] =>
  distinct(
    [...objects.list('Cluster'), ...objects.list('Role'), ...objects.list('Instance')].map(({ ref }) => ref),
  );

/** Those named by changes; events alone make no cluster. */
export const clustersSeen = (changes: readonly Change[]): readonly string[] =>
  distinct(
    changes
      .filter(({ after, ref }) => after !== null && ref.kind !== 'Event' && ref.kind !== 'LifecycleEvent')
      .map(({ ref }) => ref),
  );
