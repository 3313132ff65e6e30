/**
 * Runs: an event on chosen hosts because a person wants it, whatever their input. The event records are the proof of
 * what was told, so that a restart goes on; what becomes of them counts for the Run and for nothing else. Pure.
 */
import { rolesOf } from '../../api-types/kinds/instance.js';
import { phaseOf } from '../../api-types/kinds/phase.js';
import type { Target } from '../../api-types/kinds/lifecycle-event.js';
import {
  RUN_TIMEOUT_SECONDS,
  runEventOf,
  type RunFailure,
  type RunHostState,
  type RunStatus,
} from '../../api-types/kinds/run.js';
import { withCondition, type Condition, type Conditions } from '../../api-types/metadata.js';
import { millis } from '../../api-types/units.js';
import { sha256 } from '../../recipes/members.js';
import { timestamp } from '../../runtime/clock.js';
import { runAfter, settled, type Outcome } from '../../runtime/controller.js';
import type { Live, Write } from '../../store/objects/objects.js';
import { isMember, type Member, type Observed, type OpenRun } from './observe.js';
import type { PlannedEvent, PlannedRun } from './plan.js';
import { changesAfter, type Changes } from './run-changes.js';
import { begunAt, expiresAt, failed, heardOf, verdictOf, type Told, type Verdict } from './run-verdicts.js';

const TARGETS_AN_EVENT = 4000;
const MOST_FAILURES = 50;
const LONGEST_MESSAGE = 1000;

const isOnline = (member: Member): boolean =>
  isMember(member) && phaseOf(member.status, member.deleting) === 'online';

/** The hosts that a Run is for, online or not. */
const chosen = ({ spec }: Live<'Run'>, members: readonly Member[]): readonly Member[] => {
  const { roles = [], instances = [] } = spec;
  if (roles.length === 0 && instances.length === 0) return members;
  return members.filter(
    (member) => instances.includes(member.name) || rolesOf(member.spec).some((role) => roles.includes(role)),
  );
};

interface Choice {
  readonly targets: readonly Target[];
  /** Why the run cannot begin, and never will. */
  readonly refusal: { readonly reason: string; readonly message: string } | null;
}

const refusalOf = (
  { spec }: Live<'Run'>,
  members: readonly Member[],
  targets: readonly Target[],
): Choice['refusal'] => {
  const known = new Set(members.map(({ name }) => name));
  const unknown = (spec.instances ?? []).filter((name) => !known.has(name));
  if (unknown.length > 0) {
    const message = `there is no host ${unknown.slice(0, 10).join(', ')} in this cluster: nothing was run; make another Run`;
    return { reason: 'HostNotFound', message };
  }
  if (targets.length > 0) return null;
  const message = 'none of the hosts it names is online: nothing was run; make another Run when some are';
  return { reason: 'NoHostOnline', message };
};

const choose = (run: Live<'Run'>, members: readonly Member[]): Choice => {
  const targets = chosen(run, members)
    .filter(isOnline)
    .map(({ name, status }) => ({ instance: name, machine: status.machine?.id ?? '' }));
  return { targets, refusal: refusalOf(run, members, targets) };
};

/** Another incarnation's events have other names. */
const eventName = ({ uid, spec }: Live<'Run'>, piece: number): string =>
  `run-${spec.event ?? 'recipes'}-${sha256(uid).slice(0, 12)}-${String(piece)}`;

const runOf = (run: Live<'Run'>, piece: number): PlannedRun => {
  const { recipes, dryRun = false } = run.spec;
  return { uid: run.uid, name: eventName(run, piece), dryRun, ...(recipes === undefined ? {} : { recipes }) };
};

const causeOf = ({ ref, spec }: Live<'Run'>): string =>
  [`Run ${ref.name}`, ...(spec.recipes === undefined ? [] : [`of ${spec.recipes.join(', ')}`])].join(' ');

