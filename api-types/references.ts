/** Do the names in documents lead anywhere? Checked across the documents and the store before anything is stored. */
import type { ApplicationSpec } from './kinds/application.js';
import type { CloudSpec } from './kinds/cloud.js';
import type { ClusterSpec } from './kinds/cluster.js';
import type { DeploymentSpec } from './kinds/deployment.js';
import type { InstanceSpec } from './kinds/instance.js';
import type { RoleSpec } from './kinds/role.js';
import type { RunSpec } from './kinds/run.js';
import type { KindName } from './kinds.js';
import { SYSTEM_NAMESPACE } from './metadata.js';
import type { Manifest } from './plan.js';
import { type Problem, shown } from './problems.js';

/** The spec of what is stored under this name, or null. */
export type Lookup = (kind: KindName, cluster: string | null, name: string) => unknown;

/** A problem of the document with this index. */
export interface DocumentProblem extends Problem {
  readonly document: number;
}

interface Reference {
  readonly path: string;
  readonly kind: KindName;
  readonly cluster: string | null;
  readonly name: string;
}

const listed = (
  path: string,
  names: readonly string[] | undefined,
  cluster: string | null,
): readonly Reference[] =>
  (names ?? []).map((name, index) => ({ path: `${path}.${String(index)}`, kind: 'Role', cluster, name }));

const inCluster = ({ metadata }: Manifest): readonly Reference[] =>
  metadata.namespace === undefined || metadata.namespace === SYSTEM_NAMESPACE
    ? []
    : [{ path: 'metadata.namespace', kind: 'Cluster', cluster: null, name: metadata.namespace }];

const ofRole = (manifest: Manifest): readonly Reference[] => {
  const spec = manifest.spec as RoleSpec;
  const cluster = manifest.metadata.namespace ?? null;
  return [
    ...inCluster(manifest),
    ...listed('spec.dependsOn', spec.dependsOn, cluster),
    ...listed('spec.watches', spec.watches, cluster),
  ];
};

const ofInstance = (manifest: Manifest): readonly Reference[] => {
  const spec = manifest.spec as InstanceSpec;
  const cluster = manifest.metadata.namespace ?? null;
  return [
    ...inCluster(manifest),
    { path: 'spec.role', kind: 'Role', cluster, name: spec.role },
    ...listed('spec.roles', spec.roles, cluster),
  ];
};

const ofRun = (manifest: Manifest): readonly Reference[] => {
  const spec = manifest.spec as RunSpec;
  const cluster = manifest.metadata.namespace ?? null;
  return [...inCluster(manifest), ...listed('spec.roles', spec.roles, cluster)];
};

const ofApplication = (manifest: Manifest): readonly Reference[] => {
  const spec = manifest.spec as ApplicationSpec;
  const cluster = manifest.metadata.namespace ?? null;
  return [...inCluster(manifest), ...listed('spec.roles', spec.roles, cluster)];
};

const ofDeployment = (manifest: Manifest): readonly Reference[] => {
  const spec = manifest.spec as DeploymentSpec;
  const cluster = manifest.metadata.namespace ?? null;
  return [
    ...inCluster(manifest),
    { path: 'spec.application', kind: 'Application', cluster, name: spec.application },
    ...listed('spec.roles', spec.roles, cluster),
  ];
};

const ofCluster = (manifest: Manifest): readonly Reference[] => [
  { path: 'spec.cloud', kind: 'Cloud', cluster: null, name: (manifest.spec as ClusterSpec).cloud },
];

const ofCloud = ({ spec }: Manifest): readonly Reference[] => {
  const { credentials } = spec as CloudSpec;
  if (credentials === undefined) return [];
  const { secret } = credentials;
  return [{ path: 'spec.credentials.secret', kind: 'Secret', cluster: SYSTEM_NAMESPACE, name: secret }];
};

/** What a document refers to, by field. */
export const referencesOf = (manifest: Manifest): readonly Reference[] => {
  switch (manifest.kind) {
    case 'Cloud':
      return ofCloud(manifest);
    case 'Cluster':
      return ofCluster(manifest);
    case 'Role':
      return ofRole(manifest);
    case 'Instance':
      return ofInstance(manifest);
    case 'Run':
      return ofRun(manifest);
    case 'Application':
      return ofApplication(manifest);
    case 'Deployment':
      return ofDeployment(manifest);
    case 'Secret':
    case 'Grant':
      return inCluster(manifest);
    default:
      return [];
  }
};

