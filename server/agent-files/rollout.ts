/**
 * How the hosts' agents come to a release, pure: one host first, then a tenth, then all; each step begins when those
 * before it have been well for a while. A build that hosts go back from, or that takes hosts down, goes no further.
 */
import * as t from 'io-ts';
import { AgentRelease, buildOf, platformOf } from '../../api-types/agent-release.js';
import { type Millis, minutes } from '../../api-types/units.js';
import { fields } from '../../api-types/words.js';

/** The stored state: one for the installation, moved on by whichever gateway is first. */
export const Rollout = fields(
  'Rollout',
  {
    release: AgentRelease,
    stage: t.union([t.literal('one'), t.literal('some'), t.literal('all')]),
    /** When each machine was told, in milliseconds since 1970; those of the first two stages. */
    told: t.record(t.string, t.number),
  },
  {
    /** For people: why it goes no further. */
    halted: t.string,
  },
);
export interface Rollout extends t.TypeOf<typeof Rollout> {}

/** A host whose agent can be told to update. */
export interface RolloutHost {
  readonly machine: string;
  readonly build: string;
  /** Milliseconds since it first said that it is this build. */
  readonly buildAge: number;
  readonly gaveUp: string | null;
  readonly connected: boolean;
}

export interface RolloutTimes {
  /** How long an updated host must have been well. */
  readonly settle: Millis;
  /** What was told and is neither well by then nor what it was before is lost. */
  readonly lost: Millis;
  /** What has its turn and stays as it is, is told again so often. */
  readonly again: Millis;
}

export const ROLLOUT_TIMES: RolloutTimes = { settle: minutes(3), lost: minutes(20), again: minutes(10) };

/** Hosts that a release may lose, for whatever reason, before it is not given to others any more: the greater of both. */
const MOST_LOST = 2;
/** Of those that were told: of many hosts a few go within 20 minutes whatever they are given. */
const SHARE_LOST = 0.05;
const SHARE_OF_SOME = 0.1;

export interface RolloutView {
  readonly now: Millis;
  readonly rollout: Rollout;
  readonly hosts: readonly RolloutHost[];
  readonly times: RolloutTimes;
}

export const newRollout = (release: AgentRelease): Rollout => ({ release, stage: 'one', told: {} });

/** The build of a release that a host with this one is to have; null: there is none for it. */
const targetOf = (release: AgentRelease, build: string): string | null => {
  const platform = platformOf(build);
  return platform === null ? null : buildOf(release, platform);
};

const isThere = ({ release }: Rollout, { build }: RolloutHost): boolean => targetOf(release, build) === build;

const isWell = ({ rollout, times }: RolloutView, host: RolloutHost): boolean =>
  isThere(rollout, host) && host.connected && host.buildAge >= times.settle;

const gaveUp = ({ release }: Rollout, host: RolloutHost): boolean =>
  host.gaveUp !== null && host.gaveUp === targetOf(release, host.build);

/** `late`: well with what it has; it could not fetch the release, or something runs on it. */
type Fate = 'well' | 'lost' | 'late' | 'underway';

const fateOf = (view: RolloutView, host: RolloutHost | undefined, toldAt: number): Fate => {
  if (host === undefined) return 'lost';
  if (isWell(view, host)) return 'well';
  if (view.now - toldAt <= view.times.lost) return 'underway';
  return host.connected && !isThere(view.rollout, host) ? 'late' : 'lost';
};

/** Of each machine that was told. */
const fates = (view: RolloutView): readonly Fate[] => {
  const byMachine = new Map(view.hosts.map((host) => [host.machine, host]));
  return Object.entries(view.rollout.told).map(([machine, at]) => fateOf(view, byMachine.get(machine), at));
};

const count = (all: readonly Fate[], fate: Fate): number => all.filter((one) => one === fate).length;

const halted = (view: RolloutView, all: readonly Fate[]): string | null => {
  const back = view.hosts.find((host) => gaveUp(view.rollout, host));
  if (back !== undefined) return `machine ${back.machine} went back from it to ${back.build}`;
  const lost = count(all, 'lost');
  return lost > Math.max(MOST_LOST, all.length * SHARE_LOST)
    ? `${String(lost)} of the machines that were told first are not well`
    : null;
};

/** Hosts that are not on their way yet. */
const remaining = ({ rollout, hosts }: RolloutView): readonly RolloutHost[] =>
  hosts.filter(
    (host) =>
      rollout.told[host.machine] === undefined &&
      !isThere(rollout, host) &&
      targetOf(rollout.release, host.build) !== null,
  );

interface Next {
  readonly stage: Rollout['stage'];
  /** How many more machines are told by name. */
  readonly more: number;
}

const next = (hosts: number, well: number, left: number): Next => {
  if (well === 0) return { stage: 'one', more: 1 };
  const some = Math.ceil(hosts * SHARE_OF_SOME);
  return left === 0 || well >= some ? { stage: 'all', more: 0 } : { stage: 'some', more: some - well };
};

/** The rollout a moment later; the same object when nothing is to be written. */
export const advance = (view: RolloutView): Rollout => {
  const { rollout, now } = view;
  if (rollout.halted !== undefined) return rollout;
  const all = fates(view);
  const why = halted(view, all);
  if (why !== null) return { ...rollout, halted: why };
  if (rollout.stage === 'all' || count(all, 'underway') > 0) return rollout;
  const left = remaining(view);
  const { stage, more } = next(view.hosts.length, count(all, 'well'), left.length);
  if (stage === 'all') return { release: rollout.release, stage, told: {} };
  // one that is away may never hear of it
  const waiting = left.filter(({ connected }) => connected);
  if (waiting.length === 0) return rollout;
  const turn = waiting.slice(0, more).map(({ machine }) => [machine, now] as const);
  return { ...rollout, stage, told: { ...rollout.told, ...Object.fromEntries(turn) } };
};

/** What the agent of this machine is to be told; null: it stays as it is. */
export const wantedOf = (rollout: Rollout, machine: string, build: string): AgentRelease | null => {
  if (rollout.halted !== undefined) return null;
  const turn = rollout.stage === 'all' || rollout.told[machine] !== undefined;
  const target = targetOf(rollout.release, build);
  return turn && target !== null && target !== build ? rollout.release : null;
};
