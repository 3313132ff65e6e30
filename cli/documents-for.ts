/** The document that is sent for a manifest. */
import type { SentManifest } from '../api-types/manifest.js';
import type { ObjectOf } from '../client/client.js';

/** Labels and annotations that others have set stay; the spec is what the file says. */
export const documentFor = (manifest: SentManifest, live: ObjectOf | null): object => {
  const { name, namespace, labels, annotations, ownerReferences } = manifest.metadata;
  return {
    apiVersion: manifest.apiVersion,
    kind: manifest.kind,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      labels: { ...live?.metadata.labels, ...labels },
      annotations: { ...live?.metadata.annotations, ...annotations },
      ...(ownerReferences === undefined ? {} : { ownerReferences }),
      ...(live === null ? {} : { resourceVersion: live.metadata.resourceVersion }),
    },
    spec: manifest.spec,
  };
};
