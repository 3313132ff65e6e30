/** LifecycleEvent: something hosts are told. A record only, immutable; results are in chunk keys. */
import * as t from 'io-ts';
import { DeployOrder } from '../deploy-order.js';
import { described } from '../described.js';
import { LIFECYCLE } from '../lifecycle.js';
import { HostReleases } from '../release.js';
import { Integer, Time, fields, oneOf } from '../words.js';
import { SnapshotName } from './cluster.js';
import { RESULT_STATES } from './instance.js';

/** Which host an event is for: the slot and the machine that fills it. */
export const Target = t.strict(
  {
    instance: described(t.string, 'The name of the Instance.'),
    machine: described(t.string, 'The id of the machine that filled it when the event was made.'),
  },
  'Target',
);
export interface Target extends t.TypeOf<typeof Target> {}

const SnapshotDiff = t.strict(
  {
    base: described(t.string, 'The digest of the snapshot that the patch is applied to.'),
    patch: described(t.UnknownRecord, 'An RFC 7386 merge patch.'),
  },
  'SnapshotDiff',
);

export const LifecycleEventStatus = fields(
  'LifecycleEventStatus',
  {
    event: described(
      oneOf(LIFECYCLE),
      'setup makes an empty machine a host of its Role, configure tells it of the others, deploy brings applications, undeploy takes them away, shutdown lets it end in order.',
    ),
    cause: described(t.string, 'Why the hosts are told, for people: `app-3 became Ready`.'),
    createdAt: described(Time, 'When it was made.'),
    snapshot: described(SnapshotName, 'The snapshot of the cluster that recipes are given.'),
    targets: described(t.readonlyArray(Target), 'The hosts that are to carry it out.'),
  },
  {
    diff: described(SnapshotDiff, 'What the snapshot changes, so that agents need not fetch all of it.', {
      otherwise: 'agents fetch the whole snapshot',
    }),
    run: described(
      t.string,
      'The uid of the Run that asked for it: what becomes of it counts for that, and for nothing else.',
    ),
    deployment: described(
      DeployOrder,
      'Of a Deployment: what is to be done with one application, and nothing else.',
    ),
    recipes: described(
      t.readonlyArray(t.string),
      'Only these recipes of the cookbooks are run, nothing that is built in or that Roles name.',
      { otherwise: 'what the Roles of a host have for the event' },
    ),
    dryRun: described(t.boolean, 'Nothing is touched: hosts answer with what would change.', {
      default: false,
    }),
    timeoutSeconds: described(
      Integer,
      'A run that takes longer is cut off by the agent and ends as failed. A host without a result this long after `createdAt`, or after the end of what it was told before, counts as expired; a result that comes later still replaces that.',
      { unit: 'seconds' },
    ),
  },
);
export interface LifecycleEventStatus extends t.TypeOf<typeof LifecycleEventStatus> {}

/** What a dry run found to differ. */
export const ResourceDiff = t.strict(
  {
    resource: described(t.string, 'Its id, as file[/etc/hosts].'),
    diff: described(t.string, 'For people; of a text a unified diff.'),
  },
  'ResourceDiff',
);
export interface ResourceDiff extends t.TypeOf<typeof ResourceDiff> {}

/** One host's result, as the agent reports it. */
export const EventResult = fields(
  'EventResult',
  {
    event: t.string,
    instance: t.string,
    machine: t.string,
    state: oneOf(RESULT_STATES),
    /** 1; 2 when it was found unfinished after a crash and run again. */
    attempt: t.number,
    startedAt: t.string,
    finishedAt: t.string,
  },
  {
    interrupted: t.boolean,
    /** Resources that were changed, by their id. */
    changed: t.readonlyArray(t.string),
    /** The failure for people: resource, command, exit code, last output. */
    message: t.string,
    /** What could not be done without the event failing for it, for people: an account whose name is taken. */
    warning: t.string,
    /** What the host is not made for, for people: packages of one that is a folder. */
    notes: t.readonlyArray(t.string),
    /** Of a dry run: what would change, secrets masked. */
    diffs: t.readonlyArray(ResourceDiff),
    /** A recipe wants the host to be started anew. */
    reboot: t.boolean,
    /** Of deploy: what the host runs now of the applications that this was about. */
    releases: HostReleases,
    /** Of a Deployment's step that failed: at which part of it, as `build`. */
    stage: t.string,
    /** Of `fetch`: the pack that the control plane was given. */
    pack: t.type({ revision: t.string, digest: t.string }),
  },
);
export interface EventResult extends t.TypeOf<typeof EventResult> {}

/** Results of one event, at most 500 hosts a key; written once by one gateway, merged by readers. */
export const ResultChunk = t.strict(
  { event: t.string, results: t.readonlyArray(EventResult) },
  'ResultChunk',
);
export interface ResultChunk extends t.TypeOf<typeof ResultChunk> {}
