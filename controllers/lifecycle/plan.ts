/** The plan of the lifecycle controller for one cluster: pure, from what is observed to events and statuses. */
import type { Target } from '../../api-types/kinds/lifecycle-event.js';
import { EVENT_TIMEOUT_SECONDS } from '../../api-types/kinds/role-events.js';
import { HEALING_DEFAULTS } from '../../api-types/kinds/role-healing.js';
import { SHUTDOWN_TIMEOUT_SECONDS } from '../../api-types/kinds/role.js';
import type { Lifecycle } from '../../api-types/lifecycle.js';
import type { Snapshot } from '../../api-types/snapshot.js';
import { millis } from '../../api-types/units.js';
import { parseTimestamp } from '../../runtime/clock.js';
import { runAfter, settled, type Outcome } from '../../runtime/controller.js';
import type { Turns } from '../../runtime/turns.js';
import type { Live } from '../../store/objects/objects.js';
import { dueIn, seen, type Debounce } from './debounce.js';
import { inFlight } from './fold.js';
import { isMember, type Member, type Observed } from './observe.js';
import { drainingOf } from './releases.js';
import { plannedRuns } from './runs.js';
import { inputText, type SentLog } from './sent.js';
import type { LifecycleSettings } from './settings.js';
import { snapshotOf } from './snapshot.js';
import { isWaiting } from './status.js';
import { isBalancer, newlyTold } from './told.js';
import {
  expiresIn,
  wantsConfigure,
  wantsDeploy,
  wantsSetup,
  wantsShutdown,
  type ConfigureWish,
} from './targets.js';

/** The Run that an event is for. */
export interface PlannedRun {
  readonly uid: string;
  /** The event's name. */
  readonly name: string;
  readonly dryRun: boolean;
  /** Only these, instead of what roles have for the event. */
  readonly recipes?: readonly string[];
}

export interface PlannedEvent {
  readonly event: Lifecycle;
  readonly cause: string;
  readonly timeoutSeconds: number;
  readonly targets: readonly Target[];
  /** Configure: by machine, the digest of what is sent. */
  readonly inputs: ReadonlyMap<string, string>;
  readonly run?: PlannedRun;
}

export interface PlanInput {
  readonly observed: Observed;
  readonly members: readonly Member[];
  readonly sent: SentLog;
  readonly connected: (machine: string) => boolean;
  /** Wall clock, milliseconds. */
  readonly now: number;
  /** Monotonic clock, milliseconds. */
  readonly elapsed: number;
  readonly debounce: Debounce | null;
  readonly settings: LifecycleSettings;
}

export interface Plan {
  readonly snapshot: Snapshot;
  readonly events: readonly PlannedEvent[];
  readonly debounce: Debounce | null;
  /** Hosts whose newest configure input has not been confirmed. */
  readonly unconfirmed: readonly string[];
  /** Deployments of whose newest change every load balancer has been told. */
  readonly told: readonly Live<'Deployment'>[];
  readonly next: Outcome;
}

/** An event is one record of at most 1 MiB. */
const TARGETS_AN_EVENT = 4000;
const NO_INPUTS: ReadonlyMap<string, string> = new Map();

const names = (targets: readonly Target[]): string => {
  const shown = targets.slice(0, 3).map(({ instance }) => instance);
  const more = targets.length - shown.length;
  return more > 0 ? `${shown.join(', ')} and ${String(more)} more` : shown.join(', ');
};

const pieces = (event: PlannedEvent): readonly PlannedEvent[] =>
  Array.from({ length: Math.ceil(event.targets.length / TARGETS_AN_EVENT) }, (_value, index) => ({
    ...event,
    targets: event.targets.slice(index * TARGETS_AN_EVENT, (index + 1) * TARGETS_AN_EVENT),
  }));

