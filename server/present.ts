/** An object as the API shows it: spec key and record key as one, Kubernetes-style. */
import { phaseOf } from '../api-types/kinds/instance.js';
import { kindEntry } from '../api-types/kinds.js';
import { API_VERSION, type ApiObject, type ObjectMeta } from '../api-types/metadata.js';
import type { Live } from '../store/objects/objects.js';

const some = (texts: Live['labels']): boolean => Object.keys(texts).length > 0;

const optionalMeta = (live: Live): Partial<ObjectMeta> => ({
  ...(live.deletion === null ? {} : { deletionTimestamp: live.deletion.at }),
  ...(some(live.labels) ? { labels: live.labels } : {}),
  ...(some(live.annotations) ? { annotations: live.annotations } : {}),
  ...(live.owner === null
    ? {}
    : { ownerReferences: [{ apiVersion: API_VERSION, ...live.owner, controller: true as const }] }),
});

const metaOf = (live: Live): ObjectMeta => ({
  name: live.ref.name,
  ...(live.ref.cluster === null ? {} : { namespace: live.ref.cluster }),
  uid: live.uid,
  resourceVersion: String(live.resourceVersion),
  generation: live.generation,
  creationTimestamp: live.createdAt,
  ...optionalMeta(live),
});

const statusOf = (live: Live): unknown => {
  const { conditions, ...rest } = live.status as { readonly conditions?: Record<string, unknown> };
  const deleting = live.deletion !== null;
  const phase = live.ref.kind === 'Instance' ? { phase: phaseOf(live.status, deleting) } : {};
  if (conditions === undefined) return { ...phase, ...rest };
  const types = Object.keys(conditions).sort();
  return { ...phase, ...rest, conditions: types.map((type) => conditions[type]) };
};

/** The object as the API shows it; record-only kinds have no spec. */
export const presented = (live: Live): ApiObject => ({
  apiVersion: API_VERSION,
  kind: live.ref.kind,
  metadata: metaOf(live),
  ...(kindEntry(live.ref.kind).home === 'record' ? {} : { spec: live.spec }),
  status: statusOf(live),
});
