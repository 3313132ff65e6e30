/** Digests of what a host's configure run is made of: equal digests, nothing to tell the host. */
import type { Snapshot } from '../api-types/snapshot.js';
import { ownResources, roleKey, roleResources } from './catalog.js';
import { hostsFileDigest } from './hosts-file.js';
import { remembered, sha256 } from './members.js';
import type { Resource } from './resource.js';

/** 64 bits tell a host's inputs apart; they stand in every Instance record. */
const DIGEST_CHARACTERS = 16;

const withoutPlace = (resource: Resource): Resource => ({ ...resource, at: undefined });

/** Where a recipe says so does not count: a line that moved is nothing to tell a host. */
export const digestOf = (resources: readonly Resource[]): string =>
  sha256(JSON.stringify(resources.map(withoutPlace)));

const roleDigest = remembered((snapshot, roles) => digestOf(roleResources(snapshot, roles)));

export interface Input {
  /** Of all resources but the hosts file. */
  readonly input: string;
  /** Of the hosts file, which alone is no reason to hurry. */
  readonly hostsFile: string;
}

/** Costs two small hashes a host; what hosts share is computed once a snapshot and set of roles. */
export const inputOf = (snapshot: Snapshot, instance: string): Input => {
  const shared = roleDigest(snapshot, roleKey(snapshot, instance));
  const own = digestOf(ownResources(snapshot, instance));
  return {
    input: sha256(`${shared}\n${own}`).slice(0, DIGEST_CHARACTERS),
    hostsFile: hostsFileDigest(snapshot, instance).slice(0, DIGEST_CHARACTERS),
  };
};