/** One event for each time-out among the targets, so that each host has its own role's. */
const byTimeout = (
  found: readonly { readonly target: Target; readonly timeoutSeconds: number }[],
  make: (targets: readonly Target[], timeoutSeconds: number) => PlannedEvent,
): readonly PlannedEvent[] => {
  const timeouts = [...new Set(found.map(({ timeoutSeconds }) => timeoutSeconds))];
  return timeouts.flatMap((timeoutSeconds) => {
    const of = found.filter((one) => one.timeoutSeconds === timeoutSeconds);
    return pieces(
      make(
        of.map(({ target }) => target),
        timeoutSeconds,
      ),
    );
  });
};

const roleOf = ({ observed }: PlanInput, member: Member) => observed.roles.get(member.spec.role)?.spec;

const setups = (input: PlanInput): readonly PlannedEvent[] => {
  const found = input.members.flatMap((member) => {
    const target = wantsSetup(member, input.sent);
    const timeoutSeconds =
      roleOf(input, member)?.healing?.setupTimeoutSeconds ?? HEALING_DEFAULTS.setupTimeoutSeconds;
    return target === null ? [] : [{ target, timeoutSeconds }];
  });
  return byTimeout(found, (targets, timeoutSeconds) => ({
    event: 'setup',
    cause: `${names(targets)} booted`,
    timeoutSeconds,
    targets,
    inputs: NO_INPUTS,
  }));
};

const shutdowns = (input: PlanInput): readonly PlannedEvent[] => {
  const found = input.members.flatMap((member) => {
    const timeoutSeconds = roleOf(input, member)?.shutdownTimeoutSeconds ?? SHUTDOWN_TIMEOUT_SECONDS;
    const targets = wantsShutdown(member, input);
    return targets.map((target) => ({ target, timeoutSeconds }));
  });
  return byTimeout(found, (targets, timeoutSeconds) => ({
    event: 'shutdown',
    cause: `the machine of ${names(targets)} is to end or to stop`,
    timeoutSeconds,
    targets,
    inputs: NO_INPUTS,
  }));
};

interface Deploys {
  readonly events: readonly PlannedEvent[];
  /** Milliseconds until others are due. */
  readonly waits: readonly number[];
}

const deploys = (input: PlanInput): Deploys => {
  const wished = input.members.flatMap((member) => {
    const wish = wantsDeploy(member, input);
    const timeoutSeconds = roleOf(input, member)?.eventTimeoutSeconds?.deploy ?? EVENT_TIMEOUT_SECONDS;
    return wish === null ? [] : [{ ...wish, timeoutSeconds }];
  });
  const due = wished.filter(({ wait }) => wait === 0);
  const events = byTimeout(due, (targets, timeoutSeconds) => ({
    event: 'deploy',
    cause: `${names(targets)}: set up`,
    timeoutSeconds,
    targets,
    inputs: NO_INPUTS,
  }));
  return { events, waits: wished.flatMap(({ wait }) => (wait === 0 ? [] : [wait])) };
};

const wishing =
  (input: PlanInput, snapshot: Snapshot) =>
  (member: Member): ConfigureWish | null =>
    wantsConfigure(member, () => inputText(snapshot, member.name), input);

const CAUSES = {
  first: 'set up',
  changed: 'input changed',
  hostsFile: 'hosts file changed',
  retry: 'the last run did not succeed',
} as const;

const causeOf = (due: readonly ConfigureWish[]): string => {
  const kinds = (Object.keys(CAUSES) as (keyof typeof CAUSES)[]).filter((why) =>
    due.some((wish) => wish.why === why),
  );
  return kinds
    .map(
      (why) => `${names(due.filter((wish) => wish.why === why).map(({ target }) => target))}: ${CAUSES[why]}`,
    )
    .join('; ');
};

