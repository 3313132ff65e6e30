/** Role: what a group of hosts is, and how many there are. */
import * as t from 'io-ts';
import {
  CountOrPercentage,
  JsonObject,
  Name,
  NonEmpty,
  Seconds,
  fields,
  listOf,
  oneOf,
  wholeNumber,
} from '../words.js';
import { Conditions } from './conditions.js';

export const ROLE_TYPES = [
  'load-balancer',
  'nodejs-app',
  'db-master',
  'db-replica',
  'memcached',
  'custom',
] as const;
export type RoleType = (typeof ROLE_TYPES)[number];

/** Hosts of these types hold data: healing never replaces them unless the role says `healing.enabled: true`. */
export const isStateful = (type: RoleType): boolean => type === 'db-master' || type === 'db-replica';

const HealingSpec = fields(
  'HealingSpec',
  {},
  {
    /** Default: true, for databases false. */
    enabled: t.boolean,
    /** Hosts of the role that healing may have out of service at a time: a number or a share as "25%". */
    maxUnavailable: CountOrPercentage,
    /** No heartbeat for this long: silent. A second bad signal makes it failed. */
    silentSeconds: Seconds,
    /** Silent but otherwise well for this long: reboot. */
    silentRebootSeconds: Seconds,
    /** Silent but otherwise well for this long: replace. */
    silentReplaceSeconds: Seconds,
    /** From the launch call to the agent's first word. */
    bootTimeoutSeconds: Seconds,
    /** From the agent's first word to the end of setup. */
    setupTimeoutSeconds: Seconds,
    /** Replacements an hour, for the role. */
    maxReplacementsPerHour: wholeNumber(0, 10_000),
  },
);

export const RoleSpec = fields(
  'RoleSpec',
  { type: oneOf(ROLE_TYPES), replicas: wholeNumber(0, 10_000) },
  {
    instanceType: NonEmpty,
    imageId: NonEmpty,
    zones: listOf(NonEmpty, 'a list of zones'),
    /** Roles whose first hosts must be Ready before hosts of this role are set up. */
    dependsOn: listOf(Name, 'a list of role names'),
    /** Roles whose changes this role's recipes look at, beyond what the built-in recipe needs. */
    watches: listOf(Name, 'a list of role names'),
    /** Free JSON for recipes; wins over the cluster's. */
    attributes: JsonObject,
    healing: HealingSpec,
    /** How long the shutdown event may take before the machine is stopped or terminated all the same. */
    shutdownTimeoutSeconds: Seconds,
  },
);
export interface RoleSpec extends t.TypeOf<typeof RoleSpec> {}

/** A launch attempt: in the record before the call is made. */
export const LaunchBatch = fields(
  'LaunchBatch',
  {
    /** The client token, and the value of the batch tag. */
    id: t.string,
    zone: t.string,
    imageId: t.string,
    instanceType: t.string,
    /** SHA-256 of everything the call is made of; another hash is another batch. */
    parametersHash: t.string,
    /** Instance names in launch order, with the uid of their slot: machine k goes to slot k. */
    slots: t.readonlyArray(t.strict({ name: t.string, uid: t.string })),
    createdAt: t.string,
    /** Where its agents enrol: part of the user data, so part of the parameters. */
    gateways: t.readonlyArray(t.string),
  },
  {
    subnetId: t.string,
    keyName: t.string,
    /** RFC 3339 of the last call; none: no call was made yet. */
    calledAt: t.string,
    /** How often the call was made. */
    calls: t.number,
    /** Proven to hold no more machines than were bound: its unbound slots are free again. */
    closed: t.boolean,
  },
);
export interface LaunchBatch extends t.TypeOf<typeof LaunchBatch> {}

/** A machine whose slot was released: what the sweeper may terminate. Kept 24 hours. */
export const Tombstone = t.strict(
  { machine: t.string, instance: t.string, uid: t.string, at: t.string },
  'Tombstone',
);
export interface Tombstone extends t.TypeOf<typeof Tombstone> {}

export const RoleStatus = fields(
  'RoleStatus',
  {},
  {
    observedGeneration: t.number,
    appliedGeneration: t.number,
    /** Writer: instances. */
    replicas: t.number,
    readyReplicas: t.number,
    batches: t.readonlyArray(LaunchBatch),
    tombstones: t.readonlyArray(Tombstone),
    /** Launches that failed in a row, and the time before which none is tried again. */
    launchFailures: t.number,
    launchNotBefore: t.string,
    /** Writer: server (the consent verb). The spec revision, or the deletion's revision, that was consented to. */
    consentRevision: t.number,
    /** Writer: healing. RFC 3339 of the replacements of the last hour. */
    replacements: t.readonlyArray(t.string),
    conditions: Conditions,
  },
);
export interface RoleStatus extends t.TypeOf<typeof RoleStatus> {}

/** Every setting of healing. */
export type Healing = Required<t.TypeOf<typeof HealingSpec>>;

/** What `healing` means where a spec says nothing; `enabled` depends on the type. */
export const HEALING_DEFAULTS: Omit<Healing, 'enabled'> = {
  maxUnavailable: '25%',
  silentSeconds: 25,
  silentRebootSeconds: 180,
  silentReplaceSeconds: 600,
  bootTimeoutSeconds: 300,
  setupTimeoutSeconds: 900,
  maxReplacementsPerHour: 20,
};

/** A role's healing with nothing left to default. */
export const healingWithDefaults = (spec: RoleSpec): Healing => ({
  enabled: !isStateful(spec.type),
  ...HEALING_DEFAULTS,
  ...spec.healing,
});

/** `shutdownTimeoutSeconds` where a spec says nothing. */
export const SHUTDOWN_TIMEOUT_SECONDS = 120;

export const roleDefaults = (spec: RoleSpec): RoleSpec => ({
  dependsOn: [],
  watches: [],
  attributes: {},
  shutdownTimeoutSeconds: SHUTDOWN_TIMEOUT_SECONDS,
  ...spec,
  healing: healingWithDefaults(spec),
});
