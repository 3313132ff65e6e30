/** Objects as they would be written for another control plane: without what only this one has. */
import { CONSENT_ANNOTATION } from '../../api-types/metadata.js';
import type { ObjectOf } from '../../client/client.js';

/** Written by programs about this cluster's object; elsewhere they would lie. */
const LOCAL_ANNOTATIONS = [CONSENT_ANNOTATION, 'kubectl.kubernetes.io/last-applied-configuration'];

type Texts = Readonly<Record<string, string>> | undefined;

const without = (texts: Texts, keys: readonly string[]): Texts => {
  const left = Object.entries(texts ?? {}).filter(([key]) => !keys.includes(key));
  return left.length === 0 ? undefined : Object.fromEntries(left);
};

/** An object without identity, times, owner and status. */
export const exported = (object: ObjectOf): object => {
  const { name, namespace, labels, annotations } = object.metadata;
  const kept = without(annotations, LOCAL_ANNOTATIONS);
  const metadata = {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(labels === undefined ? {} : { labels }),
    ...(kept === undefined ? {} : { annotations: kept }),
  };
  return { apiVersion: object.apiVersion, kind: object.kind, metadata, spec: object.spec };
};

/** Of several kinds, what was made for another object is left out: its owner makes it anew. Going objects always are. */
export const exportable = (objects: readonly ObjectOf[], kinds: number): readonly ObjectOf[] =>
  objects.filter(({ metadata: { deletionTimestamp, ownerReferences = [] } }) => {
    if (deletionTimestamp !== undefined) return false;
    return kinds === 1 || ownerReferences.length === 0;
  });