const configures = (input: PlanInput, due: readonly ConfigureWish[]): readonly PlannedEvent[] => {
  if (due.length === 0) return [];
  const general = Math.round(input.settings.configureTimeout / 1000);
  const members = new Map(input.members.map((member) => [member.name, member]));
  const timeoutOf = (wish: ConfigureWish): number => {
    const member = members.get(wish.target.instance);
    if (member === undefined) return general;
    const own = roleOf(input, member)?.eventTimeoutSeconds?.configure ?? general;
    return isBalancer(input.observed, member) ? own + drainingOf(input.observed.releases) : own;
  };
  const found = due.map((wish) => ({ target: wish.target, timeoutSeconds: timeoutOf(wish) }));
  const wishes = new Map(due.map((wish) => [wish.target.machine, wish]));
  return byTimeout(found, (targets, timeoutSeconds) => {
    const of = targets.flatMap(({ machine }) => wishes.get(machine) ?? []);
    const inputs = new Map(of.map((wish) => [wish.target.machine, wish.input]));
    return { event: 'configure', cause: causeOf(of), timeoutSeconds, targets, inputs };
  });
};

const WORTH_TELLING_MS = 10_000;

/** When a host that waits for its roles is to say so in its conditions. */
const tellingIn = (member: Member, now: number): number => {
  const { agent } = member.status;
  if (!isWaiting(member) || agent === undefined) return Infinity;
  const left = parseTimestamp(agent.connectedAt) + WORTH_TELLING_MS - now;
  return left > 0 ? left : Infinity;
};

const nextRun = (input: PlanInput, waits: readonly number[], debounced: number): Outcome => {
  let soonest = Math.min(debounced, ...waits.slice(0, 1000));
  for (const wait of waits) soonest = Math.min(soonest, wait);
  for (const member of input.members) {
    const { sent, now } = input;
    soonest = Math.min(soonest, expiresIn(member, sent, now), tellingIn(member, now));
  }
  return soonest === Infinity ? settled : runAfter(millis(Math.max(1, soonest)), 'events are due');
};

const unconfirmedOf = ({ members, sent }: PlanInput, due: ReadonlySet<string>): readonly string[] =>
  members
    .filter(isMember)
    .filter(({ name, status }) => {
      const well = status.configure?.state === 'succeeded' && !due.has(name);
      return !well || inFlight(status, sent, 'configure') !== null;
    })
    .map(({ name }) => name);

/** While a Deployment goes on, its hosts wait for the load balancers, and they for nothing. */
const waitedFor = (
  { observed, members }: PlanInput,
  due: readonly ConfigureWish[],
): readonly ConfigureWish[] => {
  if (observed.releases.open.length === 0) return [];
  const balancers = members.filter((member) => isBalancer(observed, member));
  const names = new Set(balancers.map(({ name }) => name));
  return due.filter(({ target }) => names.has(target.instance));
};

/** Setup, deploy and shutdown go at once; configure when changes have settled; each host only what it has not been sent. */
export const planLifecycle = async (input: PlanInput, turns: Turns): Promise<Plan> => {
  const { observed, members, settings, elapsed } = input;
  const snapshot = snapshotOf(observed, members);
  const wishes = await turns.map(members, wishing(input, snapshot));
  const wished = wishes.filter((wish) => wish !== null);
  const due = wished.filter(({ wait }) => wait === 0);
  const atOnce = waitedFor(input, due);
  const later = due.filter((wish) => !atOnce.includes(wish));
  const wanted = later.map((wish) => `${wish.target.machine}:${wish.input}`).join(' ');
  const growth = settings.perHost * members.length;
  const waits = { idle: settings.configureIdle + growth, max: settings.configureMax + growth };
  const state = seen(input.debounce, wanted, elapsed);
  const left = state === null ? Infinity : dueIn(state, waits, elapsed);
  const quiet = left <= 0 ? later : [];
  const deploying = deploys(input);
  return {
    snapshot,
    events: [
      ...shutdowns(input),
      ...setups(input),
      ...deploying.events,
      ...configures(input, [...atOnce, ...quiet]),
      ...plannedRuns(observed, members),
    ],
    debounce: quiet.length > 0 ? null : state,
    unconfirmed: unconfirmedOf(input, new Set(due.map(({ target }) => target.instance))),
    told: newlyTold(observed, members, { snapshot, sent: input.sent }),
    next: nextRun(
      input,
      [...deploying.waits, ...wished.map(({ wait }) => (wait === 0 ? Infinity : wait))],
      left <= 0 ? Infinity : left,
    ),
  };
};
