/** Digests of what a host's configure run is made of: equal digests, nothing to tell the host. */
import type { Snapshot } from '../api-types/snapshot.js';
import { ownResources, roleKey, roleResources } from './catalog.js';
import { hostsFileDigest } from './hosts-file.js';
import { remembered, sha256 } from './members.js';

/** 64 bits tell a host's inputs apart; they stand in every Instance record. */
const DIGEST_CHARACTERS = 16;

const roleDigest = remembered((snapshot, roles) => sha256(JSON.stringify(roleResources(snapshot, roles))));

export interface Input {
  /** Of all resources but the hosts file. */
  readonly input: string;
  /** Of the hosts file, which alone is no reason to hurry. */
  readonly hostsFile: string;
}

/** Costs two small hashes a host; what hosts share is computed once a snapshot and set of roles. */
export const inputOf = (snapshot: Snapshot, instance: string): Input => {
  const shared = roleDigest(snapshot, roleKey(snapshot, instance));
  const own = JSON.stringify(ownResources(snapshot, instance));
  return {
    input: sha256(`${shared}\n${own}`).slice(0, DIGEST_CHARACTERS),
    hostsFile: hostsFileDigest(snapshot, instance).slice(0, DIGEST_CHARACTERS),
  };
};
