/** The one table of kinds: plural, short name, scope, codecs, columns and where an object lives follow from it. */
import type * as t from 'io-ts';
import { column, ready } from './columns.js';
import { type KindEntry, entry } from './kind-entry.js';
import { CloudSpec, CloudStatus, cloudDefaults } from './kinds/cloud.js';
import { ClusterSpec, ClusterStatus, clusterDefaults } from './kinds/cluster.js';
import { APPLICATION, DEPLOYMENT } from './deploying-kinds.js';
import { EventStatus } from './kinds/event.js';
import { GrantSpec, GrantStatus, grantDefaults } from './kinds/grant.js';
import { InstanceSpec, InstanceStatus, instanceDefaults } from './kinds/instance.js';
import { phaseOf } from './kinds/phase.js';
import { LifecycleEventStatus } from './kinds/lifecycle-event.js';
import { RoleSpec, RoleStatus, roleDefaults } from './kinds/role.js';
import { RunSpec, RunStatus, runDefaults } from './kinds/run.js';
import { SecretSpec, SecretStatus } from './kinds/secret.js';
import { UserSpec, UserStatus, userDefaults } from './kinds/user.js';

const same = <S>(spec: S): S => spec;

export const KINDS = {
  Cloud: entry({
    kind: 'Cloud',
    plural: 'clouds',
    shortNames: ['cl'],
    scope: 'Cluster',
    home: 'spec',
    about: 'A cloud endpoint: which provider and region it is, where it answers, and what it cannot do.',
    categories: ['scalarium'],
    bare: false,
    spec: CloudSpec,
    status: CloudStatus,
    defaults: cloudDefaults,
    columns: [
      column<CloudSpec, CloudStatus>('Provider', 'spec.provider', (spec) => spec.provider),
      column<CloudSpec, CloudStatus>('Region', 'spec.region', (spec) => spec.region),
      ready,
      column<CloudSpec, CloudStatus>('Endpoint', 'spec.endpoints.ec2', (spec) => spec.endpoints?.ec2, true),
    ],
  }),
  Cluster: entry({
    kind: 'Cluster',
    plural: 'clusters',
    shortNames: ['cls'],
    scope: 'Cluster',
    home: 'spec',
    about:
      'A cluster of hosts and the namespace of everything in it: which Cloud it is on, and what its hosts have in common.',
    categories: ['scalarium'],
    bare: false,
    spec: ClusterSpec,
    status: ClusterStatus,
    defaults: clusterDefaults,
    columns: [
      column<ClusterSpec, ClusterStatus>('Cloud', 'spec.cloud', (spec) => spec.cloud),
      column<ClusterSpec, ClusterStatus>('Hosts', 'status.hosts', (_spec, status) => status.hosts),
      column<ClusterSpec, ClusterStatus>('Online', 'status.readyHosts', (_spec, status) => status.readyHosts),
      ready,
      column<ClusterSpec, ClusterStatus>(
        'Zones',
        'status.zones',
        (_spec, status) => status.zones?.join(','),
        true,
      ),
    ],
  }),
  Role: entry({
    kind: 'Role',
    plural: 'roles',
    shortNames: ['ro'],
    scope: 'Namespaced',
    home: 'spec',
    about: 'What a group of hosts in a cluster is, and how many of them there are.',
    categories: ['all', 'scalarium'],
    bare: false,
    spec: RoleSpec,
    status: RoleStatus,
    defaults: roleDefaults,
    columns: [
      column<RoleSpec, RoleStatus>('Type', 'spec.type', (spec) => spec.type),
      column<RoleSpec, RoleStatus>('Replicas', 'spec.replicas', (spec) => spec.replicas),
      column<RoleSpec, RoleStatus>('Online', 'status.readyReplicas', (_spec, status) => status.readyReplicas),
      ready,
      column<RoleSpec, RoleStatus>('Instance-Type', 'spec.instanceType', (spec) => spec.instanceType, true),
      column<RoleSpec, RoleStatus>('Depends-On', 'spec.dependsOn', (spec) => spec.dependsOn?.join(','), true),
    ],
  }),
  Instance: entry({
    kind: 'Instance',
    plural: 'instances',
    shortNames: ['in', 'host', 'hosts'],
    scope: 'Namespaced',
    home: 'spec',
    about:
      'One slot of a Role and the machine that fills it. Made by the control plane; people may edit `desired` and `roles`. Deleting one replaces it.',
    categories: ['all', 'scalarium'],
    bare: false,
    spec: InstanceSpec,
    status: InstanceStatus,
    defaults: instanceDefaults,
    columns: [
      column<InstanceSpec, InstanceStatus>('Role', 'spec.role', (spec) => spec.role),
      column<InstanceSpec, InstanceStatus>('Phase', 'status.phase', (_spec, status, source) =>
        phaseOf(status, source.deleting),
      ),
      ready,
      column<InstanceSpec, InstanceStatus>(
        'Machine',
        'status.machine.id',
        (_spec, status) => status.machine?.id,
      ),
      column<InstanceSpec, InstanceStatus>(
        'Address',
        'status.agent.address',
        (_spec, status) => status.agent?.address,
      ),
      column<InstanceSpec, InstanceStatus>(
        'Zone',
        'status.machine.zone',
        (_spec, status) => status.machine?.zone,
        true,
      ),
      column<InstanceSpec, InstanceStatus>(
        'Instance-Type',
        'status.machine.instanceType',
        (_spec, status) => status.machine?.instanceType,
        true,
      ),
    ],
  }),
  User: entry({
    kind: 'User',
    plural: 'users',
    shortNames: ['us'],
    scope: 'Cluster',
    home: 'spec',
    about: 'A person or a program that may ask the API. What it may do in a cluster is said by Grants.',
    categories: [],
    bare: true,
    spec: UserSpec,
    status: UserStatus,
    defaults: userDefaults,
    columns: [
      column<UserSpec, UserStatus>('Admin', 'spec.admin', (spec) => (spec.admin === true ? 'yes' : 'no')),
      column<UserSpec, UserStatus>('Disabled', 'spec.disabled', (spec) =>
        spec.disabled === true ? 'yes' : 'no',
      ),
      column<UserSpec, UserStatus>('Groups', 'spec.groups', (spec) => spec.groups?.join(',')),
      column<UserSpec, UserStatus>('Keys', 'spec.sshKeys', (spec) => spec.sshKeys?.length ?? 0, true),
      column<UserSpec, UserStatus>(
        'Tokens',
        'status.tokens',
        (_spec, status) => Object.keys(status.tokens ?? {}).length,
        true,
      ),
    ],
  }),
  Grant: entry({
    kind: 'Grant',
    plural: 'grants',
    shortNames: ['gr'],
    scope: 'Namespaced',
    home: 'spec',
    about: 'What a user or a group may do in a cluster: the level, and accounts on its hosts.',
    categories: [],
    bare: true,
    spec: GrantSpec,
    status: GrantStatus,
    defaults: grantDefaults,
    columns: [
      column<GrantSpec, GrantStatus>('Level', 'spec.level', (spec) => spec.level),
      column<GrantSpec, GrantStatus>('User', 'spec.user', (spec) => spec.user),
      column<GrantSpec, GrantStatus>('Group', 'spec.group', (spec) => spec.group),
      column<GrantSpec, GrantStatus>('Ssh', 'spec.ssh', (spec) => (spec.ssh === true ? 'yes' : 'no')),
      column<GrantSpec, GrantStatus>('Sudo', 'spec.sudo', (spec) => (spec.sudo === true ? 'yes' : 'no')),
      column<GrantSpec, GrantStatus>('Roles', 'spec.roles', (spec) => spec.roles?.join(','), true),
    ],
  }),
  Secret: entry({
    kind: 'Secret',
    plural: 'secrets',
    shortNames: ['sec'],
    scope: 'Namespaced',
    home: 'spec',
    about: 'Values that are encrypted before they reach the store, never listed, and written to no log.',
    categories: [],
    bare: true,
    spec: SecretSpec,
    status: SecretStatus,
    defaults: same,
    columns: [
      column<SecretSpec, SecretStatus>('Keys', 'spec.data', (spec) =>
        Object.keys({ ...spec.sealed, ...spec.data }).join(','),
      ),
    ],
  }),
  Run: entry({
    kind: 'Run',
    plural: 'runs',
    shortNames: ['rn'],
    scope: 'Namespaced',
    home: 'spec',
    about:
      'An event, or recipes, carried out once, now, on chosen hosts. Its spec is not changed after it was made; deleting it ends nothing that hosts have begun.',
    categories: [],
    bare: true,
    fixed: true,
    spec: RunSpec,
    status: RunStatus,
    defaults: runDefaults,
    columns: [
      column<RunSpec, RunStatus>('Event', 'spec.event', (spec) => spec.event ?? spec.recipes?.join(',')),
      column<RunSpec, RunStatus>(
        'Dry-Run',
        'spec.dryRun',
        (spec) => (spec.dryRun === true ? 'yes' : 'no'),
        true,
      ),
      column<RunSpec, RunStatus>('Phase', 'status.phase', (_spec, status) => status.phase ?? 'Pending'),
      column<RunSpec, RunStatus>('Hosts', 'status.total', (_spec, status) => status.total),
      column<RunSpec, RunStatus>('Succeeded', 'status.succeeded', (_spec, status) => status.succeeded),
      column<RunSpec, RunStatus>('Failed', 'status.failed', (_spec, status) => status.failed),
      column<RunSpec, RunStatus>('Finished', 'status.finishedAt', (_spec, status) => status.finishedAt, true),
    ],
  }),
  Application: APPLICATION,
  Deployment: DEPLOYMENT,
  LifecycleEvent: entry({
    kind: 'LifecycleEvent',
    plural: 'lifecycleevents',
    shortNames: ['le'],
    scope: 'Namespaced',
    home: 'record',
    about:
      'Something hosts are told to carry out (setup, configure, deploy, undeploy, shutdown), with its cause and what became of it. A record only.',
    categories: [],
    bare: false,
    spec: null,
    status: LifecycleEventStatus,
    defaults: same,
    columns: [
      column<unknown, LifecycleEventStatus>('Event', 'status.event', (_spec, status) => status.event),
      column<unknown, LifecycleEventStatus>(
        'Targets',
        'status.targets',
        (_spec, status) => status.targets.length,
      ),
      column<unknown, LifecycleEventStatus>('Cause', 'status.cause', (_spec, status) => status.cause),
    ],
  }),
  Event: entry({
    kind: 'Event',
    plural: 'events',
    shortNames: ['ev'],
    scope: 'Namespaced',
    home: 'record',
    about: 'Something worth telling a person about one object. A record only, kept for an hour.',
    categories: [],
    bare: false,
    spec: null,
    status: EventStatus,
    defaults: same,
    columns: [
      column<unknown, EventStatus>('Type', 'status.type', (_spec, status) => status.type),
      column<unknown, EventStatus>('Reason', 'status.reason', (_spec, status) => status.reason),
      column<unknown, EventStatus>(
        'Object',
        'status.regarding',
        (_spec, status) => `${status.regarding.kind}/${status.regarding.name}`,
      ),
      column<unknown, EventStatus>('Message', 'status.message', (_spec, status) => status.message),
    ],
  }),
} as const;

export type KindName = keyof typeof KINDS;
export const KIND_NAMES = Object.keys(KINDS) as readonly KindName[];

type CodecType<C> = C extends t.Type<infer A> ? A : never;
export type SpecOf<K extends KindName> = CodecType<(typeof KINDS)[K]['spec']>;
export type StatusOf<K extends KindName> = CodecType<(typeof KINDS)[K]['status']>;

/** The entry of a kind, with its types forgotten: for code that serves every kind alike. */
export const kindEntry = (kind: KindName): KindEntry => KINDS[kind] as unknown as KindEntry;

/** By plural, singular, kind or short name, whatever the case: what people type after `get`. */
export const findKind = (word: string): KindEntry | null => {
  const wanted = word.toLowerCase();
  const names = (entry_: KindEntry): readonly string[] => [
    entry_.plural,
    entry_.kind.toLowerCase(),
    ...entry_.shortNames,
  ];
  return KIND_NAMES.map(kindEntry).find((candidate) => names(candidate).includes(wanted)) ?? null;
};

/** By the plural in a path or key. */
export const kindOfPlural = (plural: string): KindName | null =>
  KIND_NAMES.find((kind) => KINDS[kind].plural === plural) ?? null;
