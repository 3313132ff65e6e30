/** Role: what a group of hosts is, and how many there are. */
import * as t from 'io-ts';
import { AgentRelease } from '../agent-release.js';
import { described } from '../described.js';
import {
  Integer,
  JsonObject,
  Name,
  NonEmpty,
  Seconds,
  Time,
  fields,
  listOf,
  oneOf,
  wholeNumber,
} from '../words.js';
import { APPLIED_GENERATION, Conditions, OBSERVED_GENERATION } from './conditions.js';
import { HEALING_DEFAULTS, HealingSpec, type Healing } from './role-healing.js';
import { EventTimeouts, PackageName, Recipes } from './role-events.js';

export const ROLE_TYPES = [
  'load-balancer',
  'nodejs-app',
  'rails-app',
  'php-app',
  'java-app',
  'static-web',
  'db-master',
  'db-replica',
  'memcached',
  'monitoring',
  'custom',
] as const;
export type RoleType = (typeof ROLE_TYPES)[number];

/** Hosts of these types hold data: healing never replaces them unless the role says `healing.enabled: true`. */
export const isStateful = (type: RoleType): boolean => type === 'db-master' || type === 'db-replica';

/** `shutdownTimeoutSeconds` where a spec says nothing. */
export const SHUTDOWN_TIMEOUT_SECONDS = 120;

export const RoleSpec = fields(
  'RoleSpec',
  {
    type: described(
      oneOf(ROLE_TYPES),
      'What the hosts are. It selects the built-in recipes: load-balancer runs HAProxy before the application hosts; nodejs-app, rails-app, php-app, java-app and static-web run applications; db-master and db-replica MariaDB; memcached a cache; monitoring Prometheus; custom has no recipes but its own.',
    ),
    replicas: described(
      wholeNumber(0, 10_000),
      'How many hosts the Role has. Lowering it ends those with the highest numbers; ending many at once waits for consent (see maxTerminationPercent of the Cluster).',
      { unit: 'hosts' },
    ),
  },
  {
    instanceType: described(NonEmpty, 'The size of machine for new hosts of the Role, as t3.large.', {
      otherwise: "the Cluster's instanceType",
    }),
    imageId: described(NonEmpty, 'The machine image of new hosts.', { otherwise: "the Cluster's imageId" }),
    zones: described(
      listOf(NonEmpty, 'a list of zones'),
      'Availability zones that the hosts of the Role are spread over evenly.',
      { otherwise: 'the zones of the Cluster' },
    ),
    dependsOn: described(
      listOf(Name, 'a list of role names'),
      'Roles that must have a Ready host before hosts of this Role are set up. Machines are launched at once all the same; only setup waits.',
      { default: [] },
    ),
    watches: described(
      listOf(Name, 'a list of role names'),
      'Roles whose changes make hosts of this Role configure themselves again, beyond those that the built-in recipe needs.',
      { default: [] },
    ),
    attributes: described(
      JsonObject,
      "Free JSON that recipes find in the node's attributes. Merged over the attributes of the Cluster, and wins.",
      { default: {} },
    ),
    healing: described(
      HealingSpec,
      'When hosts of the Role are taken for failed, and what is done about it.',
    ),
    recipes: described(Recipes, "Recipes of one's own, by life-cycle event."),
    packages: described(
      listOf(PackageName, 'a list of packages'),
      'Packages of the distribution that setup installs beside those of the type.',
      { default: [] },
    ),
    secrets: described(
      listOf(Name, 'a list of Secrets'),
      'Secrets that are delivered to the hosts of the Role, for its own recipes. Those that built-in recipes need need not be named.',
      { default: [] },
    ),
    eventTimeoutSeconds: described(
      EventTimeouts,
      'How many seconds events may take, by event. Of setup it is healing.setupTimeoutSeconds, of shutdown shutdownTimeoutSeconds, of undeploy timeoutSeconds of its Run.',
    ),
    shutdownTimeoutSeconds: described(
      Seconds,
      'How long the shutdown event may take before the machine is stopped or terminated all the same.',
      { default: SHUTDOWN_TIMEOUT_SECONDS, unit: 'seconds' },
    ),
  },
);
export interface RoleSpec extends t.TypeOf<typeof RoleSpec> {}

