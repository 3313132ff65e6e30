/** What healing writes: conditions, remediations and warnings, from its plan. Pure. */
import { BREAKER_PERCENT } from '../../api-types/kinds/cluster.js';
import { withCondition, type Condition } from '../../api-types/metadata.js';
import { timestamp } from '../../runtime/clock.js';
import { sha256 } from '../../recipes/members.js';
import type { Live, Ref, Write } from '../../store/objects/objects.js';
import { breakerText } from './breaker.js';
import { healingOf, recentReplacements, type HealingPlan, type Judged, type Remedy } from './plan.js';
import type { Finding } from './signs.js';

type Verdict = Pick<Condition, 'status' | 'reason' | 'message'>;

const seconds = (ms: number | null): string => `${String(Math.round((ms ?? 0) / 1000))} s`;

const because = ({ signs }: Judged): string =>
  signs.cloud === 'stopped' ? 'the cloud says it is not running' : 'a status check of the cloud failed';

const idOf = ({ signs }: Judged): string => signs.machine?.id ?? '';

const NOT_WATCHED: Verdict = {
  status: 'Unknown',
  reason: 'NotWatched',
  message: 'no heartbeat is expected now',
};

/** Null: nothing can be said now; what was said stays. */
const VERDICTS: Readonly<Record<Finding, (judged: Judged) => Verdict | null>> = {
  passing: () => null,
  noMachine: () => NOT_WATCHED,
  booting: () => NOT_WATCHED,
  stopped: () => NOT_WATCHED,
  heard: (judged) => ({ status: 'True', reason: 'Heard', message: `${idOf(judged)} sends heartbeats` }),
  gone: (judged) => ({
    status: 'False',
    reason: 'CloudGone',
    message: `the cloud says that ${idOf(judged)} is gone`,
  }),
  failed: (judged) => ({
    status: 'False',
    reason: judged.signs.cloud === 'stopped' ? 'CloudStopped' : 'StatusCheckFailed',
    message: `nothing was heard of ${idOf(judged)} for a while, and ${because(judged)}`,
  }),
  silent: (judged) => ({
    status: 'False',
    reason: 'Silent',
    message: `nothing was heard of ${idOf(judged)} for more than ${String(healingOf(judged.role).silentSeconds)} s`,
  }),
};

const healthVerdict = (judged: Judged): Verdict | null => VERDICTS[judged.finding](judged);

/** A condition that says nothing bad and was never there is not written: most hosts are well all their lives. */
const conditionPatch = (
  status: { readonly conditions?: Readonly<Record<string, Condition>> },
  next: Condition,
): Readonly<Record<string, unknown>> | null => {
  const before = status.conditions ?? {};
  if (before[next.type] === undefined && next.status !== 'False') return null;
  const after = withCondition(before, next);
  return after === before ? null : { conditions: { [next.type]: after[next.type] } };
};

/** A remediation whose reason has passed, or whose machine is not the slot's any more. */
const isStale = ({ signs, finding }: Judged): boolean => {
  const given = signs.instance.status.remediation;
  if (given === undefined) return false;
  return given.machine !== signs.machine?.id || finding === 'heard';
};

/** A remedy that nothing holds. */
const acting = (remedy: Remedy | undefined): Remedy | null => (remedy?.held === null ? remedy : null);

const remediationOf = ({ judged, action }: Remedy, now: number): Readonly<Record<string, unknown>> => {
  const { reason, message } = healthVerdict(judged) ?? NOT_WATCHED;
  const silence = judged.finding === 'silent' ? ` (silent for ${seconds(judged.signs.silentFor)})` : '';
  return { machine: idOf(judged), action, reason, message: `${message}${silence}`, at: timestamp(now) };
};

const remediationPatch = (
  judged: Judged,
  remedy: Remedy | null,
  now: number,
): Readonly<Record<string, unknown>> => {
  if (remedy !== null) return { remediation: remediationOf(remedy, now) };
  return isStale(judged) ? { remediation: null } : {};
};

/** Nothing was ever wrong with the host, and nothing is. */
const isWell = ({ signs, finding }: Judged): boolean => {
  const { remediation, conditions } = signs.instance.status;
  return finding === 'heard' && remediation === undefined && conditions?.['Healthy'] === undefined;
};

const instancePatch = (
  judged: Judged,
  remedy: Remedy | null,
  now: number,
): Readonly<Record<string, unknown>> | null => {
  if (isWell(judged)) return null;
  const verdict = healthVerdict(judged);
  const condition =
    verdict === null
      ? null
      : conditionPatch(judged.signs.instance.status, {
          type: 'Healthy',
          ...verdict,
          lastTransitionTime: timestamp(now),
        });
  const patch = { ...condition, ...remediationPatch(judged, remedy, now) };
  return Object.keys(patch).length === 0 ? null : patch;
};

const HOLDS = {
  Frozen: 'an edit of its spec does not decode',
  Disabled: 'healing is not enabled for this role (healing.enabled)',
  Breaker: 'too many hosts are silent together',
  Budget: 'as many hosts as healing.maxUnavailable allows are out of service',
  Cap: 'healing.maxReplacementsPerHour is reached',
  BackOff: 'its machines are gone soon after their launch; the next one waits',
} as const;

const roleVerdict = (held: readonly Remedy[]): Verdict => {
  const first = held[0]?.held ?? null;
  if (first === null) return { status: 'True', reason: 'Allowed', message: 'nothing is held back' };
  const names = held.map(({ judged }) => judged.signs.instance.ref.name).join(', ');
  return { status: 'False', reason: first, message: `${names}: ${HOLDS[first]}` };
};

