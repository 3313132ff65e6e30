/** Which hosts are asked when, and what their answers mean. Pure but for the memory, which it says how to change. */
import type { ConditionStatus } from '../../api-types/metadata.js';
import { parseTimestamp } from '../../runtime/clock.js';
import type { Live } from '../../store/objects/objects.js';
import { DRIFT_LABEL, isOnline, isSettled, lastRunOf, type Observed } from './observe.js';
import { differingOn, unknown, verdictOf, type Verdict } from './status.js';

/** What is known beside the records; a new control plane begins with nothing, and asks again in its time. */
export interface Memory {
  /** Wall clock: since when this process looks after the cluster. */
  readonly since: number;
  /** By group, when it was last asked. */
  readonly asked: Map<number, number>;
  /** By host, when it last answered. */
  readonly answered: Map<string, number>;
  /** By host, when it is to be asked again before its turn. */
  readonly again: Map<string, number>;
}

export interface Check {
  /** The group, or `again`. */
  readonly label: string;
  readonly instances: readonly string[];
}

export interface DriftPlan {
  readonly checks: readonly Check[];
  /** By host. */
  readonly verdicts: ReadonlyMap<string, Verdict>;
  /** Milliseconds until there is something to do. */
  readonly wait: number;
}

/** Small enough for a Run to tell of all that differs, and few enough to be asked at once. */
const HOSTS_A_GROUP = 50;
/** A host that is about to be configured differs, too; its hosts file may wait for half a minute. */
const DOUBT_MS = 35_000;
/** The label of a check out of turn. */
const AGAIN = 'again';
const HOSTS_FILE = 'file[/etc/hosts]';

const hashOf = (text: string): number => {
  let hash = 0;
  for (let at = 0; at < text.length; at += 1) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) >>> 0;
  return hash;
};

const groupsOf = (hosts: number): number => Math.max(1, Math.ceil(hosts / HOSTS_A_GROUP));

/** When a group is next due after `last`: at a fixed time of each interval, groups one after the other. */
const dueAt = (group: number, groups: number, last: number, interval: number): number => {
  const offset = Math.floor((group * interval) / groups);
  return (Math.floor((last - offset) / interval) + 1) * interval + offset;
};

const isDrifted = ({ status }: Live<'Instance'>): boolean =>
  status.conditions?.['Drifted']?.status === 'True';

const foundAt = ({ status }: Live<'Instance'>): number =>
  parseTimestamp(status.conditions?.['Drifted']?.lastTransitionTime ?? '');

/** Recipes ran on a drifted host since it was asked: it is asked whether that mended it. */
const wasMended = (observed: Observed, instance: Live<'Instance'>, memory: Memory): boolean => {
  if (!isDrifted(instance)) return false;
  const { answered, since } = memory;
  const ran = lastRunOf(observed, instance);
  const asked = answered.get(instance.ref.name) ?? Math.max(foundAt(instance), since);
  return ran !== '' && parseTimestamp(ran) > asked;
};

const againDue = (observed: Observed, memory: Memory, now: number): readonly string[] =>
  observed.instances
    .filter(isOnline)
    .filter(
      (instance) =>
        (memory.again.get(instance.ref.name) ?? Infinity) <= now || wasMended(observed, instance, memory),
    )
    .map(({ ref }) => ref.name);

interface Turn {
  readonly due: readonly number[];
  readonly groups: number;
  readonly next: number;
}

const turnOf = ({ interval, instances }: Observed, { asked, since }: Memory, now: number): Turn => {
  const groups = groupsOf(instances.length);
  const all = Array.from({ length: groups }, (_none, group) => group);
  const times = all.map((group) => dueAt(group, groups, asked.get(group) ?? since, interval));
  const next = times
    .filter((time) => time > now)
    .reduce((soonest, time) => Math.min(soonest, time), Infinity);
  return { due: all.filter((group) => (times[group] ?? Infinity) <= now), groups, next };
};

const groupOf = ({ ref }: Live<'Instance'>, groups: number): number => hashOf(ref.name) % groups;

const namesOf = (hosts: readonly Live<'Instance'>[]): readonly string[] => hosts.map(({ ref }) => ref.name);

