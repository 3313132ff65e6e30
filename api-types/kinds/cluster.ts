/** Cluster: the namespace of everything in it. Cluster-wide itself. */
import * as t from 'io-ts';
import { JsonObject, Name, NonEmpty, Percentage, fields, listOf, refined } from '../words.js';
import { Conditions } from './conditions.js';

const timeZoneExists = (zone: string): boolean => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
};

export const TimeZone = refined(t.string, 'a time zone of the IANA list, as Europe/Berlin', timeZoneExists);

export const ClusterSpec = fields(
  'ClusterSpec',
  { cloud: Name },
  {
    /** Zones its hosts are spread over; none: the endpoint's first two, pinned in the record. */
    zones: listOf(NonEmpty, 'a list of zones'),
    /** Subnet id by zone; hosts of a zone without one are launched without naming a subnet. */
    subnets: t.record(NonEmpty, NonEmpty, 'subnet ids by zone'),
    /** Image of hosts whose role names none. */
    imageId: NonEmpty,
    /** Instance type of hosts whose role names none. */
    instanceType: NonEmpty,
    /** EC2 key pair hosts are launched with. */
    keyName: NonEmpty,
    /** Written to every host's /etc/timezone; default UTC. */
    timeZone: TimeZone,
    /** Free JSON for recipes; a role's attributes win over it. */
    attributes: JsonObject,
    /** An edit that terminates more than this share of the hosts (and more than two) waits for consent. */
    maxTerminationPercent: Percentage,
    healing: fields(
      'ClusterHealing',
      {},
      {
        /** When more than this share of the cluster, or of a zone of it, goes silent together, healing stops. */
        breakerPercent: Percentage,
      },
    ),
  },
);
export interface ClusterSpec extends t.TypeOf<typeof ClusterSpec> {}

export const ClusterStatus = fields(
  'ClusterStatus',
  {},
  {
    observedGeneration: t.number,
    appliedGeneration: t.number,
    /** Writer: instances. The zones in use, pinned when first resolved. */
    zones: t.readonlyArray(t.string),
    imageId: t.string,
    hosts: t.number,
    readyHosts: t.number,
    /** Writer: lifecycle. The newest snapshot: its number grows by one with each; digest names its key. */
    snapshot: t.strict({ version: t.number, digest: t.string }),
    /** Writer: sweeper. Machines with our installation's tag that no slot names. */
    strangers: t.readonlyArray(t.string),
    /** Writer: server (the consent verb). The revision of the edit or deletion that was consented to. */
    consentRevision: t.number,
    conditions: Conditions,
  },
);
export interface ClusterStatus extends t.TypeOf<typeof ClusterStatus> {}

/** What the two bounds are where a spec says nothing. */
export const BREAKER_PERCENT = 50;
export const MAX_TERMINATION_PERCENT = 50;

export const clusterDefaults = (spec: ClusterSpec): ClusterSpec => ({
  instanceType: 't3.micro',
  timeZone: 'UTC',
  attributes: {},
  maxTerminationPercent: MAX_TERMINATION_PERCENT,
  ...spec,
  healing: { breakerPercent: BREAKER_PERCENT, ...spec.healing },
});