const rolePatch = (
  role: Live<'Role'>,
  remedies: readonly Remedy[],
  now: number,
): Readonly<Record<string, unknown>> | null => {
  const at = timestamp(now);
  const verdict = roleVerdict(remedies.filter(({ held }) => held !== null));
  const condition = conditionPatch(role.status, {
    type: 'HealingAllowed',
    ...verdict,
    lastTransitionTime: at,
  });
  const replaced = remedies.filter(({ action, held }) => action === 'replace' && held === null);
  const replacements =
    replaced.length === 0 ? null : [...recentReplacements(role, now), ...replaced.map(() => at)];
  const patch = { ...condition, ...(replacements === null ? {} : { replacements }) };
  return Object.keys(patch).length === 0 ? null : patch;
};

const clusterPatch = (
  cluster: Live<'Cluster'>,
  plan: HealingPlan,
  { now, starting }: Moment,
): Readonly<Record<string, unknown>> | null => {
  const percent = cluster.spec.healing?.breakerPercent ?? BREAKER_PERCENT;
  const lastTransitionTime = timestamp(now);
  const base = { type: 'HealingAllowed', lastTransitionTime };
  if (plan.breakers.length > 0) {
    const message = breakerText(plan.breakers, percent);
    return conditionPatch(cluster.status, { ...base, status: 'False', reason: 'Breaker', message });
  }
  if (starting) {
    const message = 'hosts are not judged by their silence before a full round of heartbeats was listened to';
    const passing = plan.judged.some(({ finding }) => finding === 'passing');
    if (!passing) return null;
    return conditionPatch(cluster.status, { ...base, status: 'False', reason: 'StartingUp', message });
  }
  const message = 'hosts are watched';
  return conditionPatch(cluster.status, { ...base, status: 'True', reason: 'Allowed', message });
};

/** A warning that a person should see; the same one is one object however often it is found. */
const warning = (
  ref: Ref,
  { reason, message, about }: { readonly reason: string; readonly message: string; readonly about: string },
  now: number,
): Write => {
  const namespace = ref.cluster ?? ref.name;
  const name = `healing-${sha256(`${ref.kind} ${ref.name} ${reason} ${about}`).slice(0, 16)}`;
  const at = timestamp(now);
  const patch = {
    type: 'Warning',
    reason,
    message,
    source: 'healing',
    regarding: { kind: ref.kind, name: ref.name, namespace },
    firstSeen: at,
    lastSeen: at,
    count: 1,
  };
  return { write: 'status', ref: { kind: 'Event', cluster: namespace, name }, patch };
};

const breakerWarning = (
  cluster: Live<'Cluster'>,
  patch: Readonly<Record<string, unknown>>,
  now: number,
): readonly Write[] => {
  const conditions = (patch['conditions'] ?? {}) as Readonly<Record<string, Condition>>;
  const next = conditions['HealingAllowed'];
  const turned =
    next?.reason === 'Breaker' && cluster.status.conditions?.['HealingAllowed']?.reason !== 'Breaker';
  return turned
    ? [warning(cluster.ref, { reason: 'HealingStopped', message: next.message, about: timestamp(now) }, now)]
    : [];
};

export interface Moment {
  /** Wall clock, milliseconds. */
  readonly now: number;
  /** The start-up grace is not over. */
  readonly starting: boolean;
}

const toldOf = ({ judged, action }: Remedy, now: number): Write => {
  const reason = action === 'reboot' ? 'Rebooting' : 'Replacing';
  const message = healthVerdict(judged)?.message ?? '';
  return warning(judged.signs.instance.ref, { reason, message, about: `${idOf(judged)} ${action}` }, now);
};

/** What the plan changes in the record of each host. */
export const hostWrites = (plan: HealingPlan, now: number): ((judged: Judged) => readonly Write[]) => {
  const remedies = new Map(plan.remedies.map((remedy) => [remedy.judged, remedy]));
  return (judged) => {
    const remedy = acting(remedies.get(judged));
    const patch = instancePatch(judged, remedy, now);
    if (patch === null) return [];
    const { ref } = judged.signs.instance;
    return [{ write: 'status', ref, patch }, ...(remedy === null ? [] : [toldOf(remedy, now)])];
  };
};

const byRole = (remedies: readonly Remedy[]): ReadonlyMap<Live<'Role'> | null, readonly Remedy[]> => {
  const groups = new Map<Live<'Role'> | null, Remedy[]>();
  for (const remedy of remedies) {
    const group = groups.get(remedy.judged.role);
    if (group === undefined) groups.set(remedy.judged.role, [remedy]);
    else group.push(remedy);
  }
  return groups;
};

/** What the plan changes in the records of the cluster and its roles. */
export const clusterWrites = (
  cluster: Live<'Cluster'>,
  roles: readonly Live<'Role'>[],
  { plan, moment }: { readonly plan: HealingPlan; readonly moment: Moment },
): readonly Write[] => {
  const { now } = moment;
  const ofCluster = clusterPatch(cluster, plan, moment);
  const remedies = byRole(plan.remedies);
  const ofRoles = roles.flatMap((role): readonly Write[] => {
    const patch = rolePatch(role, remedies.get(role) ?? [], now);
    return patch === null ? [] : [{ write: 'status', ref: role.ref, patch }];
  });
  const itsOwn: readonly Write[] =
    ofCluster === null
      ? []
      : [{ write: 'status', ref: cluster.ref, patch: ofCluster }, ...breakerWarning(cluster, ofCluster, now)];
  return [...itsOwn, ...ofRoles];
};
