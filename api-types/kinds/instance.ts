/** Instance: one slot of a role. Made by the instances controller; people may edit `desired` and `roles`. */
import * as t from 'io-ts';
import { described } from '../described.js';
import { HostReleases } from '../release.js';
import { Integer, Name, Time, fields, listOf, oneOf, refined } from '../words.js';
import { Conditions, OBSERVED_GENERATION } from './conditions.js';
import { RebootWish, Restart } from './restart.js';

export const DESIRED = ['Running', 'Stopped', 'Maintenance'] as const;

const RestartTime = refined(
  t.string,
  'a time as "2026-01-31T12:00:00Z" (RFC 3339)',
  (value) =>
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(value) &&
    !Number.isNaN(Date.parse(value)),
  { format: 'date-time' },
);

export const InstanceSpec = fields(
  'InstanceSpec',
  { role: described(Name, 'The Role whose host this is: what it runs, and how it is launched and healed.') },
  {
    roles: described(
      listOf(Name, 'a list of role names'),
      'Further Roles whose recipes run on the host too, after those of its own.',
      { default: [] },
    ),
    desired: described(
      oneOf(DESIRED),
      'Running: the host is up. Stopped: its machine is stopped and kept, with its disks. Maintenance: the machine runs, healing leaves it alone, and it does not count as Ready.',
      { default: 'Running' },
    ),
    restartedAt: described(
      RestartTime,
      'Another value than before has the machine rebooted through its cloud, once, if it runs then. `scalarium restart` sets it to the present time.',
      { otherwise: 'it is not rebooted' },
    ),
  },
);
export interface InstanceSpec extends t.TypeOf<typeof InstanceSpec> {}

export const MACHINE_STATES = [
  'pending',
  'running',
  'stopping',
  'stopped',
  'shutting-down',
  'terminated',
] as const;
export type MachineState = (typeof MACHINE_STATES)[number];

/** The machine bound to the slot. Writer: instances. */
export const BoundMachine = fields(
  'BoundMachine',
  {
    id: described(t.string, 'Its id at the cloud, as i-0123456789abcdef0.'),
    batch: described(t.string, 'The launch batch that it came from; its tag says so too.'),
    zone: described(t.string, 'The availability zone that it is in.'),
    instanceType: described(t.string, 'Its size, as t3.micro.'),
    imageId: described(t.string, 'The machine image that it was launched from.'),
    launchedAt: described(Time, 'When the cloud says that it was launched.'),
    state: described(
      oneOf(MACHINE_STATES),
      'What the cloud says of the machine. `status.phase` tells where the host is in its life.',
    ),
  },
  {
    runningAt: described(Time, 'When it was first seen running.'),
    privateAddress: described(
      t.string,
      'Its address inside the cloud: what hosts of the cluster call it by.',
    ),
    publicAddress: described(t.string, 'Its address outside the cloud, when it has one.'),
  },
);
export interface BoundMachine extends t.TypeOf<typeof BoundMachine> {}

/** A machine that must go. Never taken back; only such machines are terminated. */
export const Doomed = fields(
  'Doomed',
  {
    machine: described(t.string, 'The id of the machine at the cloud.'),
    reason: described(
      t.string,
      'Why, in one word: ScaledDown, Replaced, RoleDeleted, BootTimeout, SetupFailed, CloudGone and others.',
    ),
    message: described(t.string, 'Why, for people.'),
    at: described(Time, 'When that was decided.'),
    when: described(
      oneOf(['now', 'replaced']),
      'now: it goes as soon as it was told to shut down. replaced: it goes once the next machine of the Instance is Ready.',
    ),
  },
  { terminateCalledAt: described(Time, 'When the cloud was first told to terminate it.') },
);
export interface Doomed extends t.TypeOf<typeof Doomed> {}

/** How a run ends, as agents report it. */
export const RESULT_STATES = ['succeeded', 'failed', 'superseded'] as const;

/** What became of a life-cycle event on a machine; `expired`: no result came in time. Writer: lifecycle. */
export const EventProgress = fields(
  'EventProgress',
  {
    machine: described(t.string, 'The id of the machine that it ran on.'),
    event: described(t.string, 'The name of the LifecycleEvent.'),
    state: described(
      oneOf([...RESULT_STATES, 'expired']),
      'How it ended. superseded: a newer event made it unnecessary; expired: no result came in time.',
    ),
    at: described(Time, 'When it ended.'),
  },
  {
    message: described(t.string, 'What failed, for people: resource, command, exit code, last output.'),
    warning: described(t.string, 'What was left undone although the run counts, for people.'),
    attempt: described(Integer, '1; 2 when it was found unfinished after a crash and run again.'),
    input: described(t.string, 'The digest of what configure was given; the same input is not sent twice.'),
    releases: described(HostReleases, 'Of deploy: which releases the host runs since, by application.'),
  },
);
export interface EventProgress extends t.TypeOf<typeof EventProgress> {}

export const StopWish = fields(
  'StopWish',
  {
    machine: described(t.string, 'The id of the machine at the cloud.'),
    askedAt: described(Time, 'Since when its host is to shut down first.'),
  },
  {
    calledAt: described(
      Time,
      'When the cloud was last told to stop it. It stays when the machine is started again.',
    ),
  },
);
export interface StopWish extends t.TypeOf<typeof StopWish> {}

