/** What a path names. */
import { API_VERSION } from '../api-types/metadata.js';
import type { View } from './views/view.js';
import { findView } from './views/views.js';

export const API_PATH = `/apis/${API_VERSION}`;

/** A collection, an object or something below an object. */
export interface ResourceRoute {
  readonly view: View;
  /** Null: cluster-wide, or of all clusters. */
  readonly cluster: string | null;
  readonly name: string | null;
  /** One of the view's subresources, or null. */
  readonly sub: string | null;
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

type Rest = readonly (string | undefined)[];

const placed = (view: View | null, cluster: string | null, rest: Rest): ResourceRoute | null => {
  const [name, sub, more] = rest;
  if (view === null || more !== undefined) return null;
  if (sub !== undefined && !view.subresources.includes(sub)) return null;
  if (view.namespaced ? cluster === null && name !== undefined : cluster !== null) return null;
  return { view, cluster, name: name ?? null, sub: sub ?? null };
};

const below = (groupVersion: string, parts: readonly string[]): ResourceRoute | null => {
  const [first = '', second, third, ...rest] = parts;
  const plain = findView(groupVersion, first);
  if (first !== 'namespaces') return placed(plain, null, [second, third, ...rest]);
  const inside = second === undefined || third === undefined ? null : findView(groupVersion, third);
  if (inside !== null && second !== undefined) return placed(inside, second, rest);
  return placed(plain, null, [second, third, ...rest]);
};

/** The route of a path below `/api/v1/` or `/apis/<group>/<version>/`, or null. */
export const resourceRoute = (path: string): ResourceRoute | null => {
  const parts = partsOf(path);
  if (parts === null) return null;
  const [root, first = '', second = '', ...rest] = parts;
  if (root === 'api') return below(first, [second, ...rest]);
  return root === 'apis' ? below(`${first}/${second}`, rest) : null;
};