const eventsOf = (run: Live<'Run'>, targets: readonly Target[]): readonly PlannedEvent[] =>
  Array.from({ length: Math.ceil(targets.length / TARGETS_AN_EVENT) }, (_value, piece) => ({
    event: runEventOf(run.spec),
    cause: causeOf(run),
    timeoutSeconds: run.spec.timeoutSeconds ?? RUN_TIMEOUT_SECONDS,
    targets: targets.slice(piece * TARGETS_AN_EVENT, (piece + 1) * TARGETS_AN_EVENT),
    inputs: new Map(),
    run: runOf(run, piece),
  }));

/** Has its hosts not been told yet? What the status says outlives events that somebody deleted. */
const isNew = ({ run, events }: OpenRun): boolean =>
  events.length === 0 && run.status.startedAt === undefined;

/** The events of Runs whose hosts were not told yet. */
export const plannedRuns = (
  { runs }: Pick<Observed, 'runs'>,
  members: readonly Member[],
): readonly PlannedEvent[] =>
  runs.filter(isNew).flatMap(({ run }) => {
    const { targets, refusal } = choose(run, members);
    return refusal === null ? eventsOf(run, targets) : [];
  });

/** When hosts that have not answered count as failed. */
export const runExpiry = (runs: readonly OpenRun[], now: number): Outcome => {
  const told = runs.filter(({ events }) => events.length > 0);
  if (told.length === 0) return settled;
  const soonest = Math.min(...told.map(expiresAt)) - now;
  return runAfter(millis(Math.max(1, soonest)), 'hosts of a run are to answer');
};

interface Tally {
  readonly hosts: Readonly<Record<string, RunHostState>>;
  readonly failures: readonly RunFailure[];
  readonly changes: Changes;
}

/** A host that has answered stays as it is. */
const tallyOf = (open: OpenRun, told: Told): Tally => {
  const { status, spec } = open.run;
  const hosts: Record<string, RunHostState> = { ...status.hosts };
  const failures: RunFailure[] = [...(status.failures ?? [])];
  const count = (instance: string, { state, message }: Verdict): void => {
    if ((hosts[instance] ?? 'pending') !== 'pending') return;
    hosts[instance] = state;
    if (state === 'failed') failures.push({ instance, message: message.slice(0, LONGEST_MESSAGE) });
  };
  const targets = open.events.flatMap(({ status: event }) => event.targets);
  const heard = heardOf(open, told);
  const news = targets.filter(({ instance }) => (hosts[instance] ?? 'pending') === 'pending');
  for (const target of targets) count(target.instance, verdictOf(open, target, heard, told));
  const known = new Set(targets.map(({ instance }) => instance));
  for (const name of Object.keys(hosts))
    if (!known.has(name)) count(name, failed('its event was deleted before it answered'));
  for (const name of spec.instances ?? [])
    if (!known.has(name)) count(name, failed('it was not online when the run began'));
  const answers = news.flatMap(({ machine }) => heard.results.get(machine) ?? []);
  const changes = changesAfter(status, answers, spec.dryRun === true);
  return { hosts, failures: failures.slice(0, MOST_FAILURES), changes };
};

const conditionsAfter = (
  before: Conditions,
  verdicts: Readonly<Record<string, Omit<Condition, 'type' | 'lastTransitionTime'>>>,
  now: number,
): Conditions =>
  Object.entries(verdicts).reduce<Conditions>(
    (conditions, [type, verdict]) =>
      withCondition(conditions, { type, ...verdict, lastTransitionTime: timestamp(now) }),
    before,
  );

const when = (
  holds: boolean,
  reason: string,
  message: string,
): Omit<Condition, 'type' | 'lastTransitionTime'> => ({ status: holds ? 'True' : 'False', reason, message });

interface Progress {
  readonly phase: NonNullable<RunStatus['phase']>;
  readonly reason: string;
  readonly message: string;
}