/** A launch attempt: in the record before the call is made. */
export const LaunchBatch = fields(
  'LaunchBatch',
  {
    id: described(
      t.string,
      'The client token of the launch call, and the value of the tag its machines carry.',
    ),
    zone: described(t.string, 'The availability zone that the machines are launched in.'),
    imageId: described(t.string, 'The machine image.'),
    instanceType: described(t.string, 'The size of machine.'),
    parametersHash: described(
      t.string,
      'SHA-256 of everything that the call is made of. A call with other parameters is another batch.',
    ),
    slots: described(
      t.readonlyArray(
        t.strict({
          name: described(t.string, 'The name of the Instance.'),
          uid: described(t.string, 'Its uid, so that a later Instance of the same name is not taken for it.'),
        }),
      ),
      'The Instances that the machines are for, in launch order: machine k fills slot k.',
    ),
    createdAt: described(Time, 'When the batch was planned.'),
    gateways: described(
      t.readonlyArray(t.string),
      'The addresses where the agents enrol. They are in the user data, so they are part of the parameters.',
    ),
  },
  {
    ca: described(
      t.string,
      'The authority that the agents are to trust (PEM), where they enrol over https. It is in the user data too.',
      { otherwise: 'an authority that every machine trusts, or no TLS' },
    ),
    agent: described(
      AgentRelease,
      'The agent that a bare image is to fetch: its version, and what its file for each kind of machine must hash to. It is in the user data too.',
      { otherwise: 'none is installed: the image has it' },
    ),
    subnetId: described(t.string, 'The subnet, where the Cluster names one for the zone.'),
    keyName: described(t.string, 'The EC2 key pair, where the Cluster names one.'),
    calledAt: described(Time, 'When the launch call was made last.', { otherwise: 'no call was made yet' }),
    calls: described(Integer, 'How often the call was made; a repeated call launches nothing twice.'),
    closed: described(
      t.boolean,
      'Proven to hold no more machines than were bound: Instances that got none are free for another batch.',
    ),
  },
);
export interface LaunchBatch extends t.TypeOf<typeof LaunchBatch> {}

/** A machine whose slot was released: what the sweeper may terminate. Kept 24 hours. */
export const Tombstone = t.strict(
  {
    machine: described(t.string, 'The id of the machine at the cloud.'),
    instance: described(t.string, 'The name of the Instance that it filled.'),
    uid: described(t.string, 'The uid of that Instance.'),
    at: described(Time, 'When the Instance was released from it.'),
  },
  'Tombstone',
);
export interface Tombstone extends t.TypeOf<typeof Tombstone> {}

export const RoleRollout = fields(
  'RoleRollout',
  {
    deployment: described(t.string, 'The Deployment.'),
    surge: described(Integer, 'How many hosts beside `replicas`.', { unit: 'hosts' }),
    retire: described(t.readonlyArray(t.string), 'Instances that go first when there are too many.'),
  },
  {},
);
export interface RoleRollout extends t.TypeOf<typeof RoleRollout> {}

export const RoleStatus = fields(
  'RoleStatus',
  {},
  {
    observedGeneration: described(Integer, OBSERVED_GENERATION),
    appliedGeneration: described(Integer, APPLIED_GENERATION),
    /** Writer: instances. */
    replicas: described(Integer, 'How many Instances the Role has at the moment.', { unit: 'hosts' }),
    readyReplicas: described(Integer, 'How many of them are set up, healthy and there to stay.', {
      unit: 'hosts',
    }),
    batches: described(
      t.readonlyArray(LaunchBatch),
      'Launch calls that were planned or made and whose machines are not all accounted for.',
    ),
    tombstones: described(
      t.readonlyArray(Tombstone),
      'Machines that were let go within the last 24 hours. Only what is named here is terminated should it turn up again.',
    ),
    launchFailures: described(Integer, 'Launches that failed in a row; each makes the next wait longer.'),
    launchNotBefore: described(Time, 'Before this moment no further launch is tried.'),
    /** Writer: server (the consent verb). */
    consentRevision: described(
      Integer,
      'The revision of the parked edit or deletion that somebody consented to last.',
    ),
    /** Writer: healing. */
    replacements: described(
      t.readonlyArray(Time),
      'When healing replaced hosts within the last hour: counted against maxReplacementsPerHour.',
    ),
    /** Writer: deployments. */
    rollout: described(
      t.union([RoleRollout, t.null]),
      'A blue-green Deployment has more hosts for a while, and says which of them go afterwards.',
    ),
    conditions: described(
      Conditions,
      'Ready: as many hosts are online as the spec says. Reconciling, Stalled: work is going on, or cannot. ConsentRequired: an edit is parked. HealingAllowed: healing may act. Valid: the spec can be read.',
    ),
  },
);
export interface RoleStatus extends t.TypeOf<typeof RoleStatus> {}

/** A role's healing with nothing left to default. */
export const healingWithDefaults = (spec: RoleSpec): Healing => ({
  enabled: !isStateful(spec.type),
  ...HEALING_DEFAULTS,
  ...spec.healing,
});

export const roleDefaults = (spec: RoleSpec): RoleSpec => ({
  dependsOn: [],
  watches: [],
  attributes: {},
  packages: [],
  secrets: [],
  shutdownTimeoutSeconds: SHUTDOWN_TIMEOUT_SECONDS,
  ...spec,
  healing: healingWithDefaults(spec),
});
