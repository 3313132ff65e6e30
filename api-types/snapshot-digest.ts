/** The name of a snapshot: SHA-256 of its canonical JSON, in hex. Equal snapshots have equal digests everywhere. */
import { createHash } from 'node:crypto';

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .filter(([, held]) => held !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, held]) => [key, sorted(held)]));
};

/** JSON with the keys of every object in order of their UTF-16 units and no spaces. */
export const canonicalJson = (value: unknown): string => JSON.stringify(sorted(value));

/** 64 hex digits; what is not JSON (undefined fields) has no part in it. */
export const snapshotDigest = (snapshot: unknown): string =>
  createHash('sha256').update(canonicalJson(snapshot)).digest('hex');

/** True for what can be a digest: it becomes part of paths and keys. */
export const isDigest = (text: string): boolean => /^[0-9a-f]{64}$/.test(text);
