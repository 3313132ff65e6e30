/** What became of a Run on each of its hosts: what they answered, or that they cannot any more. Pure. */
import type { EventResult, Target } from '../../api-types/kinds/lifecycle-event.js';
import { RUN_TIMEOUT_SECONDS, type RunHostState } from '../../api-types/kinds/run.js';
import { seconds } from '../../api-types/units.js';
import { parseTimestamp } from '../../runtime/clock.js';
import type { Member, OpenRun } from './observe.js';

/** The agent cuts off after the time-out; its word has this long to arrive. */
const GRACE = seconds(30);

/** Names of events whose results some Run waits for. */
export const awaitedRuns = (runs: readonly OpenRun[]): readonly string[] =>
  runs.flatMap(({ events }) => events.map(({ ref }) => ref.name));

/** When its hosts were told: milliseconds since 1970. */
export const begunAt = ({ run, events }: OpenRun): number => {
  const times = events.map(({ status }) => status.createdAt);
  return Math.min(...[...times, run.status.startedAt ?? ''].filter((at) => at !== '').map(parseTimestamp));
};

/** When a host that has not answered counts as failed: milliseconds since 1970. */
export const expiresAt = (open: OpenRun): number => {
  const { run } = open;
  return begunAt(open) + (run.spec.timeoutSeconds ?? RUN_TIMEOUT_SECONDS) * 1000 + GRACE;
};

/** Runs that have not ended, and all that may say something of them. */
export interface Told {
  readonly runs: readonly OpenRun[];
  readonly members: readonly Member[];
  readonly results: readonly EventResult[];
  /** Wall clock, milliseconds. */
  readonly now: number;
}

/** What became of the Run on one host; `message` for people. */
export interface Verdict {
  readonly state: RunHostState;
  readonly message: string;
}

const PENDING: Verdict = { state: 'pending', message: '' };

/** It did not do it, and why. */
export const failed = (message: string): Verdict => ({ state: 'failed', message });

const OF_RESULT: Readonly<Record<EventResult['state'], (result: EventResult) => Verdict>> = {
  succeeded: () => ({ state: 'succeeded', message: '' }),
  failed: ({ message }) => failed(message ?? 'it failed without a message'),
  superseded: () => failed('something newer overtook it: the host was told to shut down'),
};

const lateness = (open: OpenRun, { now }: Told): string | null =>
  now < expiresAt(open)
    ? null
    : `no answer within ${String(open.run.spec.timeoutSeconds ?? RUN_TIMEOUT_SECONDS)} s`;

/** What hosts have said of one Run; a cluster has thousands, so nothing is searched for each. */
export interface Heard {
  /** By machine. */
  readonly results: ReadonlyMap<string, EventResult>;
  /** By instance. */
  readonly machines: ReadonlyMap<string, string | undefined>;
}

/** What was said of this Run, found once for all its hosts. */
export const heardOf = (open: OpenRun, { results, members }: Told): Heard => {
  const events = new Set(awaitedRuns([open]));
  return {
    results: new Map(
      results.filter(({ event }) => events.has(event)).map((result) => [result.machine, result]),
    ),
    machines: new Map(members.map(({ name, status }) => [name, status.machine?.id])),
  };
};

/** Nobody is left who could answer. */
const loss = ({ instance, machine }: Target, { machines }: Heard): string | null =>
  machines.get(instance) === machine ? null : `its machine ${machine} went before it answered`;

/** What became of the Run on this host, as far as is known. */
export const verdictOf = (open: OpenRun, target: Target, heard: Heard, told: Told): Verdict => {
  const result = heard.results.get(target.machine);
  if (result !== undefined) return OF_RESULT[result.state](result);
  const why = loss(target, heard) ?? lateness(open, told);
  return why === null ? PENDING : failed(why);
};
