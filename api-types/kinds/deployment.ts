/** Deployment: one command for an application, carried out once. Its spec is not changed: another one is another Deployment. */
import * as t from 'io-ts';
import { described } from '../described.js';
import { DEPLOY_TIMEOUT_SECONDS, DeployTimeout, DeploymentStrategy } from '../deployment-strategy.js';
import { Release } from '../release.js';
import {
  Integer,
  JsonObject,
  Name,
  NonEmpty,
  Time,
  fields,
  listOf,
  oneOf,
  refined,
  wholeNumber,
} from '../words.js';
import { ApplicationSpec } from './application.js';
import { Conditions, OBSERVED_GENERATION } from './conditions.js';

export const DEPLOYMENT_COMMANDS = [
  'deploy',
  'rollback',
  'undeploy',
  'restart',
  'start',
  'stop',
  'migrate',
] as const;
export type DeploymentCommand = (typeof DEPLOYMENT_COMMANDS)[number];

/** They go to every host with every step, beside the release. */
export const MOST_ATTRIBUTES_BYTES = 64 * 1024;
const Attributes = refined(
  JsonObject,
  `an object of at most ${String(MOST_ATTRIBUTES_BYTES / 1024)} KiB`,
  (value) => Buffer.byteLength(JSON.stringify(value)) <= MOST_ATTRIBUTES_BYTES,
);

export const DeploymentSpec = fields(
  'DeploymentSpec',
  {
    application: described(Name, 'The Application of the cluster.'),
    command: described(
      oneOf(DEPLOYMENT_COMMANDS),
      'deploy: bring a revision. rollback: go back to an earlier release, its configuration included. undeploy: end it and remove its code. restart, start, stop: its processes. migrate: run the migration of the release in force.',
    ),
  },
  {
    revision: described(NonEmpty, 'deploy: what to bring, instead of what the Application names.'),
    release: described(wholeNumber(1, 1_000_000_000), 'rollback: the number of the release to go back to.', {
      otherwise: 'the one before that in force',
    }),
    migrate: described(t.boolean, 'deploy: run the migration, on one host, before any restarts.', {
      default: false,
    }),
    strategy: described(DeploymentStrategy, 'How it proceeds.', {
      otherwise: "the Application's; rollback: in two batches; restart: as deploy",
    }),
    onFailure: described(
      oneOf(['rollback', 'pause']),
      'When a host fails the roll-out stops at once. rollback: hosts that have the new release go back. pause: they keep it, and somebody promotes (tries again) or aborts (goes back).',
      { default: 'rollback' },
    ),
    roles: described(listOf(Name, 'a list of role names'), 'Only hosts of these Roles.', { default: [] }),
    instances: described(
      listOf(Name, 'a list of instance names'),
      'Only these hosts, beside those of `roles`. With neither: all online hosts of the application.',
      { default: [] },
    ),
    supersede: described(
      t.boolean,
      'One that goes on for the application is ended where it is; otherwise this one waits for it.',
      { default: false },
    ),
    attributes: described(Attributes, 'Free JSON that recipes and hooks of this Deployment are given.', {
      default: {},
    }),
    comment: described(t.string, 'Why, for people.'),
    timeoutSeconds: described(
      DeployTimeout,
      'How long a host may take for each step, beside the time that the migration and the health check of the application have.',
      {
        default: DEPLOY_TIMEOUT_SECONDS,
        unit: 'seconds',
      },
    ),
  },
);
export interface DeploymentSpec extends t.TypeOf<typeof DeploymentSpec> {}

/** Pending: nobody has looked at it yet. Waiting: another one of the application goes on. Paused: a person must say how it goes on. */
export const DEPLOYMENT_PHASES = [
  'Pending',
  'Waiting',
  'Fetching',
  'Preparing',
  'Migrating',
  'Rolling',
  'Paused',
  'RollingBack',
  'Succeeded',
  'Failed',
  'Aborted',
] as const;
export type DeploymentPhase = (typeof DEPLOYMENT_PHASES)[number];

/**
 * Up to `done` in the order in which a host comes by them. waiting: its turn has not come. preparing, prepared: the release is brought and built beside the one in force. migrating:
 * it runs the migration for all. leaving: load balancers are told to give it nothing new. activating: the release comes into
 * force. joining: load balancers take it in again. finishing: processes of before are ended. done. failed. reverting: it goes
 * back. reverted. skipped: it was not reached, or is not there any more.
 */
export const HOST_STAGES = [
  'waiting',
  'preparing',
  'prepared',
  'migrating',
  'leaving',
  'activating',
  'joining',
  'finishing',
  'done',
  'failed',
  'reverting',
  'reverted',
  'skipped',
] as const;
export type HostStage = (typeof HOST_STAGES)[number];

export const DeploymentHost = fields(
  'DeploymentHost',
  {
    machine: described(t.string, 'The machine that filled the Instance when the Deployment began.'),
    stage: described(oneOf(HOST_STAGES), 'How far it is.'),
    since: described(Time, 'Since when it is there.'),
  },
  {
    batch: described(Integer, 'Its batch, counted from 1.'),
    event: described(t.string, 'The LifecycleEvent that it was told last.'),
    from: described(Integer, 'The number of the release that it had before.'),
    out: described(t.boolean, 'Load balancers are to give it nothing of the application.'),
    change: described(Integer, 'The change of `status.change` that its stage waits for.'),
    overlap: described(t.boolean, 'Old and new run side by side until requests are switched over.'),
    green: described(t.boolean, 'blue-green: it is one of the new hosts.'),
    message: described(t.string, 'What failed, for people: stage, command, exit code, last output.'),
  },
);
export interface DeploymentHost extends t.TypeOf<typeof DeploymentHost> {}

