/** Where things are in the store. Everything of ours is below `/scalarium/`. */
import { kindEntry, kindOfPlural } from '../api-types/kinds.js';
import type { Ref } from './objects/objects.js';

export const ROOT = '/scalarium/';
export const SPECS = '/scalarium/specs/';
export const RECORDS = '/scalarium/records/';
/** `{"id", "keyFingerprint"}` of the installation. */
export const INSTALLATION = '/scalarium/installation';
/** `{"certificate", "sealedKey"}` of the installation's certificate authority. */
export const AUTHORITY = '/scalarium/tls/ca';

/** How far an update of the hosts' agents is (server/agent-files/rollout.ts). */
export const ROLLOUT = '/scalarium/agents/rollout';

const place = (ref: Ref): string => {
  const { plural } = kindEntry(ref.kind);
  return ref.cluster === null ? `${plural}/${ref.name}` : `${plural}/${ref.cluster}/${ref.name}`;
};

export const specKey = (ref: Ref): string => `${SPECS}${place(ref)}`;
export const recordKey = (ref: Ref): string => `${RECORDS}${place(ref)}`;

/** `clusters/shop` or `roles/shop/app` below SPECS or RECORDS; null for keys that are no object's. */
export const parsePlace = (path: string): Ref | null => {
  const parts = path.split('/');
  const kind = kindOfPlural(parts[0] ?? '');
  if (kind === null) return null;
  const namespaced = kindEntry(kind).scope === 'Namespaced';
  if (parts.length !== (namespaced ? 3 : 2) || parts.includes('')) return null;
  return { kind, cluster: namespaced ? (parts[1] ?? '') : null, name: parts[namespaced ? 2 : 1] ?? '' };
};

/** A cluster's snapshot, by digest. */
export const snapshotKey = (cluster: string, digest: string): string =>
  `/scalarium/snapshots/${cluster}/${digest}`;
export const snapshotsOf = (cluster: string): string => `/scalarium/snapshots/${cluster}/`;

/** Results of an event: one key a chunk, each written once by one gateway. */
export const resultsKey = (cluster: string, event: string, chunk: string): string =>
  `/scalarium/results/${cluster}/${event}/${chunk}`;
export const resultsOf = (cluster: string, event: string): string =>
  `/scalarium/results/${cluster}/${event}/`;
export const RESULTS = '/scalarium/results/';

export const ownerKey = (cluster: string): string => `/scalarium/leases/owners/${cluster}`;
/** Live gateways, under their lease: `{"url"}`. */
export const GATEWAYS = '/scalarium/leases/gateways/';
export const gatewayKey = (id: string): string => `${GATEWAYS}${id}`;
