/** Snapshot: a cluster as its hosts see it. Stored once by digest; what recipes are functions of. */
import * as t from 'io-ts';
import { CookbookPack } from './cookbooks.js';
import { RoleSpec } from './kinds/role.js';
import { Release } from './release.js';
import { fields, oneOf } from './words.js';

export const SnapshotHost = fields(
  'SnapshotHost',
  {
    machine: t.string,
    role: t.string,
    /** Further roles. */
    roles: t.readonlyArray(t.string),
    address: t.string,
    zone: t.string,
    /** Only Ready hosts are members of anything. */
    ready: t.boolean,
  },
  {
    /** Not Ready, but only because it is silent, unwell or being rebooted: what it serves may be well. */
    unheard: t.boolean,
    /** Applications that load balancers are to give it nothing of: a Deployment is at it. */
    out: t.readonlyArray(t.string),
    /** By application: where it listens, where that is not the release's port. */
    ports: t.record(t.string, t.number),
  },
);
export interface SnapshotHost extends t.TypeOf<typeof SnapshotHost> {}

/** An application as it is in force: in the cluster, or, once a host has completed the snapshot, on that host. */
export const SnapshotApplication = fields(
  'SnapshotApplication',
  { release: Release },
  {
    /** Of the host that reads it: which of its two places (ports, sockets) the processes in force have; `a` unless told. */
    slot: oneOf(['a', 'b']),
    /**
     * While a Deployment goes on whose release is asked another way than the one in force: hosts run both, and load balancers
     * look only whether their ports take connections.
     */
    askedAlike: t.literal(false),
    /** While a Deployment goes on: so long load balancers wait for what a host has that leaves them. */
    drainSeconds: t.number,
  },
);
export interface SnapshotApplication extends t.TypeOf<typeof SnapshotApplication> {}

/** Somebody with an account on hosts: what a host needs, and nothing else of the person. */
export const SnapshotAccount = fields(
  'SnapshotAccount',
  {
    /** Type and key of each public key, without the comment. */
    keys: t.readonlyArray(t.string),
    /** By role: what its hosts give. `deny` wins on a host that has several of them. */
    roles: t.record(t.string, oneOf(['ssh', 'sudo', 'deny'])),
  },
  {},
);
export interface SnapshotAccount extends t.TypeOf<typeof SnapshotAccount> {}

export const Snapshot = fields(
  'Snapshot',
  {
    cluster: t.string,
    timeZone: t.string,
    attributes: t.UnknownRecord,
    /** By role name. */
    roles: t.record(
      t.string,
      fields(
        'SnapshotRole',
        {
          type: RoleSpec.type.types[0].props.type,
          attributes: t.UnknownRecord,
          watches: t.readonlyArray(t.string),
        },
        {
          /** By event; none where the Role has none. */
          recipes: t.record(t.string, t.readonlyArray(t.string)),
          packages: t.readonlyArray(t.string),
          /** Names only. */
          secrets: t.readonlyArray(t.string),
        },
      ),
    ),
    /** By instance name; hosts whose agent has connected and whose machine is not doomed. */
    hosts: t.record(t.string, SnapshotHost),
  },
  {
    /** By user name; none where nobody has an account. */
    accounts: t.record(t.string, SnapshotAccount),
    /** By the name of the Application; those that were deployed at least once. */
    applications: t.record(t.string, SnapshotApplication),
    /** Of the host that reads it: applications that were taken away from it, whatever the cluster has. */
    undeployed: t.readonlyArray(t.string),
    /** In the order of the Cluster's sources; a recipe is looked for in the first that has its cookbook. */
    cookbooks: t.readonlyArray(CookbookPack),
  },
);
export interface Snapshot extends t.TypeOf<typeof Snapshot> {}