const conditionsOf = (run: Live<'Run'>, { phase, reason, message }: Progress, now: number): Conditions => {
  const ended = phase === 'Succeeded' || phase === 'Failed';
  const verdicts = {
    Ready: when(phase === 'Succeeded', reason, message),
    Reconciling: when(!ended, reason, message),
    Stalled: when(phase === 'Failed', reason, message),
    Complete: when(ended, reason, message),
  };
  return conditionsAfter(run.status.conditions ?? {}, verdicts, now);
};

const numberOf = ({ hosts }: Tally, state: RunHostState): number =>
  Object.values(hosts).filter((one) => one === state).length;

const progressOf = (tally: Tally): Progress => {
  const [total, left, bad] = [
    Object.keys(tally.hosts).length,
    numberOf(tally, 'pending'),
    numberOf(tally, 'failed'),
  ];
  if (left > 0)
    return {
      phase: 'Running',
      reason: 'Running',
      message: `${String(left)} of ${String(total)} hosts are at it`,
    };
  if (bad === 0)
    return { phase: 'Succeeded', reason: 'Succeeded', message: `all ${String(total)} hosts did` };
  const names = tally.failures.slice(0, 10).map(({ instance }) => instance);
  const message = `${String(bad)} of ${String(total)} hosts failed: ${names.join(', ')}`;
  return { phase: 'Failed', reason: 'HostsFailed', message };
};

/** What of `after` is not in `before`: merge patches of maps say only what is new. */
const newIn = <V>(before: Readonly<Record<string, V>>, after: Readonly<Record<string, V>>) =>
  Object.fromEntries(Object.entries(after).filter(([key, value]) => before[key] !== value));

/** Nothing where nothing was changed: most Runs have none of it. */
const changesPatch = (
  { status }: Live<'Run'>,
  { changed, diffs, diffsLeftOut }: Changes,
): Readonly<Record<string, unknown>> => ({
  ...(Object.keys(changed).length === 0 ? {} : { changed: newIn(status.changed ?? {}, changed) }),
  ...(diffs.length === 0 ? {} : { diffs }),
  ...(diffsLeftOut === 0 ? {} : { diffsLeftOut }),
});

const toldPatch = (open: OpenRun, told: Told): Readonly<Record<string, unknown>> => {
  const { run } = open;
  const tally = tallyOf(open, told);
  const progress = progressOf(tally);
  return {
    observedGeneration: run.specGeneration,
    phase: progress.phase,
    startedAt: timestamp(begunAt(open)),
    ...(progress.phase === 'Running' ? {} : { finishedAt: timestamp(told.now) }),
    total: Object.keys(tally.hosts).length,
    succeeded: numberOf(tally, 'succeeded'),
    failed: numberOf(tally, 'failed'),
    hosts: newIn(run.status.hosts ?? {}, tally.hosts),
    failures: tally.failures,
    ...(open.events.length === 0 ? {} : { events: open.events.map(({ ref }) => ref.name) }),
    ...changesPatch(run, tally.changes),
    conditions: newIn(run.status.conditions ?? {}, conditionsOf(run, progress, told.now)),
  };
};

const refusedPatch = (
  run: Live<'Run'>,
  refusal: NonNullable<Choice['refusal']>,
  now: number,
): Readonly<Record<string, unknown>> => ({
  observedGeneration: run.specGeneration,
  phase: 'Failed',
  finishedAt: timestamp(now),
  total: 0,
  succeeded: 0,
  failed: 0,
  conditions: conditionsOf(run, { phase: 'Failed', ...refusal }, now),
});

const patchOf = (open: OpenRun, told: Told): Readonly<Record<string, unknown>> | null => {
  if (!isNew(open)) return toldPatch(open, told);
  const { refusal } = choose(open.run, told.members);
  // its event is on its way: the next run sees it
  return refusal === null ? null : refusedPatch(open.run, refusal, told.now);
};

/** What the records of Runs are to say; a patch that changes nothing is not written. */
export const runWrites = (told: Told): readonly Write[] =>
  told.runs.flatMap((open): readonly Write[] => {
    const patch = patchOf(open, told);
    return patch === null ? [] : [{ write: 'status', ref: open.run.ref, patch }];
  });