const place = (kind: string, cluster: string | null, name: string): string =>
  `${kind}/${cluster ?? ''}/${name}`;

const placeOf = ({ kind, metadata }: Manifest): string =>
  place(kind, metadata.namespace ?? null, metadata.name);

const where = (reference: Reference): string =>
  reference.cluster === null ? '' : ` in cluster ${reference.cluster}`;

const dangling = (reference: Reference): Problem => ({
  path: reference.path,
  expected: `a ${reference.kind} that is in the files or in the store${where(reference)}`,
  got: shown(reference.name),
});

/** The chain of `dependsOn` that leads from a role back to it, or null. */
const cycleFrom = (
  start: string,
  dependsOn: (role: string) => readonly string[],
): readonly string[] | null => {
  const seen = new Set<string>();
  const walk = (role: string, way: readonly string[]): readonly string[] | null => {
    for (const next of dependsOn(role)) {
      if (next === start) return [...way, next];
      if (seen.has(next)) continue;
      seen.add(next);
      const found = walk(next, [...way, next]);
      if (found !== null) return found;
    }
    return null;
  };
  return walk(start, [start]);
};

const cycleProblems = (manifest: Manifest, look: Lookup): readonly Problem[] => {
  if (manifest.kind !== 'Role') return [];
  const cluster = manifest.metadata.namespace ?? null;
  const dependsOn = (role: string): readonly string[] =>
    (look('Role', cluster, role) as RoleSpec | null)?.dependsOn ?? [];
  const cycle = cycleFrom(manifest.metadata.name, dependsOn);
  if (cycle === null) return [];
  return [
    { path: 'spec.dependsOn', expected: 'roles that do not wait for this one', got: cycle.join(' → ') },
  ];
};

const duplicates = (manifests: readonly Manifest[]): readonly DocumentProblem[] => {
  const first = new Map<string, number>();
  return manifests.flatMap((manifest, document) => {
    const key = placeOf(manifest);
    const before = first.get(key);
    if (before === undefined) {
      first.set(key, document);
      return [];
    }
    const got = `${shown(manifest.metadata.name)}, which an earlier document has`;
    return [{ document, path: 'metadata.name', expected: `a name no other ${manifest.kind} has`, got }];
  });
};

/** Duplicate names, references to nothing and circles of `dependsOn`, over the documents and the store together. */
export const referenceProblems = (
  manifests: readonly Manifest[],
  stored: Lookup,
): readonly DocumentProblem[] => {
  const byPlace = new Map(manifests.map((manifest) => [placeOf(manifest), manifest.spec]));
  const look: Lookup = (kind, cluster, name) =>
    byPlace.get(place(kind, cluster, name)) ?? stored(kind, cluster, name);
  const found = manifests.flatMap((manifest, document) =>
    [
      ...referencesOf(manifest)
        .filter(({ kind, cluster, name }) => look(kind, cluster, name) === null)
        .map(dangling),
      ...cycleProblems(manifest, look),
    ].map((problem) => ({ document, ...problem })),
  );
  return [...duplicates(manifests), ...found];
};

const ORDER: readonly string[] = [
  'User',
  'Cloud',
  'Cluster',
  'Secret',
  'Grant',
  'Role',
  'Application',
  'Instance',
  'Run',
  'Deployment',
];

interface Placed {
  readonly kind: string;
  readonly metadata?: { readonly namespace?: string | undefined };
}

/** Secrets of the installation itself are referred to by Clouds. */
const rankOf = ({ kind, metadata }: Placed): number =>
  metadata?.namespace === SYSTEM_NAMESPACE ? -1 : ORDER.indexOf(kind);

/** Sorted so that what is referred to comes first; documents of one kind keep their order. */
export const inDependencyOrder = <M extends Placed>(manifests: readonly M[]): readonly M[] =>
  [...manifests].sort((left, right) => rankOf(left) - rankOf(right));
