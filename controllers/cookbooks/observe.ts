/** What the cookbooks controller sees, and what wakes it. */
import { defer, filter, from, merge, mergeMap, type Observable } from 'rxjs';
import { packDigests } from '../../api-types/cookbooks.js';
import type { Shelf } from '../../runtime/shelf.js';
import type { Change, Live, Objects } from '../../store/objects/objects.js';
import { GLOBAL, type Ownership } from '../../store/ownership.js';
import type { CookbookFacts } from './plan.js';

export interface Sources {
  readonly objects: Objects;
  readonly ownership: Ownership;
  readonly shelf: Shelf;
}

const namesSecret = ({ spec }: Live<'Cluster'>, secret: string): boolean =>
  (spec.cookbooks ?? []).some((source) => source.secret === secret);

/** Our own status writes must not wake us. */
const edited = ({ before, after }: Change): boolean =>
  before?.specRevision !== after?.specRevision || before?.deletion?.revision !== after?.deletion?.revision;

const clustersIn = (objects: Objects, changes: readonly Change[]): readonly string[] =>
  changes.flatMap((change) => {
    const { kind, cluster, name } = change.ref;
    if (kind === 'Cluster') return edited(change) ? [name] : [];
    if (kind !== 'Secret' || cluster === null) return [];
    const live = objects.get({ kind: 'Cluster', cluster: null, name: cluster });
    return live !== null && namesSecret(live, name) ? [cluster] : [];
  });

/** Keys: clusters, and GLOBAL for the files of this control plane. */
export const wakeOn = ({ objects, ownership, shelf }: Sources): Observable<string> =>
  merge(
    defer(() => from([GLOBAL, ...objects.list('Cluster').map(({ ref }) => ref.name)])),
    objects.changes$.pipe(mergeMap((changes) => from(new Set(clustersIn(objects, changes))))),
    ownership.changes$.pipe(filter((cluster) => cluster !== GLOBAL)),
    shelf.lacking$,
  );

/** In force and readable; null: nothing is to be done about it. */
export const clusterOf = (objects: Objects, name: string): Live<'Cluster'> | null => {
  const live = objects.get({ kind: 'Cluster', cluster: null, name });
  return live === null || live.deletion !== null || live.specGeneration === 0 ? null : live;
};

const lostOf = async (digests: readonly string[], shelf: Shelf): Promise<ReadonlySet<string>> => {
  const lost: string[] = [];
  for (const digest of digests) if (!(await shelf.has(digest))) lost.push(digest);
  return new Set(lost);
};

export const factsOf = async (
  { spec, status, annotations }: Live<'Cluster'>,
  shelf: Shelf,
): Promise<CookbookFacts> => ({
  sources: spec.cookbooks ?? [],
  packs: status.cookbooks ?? [],
  states: status.cookbookSources ?? {},
  annotations,
  lost: await lostOf(packDigests(status), shelf),
});

/** Digests that any cluster names. */
export const namedDigests = (objects: Objects): ReadonlySet<string> =>
  new Set(objects.list('Cluster').flatMap(({ status }) => packDigests(status)));
