/** What a path names. */
import { API_VERSION } from '../api-types/metadata.js';
import { type KindName, kindEntry, kindOfPlural } from '../api-types/kinds.js';

export const API_PATH = `/apis/${API_VERSION}`;

/** A collection or an object of a kind. */
export interface ResourceRoute {
  readonly kind: KindName;
  /** Null: cluster-wide, or of all clusters. */
  readonly cluster: string | null;
  readonly name: string | null;
  readonly verb: 'consent' | null;
}

const partsOf = (path: string): readonly string[] | null => {
  try {
    const parts = path.split('/').filter((part) => part !== '');
    const decoded = parts.map(decodeURIComponent);
    // an encoded slash would reach into another object's key
    return decoded.some((part) => part.includes('/') || part.length > 253) ? null : decoded;
  } catch {
    return null;
  }
};

const placed = (
  plural: string,
  cluster: string | null,
  rest: readonly (string | undefined)[],
): ResourceRoute | null => {
  const kind = kindOfPlural(plural);
  const [name, verb, more] = rest;
  if (kind === null || more !== undefined || (verb !== undefined && verb !== 'consent')) return null;
  const namespaced = kindEntry(kind).scope === 'Namespaced';
  if (namespaced ? cluster === null && name !== undefined : cluster !== null) return null;
  return { kind, cluster, name: name ?? null, verb: verb ?? null };
};

/** The route of a path below `/apis/scalarium.dev/v1/`, or null. */
export const resourceRoute = (path: string): ResourceRoute | null => {
  if (!path.startsWith(`${API_PATH}/`)) return null;
  const parts = partsOf(path.slice(API_PATH.length));
  if (parts === null) return null;
  const [first = '', second, third, ...rest] = parts;
  if (first !== 'namespaces') return placed(first, null, [second, third, ...rest]);
  return second === undefined || third === undefined ? null : placed(third, second, rest);
};
