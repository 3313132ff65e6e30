/** Cluster: the namespace of everything in it. Cluster-wide itself. */
import * as t from 'io-ts';
import { CookbookPack, CookbookSource, CookbookSourceState } from '../cookbooks.js';
import { described } from '../described.js';
import {
  Integer,
  JsonObject,
  Name,
  NonEmpty,
  Percentage,
  fields,
  listOf,
  refined,
  wholeNumber,
} from '../words.js';
import { APPLIED_GENERATION, Conditions, OBSERVED_GENERATION } from './conditions.js';

const timeZoneExists = (zone: string): boolean => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
};

export const TimeZone = refined(t.string, 'a time zone of the IANA list, as Europe/Berlin', timeZoneExists);

/** What the bounds are where a spec says nothing. */
export const BREAKER_PERCENT = 50;
export const MAX_TERMINATION_PERCENT = 50;

/** What hosts are where a spec says nothing. */
export const INSTANCE_TYPE = 't3.micro';
export const TIME_ZONE = 'UTC';

const ClusterHealing = fields(
  'ClusterHealing',
  {},
  {
    breakerPercent: described(
      Percentage,
      'When more than this share of the cluster, or of one of its zones, goes silent together, healing stops: then the network or the cloud is what is broken, and replacing hosts would make it worse.',
      { default: BREAKER_PERCENT, unit: 'percent of the hosts' },
    ),
  },
);

export const ClusterSpec = fields(
  'ClusterSpec',
  {
    cloud: described(
      Name,
      'The Cloud that its hosts are launched on. It must exist before hosts can be launched.',
    ),
  },
  {
    zones: described(
      listOf(NonEmpty, 'a list of zones'),
      'Availability zones that hosts are spread over evenly.',
      { otherwise: 'the first two of the endpoint, pinned in status.zones when they are first needed' },
    ),
    subnets: described(
      t.record(NonEmpty, NonEmpty, 'subnet ids by zone'),
      'The subnet of each zone, by the name of the zone. Hosts of a zone that is not named are launched without naming a subnet.',
    ),
    imageId: described(
      NonEmpty,
      'The machine image of hosts whose Role names none. It must run cloud-init, or start the agent itself.',
    ),
    instanceType: described(NonEmpty, 'The size of machine for hosts whose Role names none.', {
      default: INSTANCE_TYPE,
    }),
    keyName: described(
      NonEmpty,
      'The EC2 key pair that hosts are launched with, for when everything else fails. Accounts of people come from Grants.',
      { otherwise: 'no key pair' },
    ),
    timeZone: described(
      TimeZone,
      'A time zone of the IANA list, as Europe/Berlin. Written to /etc/timezone of every host.',
      { default: TIME_ZONE },
    ),
    attributes: described(
      JsonObject,
      "Free JSON that recipes find in the node's attributes, on every host. The attributes of a Role are merged over it and win.",
      { default: {} },
    ),
    cookbooks: described(
      listOf(CookbookSource, 'a list of cookbook sources'),
      'Where the recipes that Roles name come from. Each is resolved once to a revision that all hosts get.',
      { default: [] },
    ),
    driftCheckIntervalMinutes: described(
      wholeNumber(0, 10_080),
      'How often every host is asked what a run of its recipes would change; the answer is in the condition Drifted. 0: never.',
      { default: 0, unit: 'minutes' },
    ),
    maxTerminationPercent: described(
      Percentage,
      'An edit that would terminate more than this share of the hosts, and more than two, is parked until somebody consents to it (`scalarium consent`). 100 parks nothing.',
      { default: MAX_TERMINATION_PERCENT, unit: 'percent of the hosts' },
    ),
    healing: described(ClusterHealing, 'When healing must hold back, for the cluster as a whole.'),
  },
);
export interface ClusterSpec extends t.TypeOf<typeof ClusterSpec> {}

/** One version of what the recipes of a cluster are given. */
export const SnapshotName = t.strict(
  {
    version: described(Integer, 'Grows by one with each snapshot of the cluster.'),
    digest: described(t.string, 'SHA-256 of its contents; agents fetch it by this name.'),
  },
  'SnapshotName',
);

export const ClusterStatus = fields(
  'ClusterStatus',
  {},
  {
    observedGeneration: described(Integer, OBSERVED_GENERATION),
    appliedGeneration: described(Integer, APPLIED_GENERATION),
    /** Writer: instances. */
    zones: described(
      t.readonlyArray(t.string),
      'The zones in use. Pinned when first resolved, so that a change at the endpoint moves no host.',
    ),
    imageId: described(t.string, 'The machine image in use for hosts whose Role names none.'),
    hosts: described(Integer, 'How many Instances there are, those that are leaving included.', {
      unit: 'hosts',
    }),
    readyHosts: described(Integer, 'How many of them are set up, healthy and there to stay.', {
      unit: 'hosts',
    }),
    /** Writer: lifecycle. */
    snapshot: described(
      SnapshotName,
      'The newest snapshot of the cluster: hosts, addresses and attributes as recipes are given them.',
    ),
    /** Writer: cookbooks. */
    cookbooks: described(
      t.readonlyArray(CookbookPack),
      'What the sources of cookbooks were resolved to, in their order.',
    ),
    cookbookSources: described(
      t.record(t.string, CookbookSourceState),
      'How it stands with each source of cookbooks, by its name.',
    ),
    /** Writer: sweeper. */
    strangers: described(
      t.readonlyArray(t.string),
      'Machines that carry the tag of this installation and that no Instance names. They are reported and left alone: look at them, then terminate them by hand.',
    ),
    /** Writer: server (the consent verb). */
    consentRevision: described(
      Integer,
      'The revision of the parked edit or deletion that somebody consented to last.',
    ),
    conditions: described(
      Conditions,
      'Ready: every Role has the hosts it should have. Reconciling, Stalled: work is going on, or cannot. ConsentRequired: an edit is parked. Configured: hosts know of each other. CookbooksReady: every source of cookbooks was resolved and packed. Drifted: on some host a run of its recipes would change something. HealingAllowed: the breaker is closed. Valid: the spec can be read.',
    ),
  },
);
export interface ClusterStatus extends t.TypeOf<typeof ClusterStatus> {}

export const clusterDefaults = (spec: ClusterSpec): ClusterSpec => ({
  instanceType: INSTANCE_TYPE,
  timeZone: TIME_ZONE,
  attributes: {},
  cookbooks: [],
  driftCheckIntervalMinutes: 0,
  maxTerminationPercent: MAX_TERMINATION_PERCENT,
  ...spec,
  healing: { breakerPercent: BREAKER_PERCENT, ...spec.healing },
});