export const DeploymentStatus = fields(
  'DeploymentStatus',
  {},
  {
    observedGeneration: described(Integer, OBSERVED_GENERATION),
    phase: described(oneOf(DEPLOYMENT_PHASES), 'Where it is: Succeeded, Failed and Aborted are its ends.'),
    startedAt: described(Time, 'When it began.'),
    finishedAt: described(Time, 'When it ended.'),
    by: described(t.string, 'Who made it.'),
    from: described(Release, 'The release that was in force before.'),
    release: described(Release, 'The release that it brings.'),
    strategy: described(
      DeploymentStrategy,
      'How it proceeds, as it was resolved when it began: later changes of the Application change nothing in it.',
    ),
    application: described(
      ApplicationSpec,
      'deploy: the Application as it was when it began; until there is a release of it.',
    ),
    batch: described(Integer, 'The batch that goes on, counted from 1.'),
    batches: described(Integer, 'How many batches there are.'),
    pausedAt: described(Time, 'Since when it waits for time, a metric or a person.'),
    answered: described(t.string, 'The word of a person (promote, abort) that was acted upon last.'),
    migrated: described(oneOf(['running', 'done', 'failed', 'unknown']), 'How the migration went.'),
    hosts: described(
      t.record(t.string, DeploymentHost),
      'How far each host is, by the name of its Instance.',
    ),
    change: described(
      Integer,
      'Grows with each change of which hosts load balancers are to give the application to, and at which port.',
    ),
    told: described(Integer, 'The change that every load balancer has been told of.'),
    moved: described(
      Integer,
      'The change that load balancers of the cloud have followed; only where the cluster has some.',
    ),
    events: described(
      t.readonlyArray(t.string),
      'The LifecycleEvents that tell the hosts: `scalarium logs --deployment` shows what they write.',
    ),
    conditions: described(
      Conditions,
      'Complete: it has ended, well or not. Ready: it has ended well. Reconciling: it goes on. Stalled: it ended badly, or waits for a person. Valid: the spec can be read.',
    ),
  },
);
export interface DeploymentStatus extends t.TypeOf<typeof DeploymentStatus> {}

export const deploymentDefaults = (spec: DeploymentSpec): DeploymentSpec => ({
  migrate: false,
  onFailure: 'rollback',
  roles: [],
  instances: [],
  supersede: false,
  attributes: {},
  timeoutSeconds: DEPLOY_TIMEOUT_SECONDS,
  ...spec,
});

/** Annotations of a Deployment by which a person says how it goes on; the value is when, RFC 3339, so that a second word is another. */
export const PROMOTE = 'scalarium.dev/promote';
export const ABORT = 'scalarium.dev/abort';
/** Annotation of an Application that keeps everybody from deploying: why, by whom and since when, as JSON of ApplicationLock. */
export const LOCK = 'scalarium.dev/lock';
/** Annotation that the server sets when a Deployment is made: who made it. */
export const MADE_BY = 'scalarium.dev/made-by';

export const ApplicationLock = fields('ApplicationLock', { reason: t.string, by: t.string, at: Time }, {});
export interface ApplicationLock extends t.TypeOf<typeof ApplicationLock> {}

/** It has ended, well or not. */
export const isEnded = ({ phase }: DeploymentStatus): boolean =>
  phase === 'Succeeded' || phase === 'Failed' || phase === 'Aborted';

/** Who makes Deployments that bring hosts to the release in force which were away while it came. */
export const CATCH_UP_BY = 'scalarium';
const CATCH_UP_INFIX = '-catch-up-';

/** The name of such a Deployment; `about`: what it is for, as hexadecimal digits. */
export const catchUpName = (application: string, about: string): string =>
  `${application.slice(0, 40)}${CATCH_UP_INFIX}${about}`;

/** Nobody asked for it: it decides nothing, and its history is kept apart. */
export const isCatchUp = (name: string, annotations: Readonly<Record<string, string>>): boolean =>
  annotations[MADE_BY] === CATCH_UP_BY && name.includes(CATCH_UP_INFIX);

/** Somebody has looked at it, and it has not ended. One that is being deleted counts until it is gone. */
export const isOpen = ({
  status,
  recordRevision,
}: {
  readonly status: DeploymentStatus;
  readonly recordRevision: number;
}): boolean => recordRevision > 0 && status.phase !== undefined && !isEnded(status);

/** A new host may be kept out before it has a machine; what was said of another machine does not count. */
const isOut = ({ out, machine: of }: DeploymentHost, machine: string): boolean =>
  out === true && (of === '' || of === machine);

/** Applications of which load balancers are to give this machine nothing, by Deployments that go on. */
export const outOf = (
  open: readonly { readonly spec: DeploymentSpec; readonly status: DeploymentStatus }[],
  instance: string,
  machine: string,
): readonly string[] => {
  const found = open.filter(({ status }) => {
    const host = status.hosts?.[instance];
    return host !== undefined && isOut(host, machine);
  });
  return [...new Set(found.map(({ spec }) => spec.application))].sort();
};
