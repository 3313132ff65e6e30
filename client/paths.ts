/** Where things are below the API's root. */
import { type KindName, kindEntry } from '../api-types/kinds.js';
import { API_VERSION } from '../api-types/metadata.js';

export const API_PATH = `/apis/${API_VERSION}`;

/** A collection: of one cluster, or (cluster null) cluster-wide or of all clusters. */
export const collectionPath = (kind: KindName, cluster: string | null): string => {
  const { plural } = kindEntry(kind);
  if (cluster === null) return `${API_PATH}/${plural}`;
  return `${API_PATH}/namespaces/${encodeURIComponent(cluster)}/${plural}`;
};

export const objectPath = (kind: KindName, cluster: string | null, name: string): string =>
  `${collectionPath(kind, cluster)}/${encodeURIComponent(name)}`;

/** `?a=b`, or nothing when all are undefined. */
export const queryOf = (parameters: Readonly<Record<string, string | undefined>>): string => {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(parameters)) if (value !== undefined) query.set(key, value);
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
};
