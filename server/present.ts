/** An object as the API shows it: spec key and record key as one, Kubernetes-style. */
import { phaseOf } from '../api-types/kinds/phase.js';
import { kindEntry } from '../api-types/kinds.js';
import { API_VERSION, type ApiObject, type ObjectMeta } from '../api-types/metadata.js';
import type { SecretSpec } from '../api-types/kinds/secret.js';
import type { Live } from '../store/objects/objects.js';
import { managedFieldsOf } from './apply/owners.js';
import { maskedSpec, withoutLastApplied } from './secrets/mask.js';
import { shownConditions, shownUserStatus } from './users/shown.js';

const some = (texts: Live['labels']): boolean => Object.keys(texts).length > 0;

/** What is never shown of a Secret is taken away here, so that nobody who presents an object has to think of it. */
const annotationsOf = ({ ref, annotations }: Live): Live['annotations'] =>
  ref.kind === 'Secret' ? withoutLastApplied(annotations) : annotations;

const specOf = ({ ref, spec }: Live): unknown =>
  ref.kind === 'Secret' ? maskedSpec(spec as SecretSpec) : spec;

const optionalMeta = (live: Live): Partial<ObjectMeta> => ({
  ...(live.deletion === null ? {} : { deletionTimestamp: live.deletion.at }),
  ...(some(live.labels) ? { labels: live.labels } : {}),
  ...(some(annotationsOf(live)) ? { annotations: annotationsOf(live) } : {}),
  ...(live.owner === null
    ? {}
    : { ownerReferences: [{ apiVersion: API_VERSION, ...live.owner, controller: true as const }] }),
});

const owned = (live: Live): Partial<ObjectMeta> => {
  const managedFields = managedFieldsOf(live);
  return managedFields.length === 0 ? {} : { managedFields };
};

const metaOf = (live: Live): ObjectMeta => ({
  name: live.ref.name,
  ...(live.ref.cluster === null ? {} : { namespace: live.ref.cluster }),
  uid: live.uid,
  resourceVersion: String(live.resourceVersion),
  generation: live.generation,
  creationTimestamp: live.createdAt,
  ...optionalMeta(live),
  ...owned(live),
});

const fieldsOf = ({ ref, status }: Live): object => (ref.kind === 'User' ? shownUserStatus(status) : status);

const statusOf = (live: Live): unknown => {
  const fields = Object.entries(fieldsOf(live)).filter(([field]) => field !== 'conditions');
  const rest = Object.fromEntries(fields) as object;
  const conditions = shownConditions(live);
  const deleting = live.deletion !== null;
  const phase = live.ref.kind === 'Instance' ? { phase: phaseOf(live.status, deleting) } : {};
  if (conditions === undefined) return { ...phase, ...rest };
  const types = Object.keys(conditions).sort();
  return { ...phase, ...rest, conditions: types.map((type) => conditions[type]) };
};

/** The object as the API shows it: record-only kinds have no spec, Secrets a mask for each value. */
export const presented = (live: Live): ApiObject => ({
  apiVersion: API_VERSION,
  kind: live.ref.kind,
  metadata: metaOf(live),
  ...(kindEntry(live.ref.kind).home === 'record' ? {} : { spec: specOf(live) }),
  status: statusOf(live),
});
