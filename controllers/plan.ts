/** The answer of `scalarium plan`: documents laid over what is there, and the controllers' own planners asked. */
import { KINDS, type KindName, kindEntry } from '../api-types/kinds.js';
import type { Manifest, PlannedChange, Planner } from '../api-types/plan.js';
import { type Live, type Objects, type Ref, unstoredObject } from '../store/objects/objects.js';
import { judgeEdits, type Consent } from './instances/consent.js';
import { boundTo } from './instances/rules.js';
import { wantedOf } from './instances/wanted.js';

type Known = 'Cluster' | 'Role' | 'Instance';

/** Kinds whose edits are told by name only: what is in them is not for everybody who is shown a plan. */
const DISCREET: readonly string[] = ['User', 'Grant', 'Secret', 'Run'];

const isKind = (kind: string): kind is KindName => Object.hasOwn(KINDS, kind);

const refOf = ({ kind, metadata }: Manifest): Ref | null => {
  if (!isKind(kind) || KINDS[kind].home === 'record') return null;
  const cluster = KINDS[kind].scope === 'Namespaced' ? (metadata.namespace ?? '') : null;
  return { kind, cluster, name: metadata.name };
};

/** What the object would be after the apply; its revision newer than any consent. */
const applied = (objects: Objects, ref: Ref, manifest: Manifest): Live => {
  const before = objects.get(ref);
  return {
    ...(before ?? unstoredObject(ref)),
    labels: { ...before?.labels, ...manifest.metadata.labels },
    annotations: { ...before?.annotations, ...manifest.metadata.annotations },
    spec: manifest.spec,
    specRevision: objects.revision() + 1,
    generation: (before?.generation ?? 0) + 1,
  };
};

const objectOf = ({ kind, cluster, name }: Ref): PlannedChange['object'] => ({
  kind,
  ...(cluster === null ? {} : { namespace: cluster }),
  name,
});

const change = (
  action: PlannedChange['action'],
  ref: Ref,
  message: string,
  requiresConsent = false,
): PlannedChange => ({ action, object: objectOf(ref), message, requiresConsent });

const shown = (value: unknown): string => (value === undefined ? 'unset' : JSON.stringify(value));

/** `replicas: 8 → 6, imageId: unset → "ami-2"`; empty when nothing differs. */
const difference = (before: unknown, after: unknown): string => {
  const left = new Map(Object.entries(before ?? {}));
  const right = new Map(Object.entries(after ?? {}));
  return [...new Set([...left.keys(), ...right.keys()])]
    .filter((key) => JSON.stringify(left.get(key)) !== JSON.stringify(right.get(key)))
    .map((key) => `${key}: ${shown(left.get(key))} → ${shown(right.get(key))}`)
    .join(', ');
};

const ofObject = (objects: Objects, ref: Ref, after: Live): readonly PlannedChange[] => {
  const before = objects.get(ref);
  if (before === null) return [change('create', ref, 'it is not there yet')];
  // sealed: whether a value is the one that holds is not to be found out by asking
  if (ref.kind === 'Secret') return [change('change', ref, 'its values are set; they are not compared')];
  const differs = difference(before.spec, after.spec);
  if (differs === '') return [];
  if (kindEntry(ref.kind).fixed === true)
    return [
      change('change', ref, `this will be refused, its spec is not changed once it is made: ${differs}`),
    ];
  return [change('change', ref, DISCREET.includes(ref.kind) ? 'it is not what the document says' : differs)];
};

interface After {
  readonly roles: readonly Live<'Role'>[];
  readonly instances: readonly Live<'Instance'>[];
  readonly consent: Consent;
}

const laidOver = <K extends KindName>(
  there: readonly Live<K>[],
  over: readonly Live<K>[],
): readonly Live<K>[] => {
  const named = new Map(there.map((live) => [live.ref.name, live]));
  for (const live of over) named.set(live.ref.name, live);
  return [...named.values()];
};

const launches = ({ instances }: After, role: Live<'Role'>): readonly PlannedChange[] => {
  const why = `role ${role.ref.name} wants ${String(role.spec.replicas)} hosts`;
  return wantedOf(role, instances).missing.map((name) =>
    change('launch', { kind: 'Instance', cluster: role.ref.cluster, name }, why),
  );
};

const terminations = ({ consent }: After, cluster: string, before: Consent): readonly PlannedChange[] => {
  const already = new Set(before.edits.flatMap(({ hosts }) => hosts));
  return consent.edits.flatMap(({ hosts, kind, name, reason }) =>
    hosts
      .filter((host) => !already.has(host))
      .map((host) =>
        change(
          'terminate',
          { kind: 'Instance', cluster, name: host },
          `${kind} ${name}: ${reason}`,
          consent.parkedHosts.has(host),
        ),
      ),
  );
};

const stops = (objects: Objects, over: readonly Live<'Instance'>[]): readonly PlannedChange[] =>
  over
    .filter((live) => live.spec.desired === 'Stopped' && boundTo(live)?.state === 'running')
    .filter((live) => objects.get(live.ref)?.spec.desired !== 'Stopped')
    .map((live) => change('stop', live.ref, 'desired: Stopped'));

const of = <K extends Known>(lives: readonly Live[], kind: K, cluster: string): readonly Live<K>[] =>
  lives.filter(
    ({ ref }) => ref.kind === kind && (ref.cluster ?? ref.name) === cluster,
  ) as unknown as readonly Live<K>[];

const ofCluster = (objects: Objects, name: string, over: readonly Live[]): readonly PlannedChange[] => {
  const stored = objects.get({ kind: 'Cluster', cluster: null, name });
  const cluster = of(over, 'Cluster', name)[0] ?? stored;
  const roles = laidOver(objects.list('Role', name), of(over, 'Role', name));
  const edited = of(over, 'Instance', name);
  const instances = laidOver(objects.list('Instance', name), edited);
  const after: After = { roles, instances, consent: judgeEdits({ cluster, roles, instances }) };
  const before = judgeEdits({
    cluster: stored,
    roles: objects.list('Role', name),
    instances: objects.list('Instance', name),
  });
  return [
    ...of(over, 'Role', name).flatMap((role) => launches(after, role)),
    ...stops(objects, edited),
    ...terminations(after, name, before),
  ];
};

/** Plans documents against `objects`: which objects change, and which machines come and go. */
export const plannerOver =
  (objects: Objects): Planner =>
  (documents) => {
    const over = documents.flatMap((manifest) => {
      const ref = refOf(manifest);
      return ref === null ? [] : [applied(objects, ref, manifest)];
    });
    const clusters = new Set(
      over.flatMap(({ ref }) => ref.cluster ?? (ref.kind === 'Cluster' ? ref.name : [])),
    );
    return [
      ...over.flatMap((live) => ofObject(objects, live.ref, live)),
      ...[...clusters].flatMap((cluster) => ofCluster(objects, cluster, over)),
    ];
  };