/** Checks that are due, and hosts whose turn it is and that cannot be asked. */
const checksOf = (observed: Observed, memory: Memory, now: number) => {
  const open = new Set(observed.checks.map(({ labels }) => labels[DRIFT_LABEL]));
  const { due, groups, next } = turnOf(observed, memory, now);
  const turns = due.filter((group) => !open.has(String(group)));
  const hosts = observed.instances.filter((one) => turns.includes(groupOf(one, groups)));
  const online = hosts.filter(isOnline);
  const ofGroups = turns.map((group): Check => {
    const instances = namesOf(online.filter((one) => groupOf(one, groups) === group));
    return { label: String(group), instances };
  });
  const again = open.has(AGAIN) ? [] : againDue(observed, memory, now);
  const checks = [...ofGroups, { label: AGAIN, instances: again }];
  return { turns, next, checks, absent: hosts.filter((host) => !isOnline(host)) };
};

/** It may be that the host was just about to be told: it is asked once more. */
const isDoubtful = (observed: Observed, { labels, status }: Live<'Run'>, host: string): boolean => {
  if (labels[DRIFT_LABEL] === AGAIN) return false;
  const differing = differingOn(status, host);
  return !isSettled(observed) || differing.every((resource) => resource === HOSTS_FILE);
};

interface Answer {
  readonly check: Live<'Run'>;
  readonly host: string;
  readonly verdict: Verdict;
}

/** Of one that was refused, or that left a host out, there is the reason. */
const answersOf = (check: Live<'Run'>): readonly Answer[] => {
  const why = check.status.conditions?.['Stalled']?.message ?? 'it was not online';
  return (check.spec.instances ?? []).map((host) => ({
    check,
    host,
    verdict: verdictOf(check.status, host) ?? unknown(why),
  }));
};

const read = (observed: Observed, memory: Memory, now: number): ReadonlyMap<string, Verdict> => {
  const verdicts = new Map<string, Verdict>();
  const drifted = new Set(namesOf(observed.instances.filter(isDrifted)));
  const ended = observed.checks.filter(({ status }) => status.finishedAt !== undefined);
  for (const { check, host, verdict } of ended.flatMap(answersOf)) {
    const news = verdict.status === 'True' && !drifted.has(host);
    if (news && isDoubtful(observed, check, host)) memory.again.set(host, now + DOUBT_MS);
    else verdicts.set(host, verdict);
    memory.answered.set(host, parseTimestamp(check.status.finishedAt ?? ''));
  }
  return verdicts;
};

const ABSENT = unknown('it was not online when it was to be asked');

/** Of hosts about which something was known; of others there is nothing to take back. */
const absences = (absent: readonly Live<'Instance'>[]): readonly (readonly [string, Verdict])[] =>
  absent
    .filter(({ status }) => status.conditions?.['Drifted'] !== undefined)
    .map(({ ref }) => [ref.name, ABSENT]);

/** As it is, to be kept where the plan could not be carried out. */
export const copyOf = ({ since, asked, answered, again }: Memory): Memory => ({
  since,
  asked: new Map(asked),
  answered: new Map(answered),
  again: new Map(again),
});

/** What is to be asked and written now; the memory is brought up to date. */
export const planDrift = (observed: Observed, memory: Memory, now: number): DriftPlan => {
  const verdicts = read(observed, memory, now);
  const { checks, turns, next, absent } = checksOf(observed, memory, now);
  for (const group of turns) memory.asked.set(group, now);
  const asked = checks.filter(({ instances }) => instances.length > 0);
  for (const host of asked.flatMap(({ instances }) => instances)) memory.again.delete(host);
  const waits = [next, ...memory.again.values()].map((at) => Math.max(1, at - now));
  return {
    checks: asked,
    verdicts: new Map([...absences(absent), ...verdicts]),
    wait: Math.min(...waits),
  };
};

/** What is known of each host once these verdicts are written. */
export const knownAfter = (
  { instances }: Observed,
  verdicts: ReadonlyMap<string, Verdict>,
): ReadonlyMap<string, ConditionStatus> => {
  const known = new Map<string, ConditionStatus>();
  for (const { ref, status, deletion } of instances) {
    const of = verdicts.get(ref.name)?.status ?? status.conditions?.['Drifted']?.status;
    if (of !== undefined && deletion === null) known.set(ref.name, of);
  }
  return known;
};
