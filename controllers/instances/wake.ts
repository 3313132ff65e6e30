/** Which keys are looked at when; the reconcile itself reads everything anew. */
import {
  EMPTY,
  type Observable,
  defer,
  filter,
  from,
  groupBy,
  merge,
  mergeMap,
  switchMap,
  throttle,
  timer,
} from 'rxjs';
import type { KindName } from '../../api-types/kinds.js';
import { TAGS } from '../../cloud/cloud.js';
import type { Change, Live } from '../../store/objects/objects.js';
import type { Ownership } from '../../store/ownership.js';
import { BELONGINGS } from './cluster-plan.js';
import type { Sources } from './observe.js';
import { roleOfSlot } from './slot-names.js';

/** A key's runs begin at least this far apart, however much happens to its instances; in a large cluster further. */
const APART_MS = 100;
const APART_MS_A_HOST = 0.15;

const keysOfCluster = ({ objects }: Sources, cluster: string): readonly string[] => [
  cluster,
  ...objects.list('Role', cluster).map(({ ref }) => `${cluster}/${ref.name}`),
];

const allKeys = (sources: Sources): readonly string[] => [
  ...sources.objects.list('Cluster').map(({ ref }) => ref.name),
  ...sources.objects.list('Role').map(({ ref }) => `${ref.cluster ?? ''}/${ref.name}`),
];

/** What of a Cluster its roles' plans depend on. */
const matters = (live: Live | null): string => {
  const cluster = live as Live<'Cluster'> | null;
  return JSON.stringify([
    cluster?.specRevision,
    cluster?.deletion,
    cluster?.status.zones,
    cluster?.status.imageId,
    cluster?.status.consentRevision,
  ]);
};

/** The end of a cluster waits for what goes along with it. */
const keysOfBelonging = ({ objects }: Sources, kind: KindName, cluster: string): readonly string[] => {
  if (!BELONGINGS.some((one) => one === kind)) return [];
  const going = objects.get({ kind: 'Cluster', cluster: null, name: cluster })?.deletion ?? null;
  return going === null ? [] : [cluster];
};

const keysOfInstance = (cluster: string, live: Live<'Instance'> | null): readonly string[] => {
  const role = live === null ? null : roleOfSlot(live);
  return role === null ? [cluster] : [`${cluster}/${role}`];
};

const keysOfChange = (sources: Sources, { ref, before, after }: Change): readonly string[] => {
  const cluster = ref.cluster ?? ref.name;
  switch (ref.kind) {
    case 'Cluster':
      return matters(before) === matters(after) ? [cluster] : keysOfCluster(sources, cluster);
    case 'Role':
      return [`${cluster}/${ref.name}`, cluster];
    case 'Instance':
      return keysOfInstance(cluster, (after ?? before) as Live<'Instance'> | null);
    default:
      return keysOfBelonging(sources, ref.kind, cluster);
  }
};

const keysOfCloud = (sources: Sources, cloud: string): readonly string[] =>
  sources.objects
    .list('Cluster')
    .filter(({ spec }) => spec.cloud === cloud)
    .flatMap(({ ref }) => keysOfCluster(sources, ref.name));

const keyOfMachine = (sources: Sources, cloud: string, id: string): readonly string[] => {
  const tags = sources.clouds.get(cloud)?.machines.get(id)?.tags;
  const cluster = tags?.[TAGS.cluster];
  const role = tags?.[TAGS.role];
  return cluster === undefined || role === undefined ? [] : [`${cluster}/${role}`];
};

const fromMachines = (sources: Sources): Observable<string> => {
  const names = defer(() => from(sources.objects.list('Cloud').map(({ ref }) => ref.name)));
  return merge(names, sources.clouds.changes$).pipe(
    groupBy((name) => name),
    mergeMap((group) =>
      group.pipe(
        switchMap((name) => sources.clouds.get(name)?.machines.changes$ ?? EMPTY),
        mergeMap((id) => keyOfMachine(sources, group.key, id)),
      ),
    ),
  );
};

const apart = ({ objects, pace }: Sources, key: string): number => {
  const [cluster = ''] = key.split('/');
  const hosts = objects.list('Instance', cluster).length;
  return Math.max(APART_MS, hosts * APART_MS_A_HOST, pace.apart(cluster));
};

/** Keys to look at, each at most every 100 ms. */
export const wakes = (sources: Sources, ownership: Ownership): Observable<string> =>
  merge(
    defer(() => from(allKeys(sources))),
    sources.objects.changes$.pipe(
      mergeMap((changes) => [...new Set(changes.flatMap((change) => keysOfChange(sources, change)))]),
    ),
    sources.clouds.changes$.pipe(mergeMap((name) => keysOfCloud(sources, name))),
    ownership.changes$.pipe(mergeMap((cluster) => keysOfCluster(sources, cluster))),
    fromMachines(sources),
  ).pipe(
    filter((key) => ownership.of(key.split('/')[0] ?? '') !== null),
    groupBy((key) => key),
    mergeMap((group) =>
      group.pipe(
        throttle((key) => timer(apart(sources, key), sources.clock.scheduler), {
          leading: true,
          trailing: true,
        }),
      ),
    ),
  );
