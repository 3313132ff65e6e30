/**
 * Credentials derived from the installation key (32 bytes, in the data directory, never in the store), so that no
 * record holds a secret and every control plane with the key can check them.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

const derive = (key: Buffer, purpose: string): string =>
  createHmac('sha256', key).update(purpose).digest('base64url');

/** In user data: lets a machine of this launch batch enrol. */
export const batchToken = (key: Buffer, batch: string): string => derive(key, `batch:${batch}`);

/** A host's own credential: for this machine in this incarnation of its slot. */
export const machineCredential = (key: Buffer, machine: string, slotUid: string): string =>
  derive(key, `machine:${machine}:${slotUid}`);

/** The bearer token of the person who started the installation. */
export const adminToken = (key: Buffer): string => derive(key, 'admin');

/** Control planes of one installation among themselves. */
export const peerToken = (key: Buffer): string => derive(key, 'peer');

/** Names the key without giving it away. */
export const keyFingerprint = (key: Buffer): string =>
  createHash('sha256').update(key).digest('hex').slice(0, 16);

/** Constant-time comparison of two tokens. */
export const sameToken = (given: string, expected: string): boolean => {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
};