const AgentSeen = fields(
  'AgentSeen',
  {
    machine: described(t.string, 'The id of the machine that it runs on.'),
    connectedAt: described(Time, 'When it first connected.'),
    address: described(t.string, 'The address that it connected from.'),
    version: described(t.string, 'Its version.'),
  },
  {
    startedAt: described(Time, "Since when it runs, by its host's clock."),
    build: described(t.string, 'The build it is, where it was installed as a file of its own.', {
      otherwise: 'it came another way, and never updates itself',
    }),
    buildSince: described(Time, 'When it first said that it is this build.'),
    gaveUp: described(
      t.string,
      'The last build that did not come up on the host, which went back to the one before.',
    ),
  },
);

/** What the host runs of one application. Writer: deployments. */
export const InstanceApplication = fields(
  'InstanceApplication',
  {
    machine: described(t.string, 'The machine that it runs on; what is said of another one does not count.'),
    deployment: described(t.string, 'The Deployment that brought it.'),
    release: described(Integer, 'The number of the release.'),
    revision: described(t.string, 'Its revision.'),
  },
  {
    port: described(Integer, "Where it listens, where that is not the release's port."),
    at: described(Time, 'When the host said so; what it said in `deploy` after that is newer.'),
  },
);
export interface InstanceApplication extends t.TypeOf<typeof InstanceApplication> {}

const Remediation = t.strict(
  {
    machine: described(t.string, 'The id of the machine at the cloud.'),
    action: described(oneOf(['reboot', 'replace']), 'What healing wants done with it.'),
    reason: described(t.string, 'Why, in one CamelCase word.'),
    message: described(t.string, 'Why, for people: which signs there were and since when.'),
    at: described(Time, 'When that was decided.'),
  },
  'Remediation',
);

const Rebooted = t.strict(
  {
    machine: described(t.string, 'The id of the machine at the cloud.'),
    at: described(Time, 'When the cloud was told to reboot it.'),
  },
  'Rebooted',
);

export const InstanceStatus = fields(
  'InstanceStatus',
  {},
  {
    observedGeneration: described(Integer, OBSERVED_GENERATION),
    /** Writer: instances. */
    machine: described(
      t.union([BoundMachine, t.null]),
      'The machine that fills the slot at the moment; null while there is none.',
    ),
    doomed: described(
      t.readonlyArray(Doomed),
      'Machines of the slot that must go. None is ever taken back, and no other machine is terminated.',
    ),
    requestedAt: described(Time, 'When the slot asked for its present machine.'),
    /** Writer: server (gateway). First connection of the machine's agent, made once a machine. */
    agent: described(AgentSeen, 'The agent on the machine, as it was when it first connected.'),
    /** Writer: lifecycle. */
    setup: described(EventProgress, 'How setup ended, which makes an empty machine a host of its Role.'),
    configure: described(
      EventProgress,
      'How the newest configure ended, which tells a host of the others in the cluster.',
    ),
    deploy: described(
      EventProgress,
      'How the deploy after setup ended, which brings applications; only on hosts whose Roles have something for it.',
    ),
    applications: described(
      t.record(t.string, InstanceApplication),
      'What a Deployment last brought to it, by the name of the Application; what the deploy after setup brought is in `deploy`.',
    ),
    rebootWish: described(
      RebootWish,
      'The last time that recipes wanted the machine to be started anew. Carried out by instances.',
    ),
    shutdown: described(
      t.record(t.string, EventProgress),
      'How shutdown ended, by the id of the machine: machines that must go have one each.',
    ),
    /** Writer: healing; carried out by instances. */
    remediation: described(Remediation, 'What healing wants done with the machine, and why.'),
    /** Writer: instances. `calledAt` is noted before the call is made. */
    stop: described(
      t.union([StopWish, t.null]),
      'The machine is to be stopped and kept, because `desired` is Stopped.',
    ),
    /** Writer: instances. */
    rebooted: described(Rebooted, 'The last reboot that was carried out.'),
    restart: described(Restart, 'How far the reboot is that `spec.restartedAt` asked for.'),
    wishRestart: described(Restart, 'How far the reboot is that `rebootWish` asks for.'),
    conditions: described(
      Conditions,
      'Launched: it has a machine. SetupDone, Deployed, Configured: the events ended well. Drifted: a run of its recipes would change something. Accounts: people have the accounts that they were granted. Healthy: the signs are good. Ready: all of that, and it is to serve. Reconciling, Stalled: work is going on, or cannot. Valid: the spec can be read.',
    ),
  },
);
export interface InstanceStatus extends t.TypeOf<typeof InstanceStatus> {}

export const instanceDefaults = (spec: InstanceSpec): InstanceSpec => ({
  roles: [],
  desired: 'Running',
  ...spec,
});

/** When this machine last shut down or was stopped, RFC 3339; empty: never. */
export const lastStopOf = ({ shutdown, stop }: InstanceStatus, machine: string): string => {
  const told = shutdown?.[machine]?.at ?? '';
  const called = stop?.machine === machine ? (stop.calledAt ?? '') : '';
  return told > called ? told : called;
};

/** It ended after the machine's last stop: what was done before does not count any more. */
export const isCurrent = (status: InstanceStatus, progress: EventProgress): boolean =>
  progress.at > lastStopOf(status, progress.machine);

/** The roles of a host, each once and its own first: those of its spec, or of its entry in a snapshot. */
export const rolesOf = ({
  role,
  roles = [],
}: {
  readonly role: string;
  readonly roles?: readonly string[];
}): readonly string[] => (roles.length === 0 ? [role] : [...new Set([role, ...roles])]);
