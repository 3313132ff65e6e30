/**
 * The plan of healing for one cluster: pure, from signs to conditions and remediations. Unknown is not failed and
 * absence is not death; the order of the rules is the order of the code.
 */
import { BREAKER_PERCENT } from '../../api-types/kinds/cluster.js';
import { HEALING_DEFAULTS, type Healing } from '../../api-types/kinds/role-healing.js';
import { healingWithDefaults, isStateful } from '../../api-types/kinds/role.js';
import { countOf } from '../../api-types/units.js';
import { parseTimestamp } from '../../runtime/clock.js';
import type { Live } from '../../store/objects/objects.js';
import { openBreakers, type Open } from './breaker.js';
import { findingOf, type Finding, type HostSigns } from './signs.js';

export interface HealingInput {
  readonly cluster: Live<'Cluster'>;
  readonly roles: ReadonlyMap<string, Live<'Role'>>;
  readonly hosts: readonly HostSigns[];
  /** Wall clock, milliseconds. */
  readonly now: number;
}

export interface Judged {
  readonly signs: HostSigns;
  readonly finding: Finding;
  readonly role: Live<'Role'> | null;
}

export type Action = 'reboot' | 'replace';

/** Why something that healing would do is not done. */
export type Hold = 'Frozen' | 'Disabled' | 'Breaker' | 'Budget' | 'Cap' | 'BackOff';

export interface Remedy {
  readonly judged: Judged;
  readonly action: Action;
  readonly held: Hold | null;
}

export interface HealingPlan {
  readonly judged: readonly Judged[];
  /** What is to be done now, and what would be if it were not held. */
  readonly remedies: readonly Remedy[];
  readonly breakers: readonly Open[];
}

const SECOND = 1000;
const HOUR = 3_600_000;
const HEARTBEAT = 10 * SECOND;

const NOT_HEALED: Healing = { enabled: false, ...HEALING_DEFAULTS };
/** Asked for each host, worked out once: objects never change. */
const known = new WeakMap<Live<'Role'>, Healing>();

/** The role's settings; of a host whose role is gone nothing is healed. */
export const healingOf = (role: Live<'Role'> | null): Healing => {
  if (role === null) return NOT_HEALED;
  const healing = known.get(role) ?? healingWithDefaults(role.spec);
  known.set(role, healing);
  return healing;
};

/** What is found of a host of these roles. */
export const judging =
  (roles: HealingInput['roles']) =>
  (signs: HostSigns): Judged => {
    const role = roles.get(signs.instance.spec.role) ?? null;
    return { signs, role, finding: findingOf(signs, healingOf(role).silentSeconds * SECOND) };
  };

/**
 * Silent for the breaker: a little before the rule's own limit, since hosts that fall silent together do so spread
 * over one heartbeat, and the first must not be acted upon before the others are seen.
 */
const nearlySilent = ({ signs, role }: Judged): boolean => {
  const limit = healingOf(role).silentSeconds * SECOND;
  return (signs.silentFor ?? 0) >= Math.min(limit, Math.max(0.6 * limit, 1.5 * HEARTBEAT));
};

/** Hosts whose heartbeat is expected; what the cloud itself says is gone is no loss of view. */
const WATCHED: readonly Finding[] = ['heard', 'silent', 'failed'];

const breakersOf = (judged: readonly Judged[], percent: number): readonly Open[] =>
  openBreakers(
    judged
      .filter(({ finding }) => WATCHED.includes(finding))
      .map((one) => ({ zone: one.signs.machine?.zone ?? '', silent: nearlySilent(one) })),
    percent,
  );

const rebootedSince = ({ signs }: Judged, now: number): boolean => {
  const { rebooted, remediation } = signs.instance.status;
  const id = signs.machine?.id ?? '';
  if (remediation?.machine === id && remediation.action === 'reboot') return true;
  if (rebooted?.machine !== id) return false;
  return parseTimestamp(rebooted.at) >= now - (signs.silentFor ?? 0);
};

/** Silent but otherwise well: only a machine that the cloud says is running is waited for and then acted upon. */
const afterSilence = (judged: Judged, now: number): Action | null => {
  const { signs, role } = judged;
  const healing = healingOf(role);
  const silent = signs.silentFor ?? 0;
  if (signs.cloud !== 'running' || role === null) return null;
  if (silent >= healing.silentReplaceSeconds * SECOND && !isStateful(role.spec.type)) return 'replace';
  if (silent >= healing.silentRebootSeconds * SECOND && !rebootedSince(judged, now)) return 'reboot';
  return null;
};

/** People want it to run, and nothing was asked for that is still to be carried out. */
const isOpenToHealing = ({ signs: { instance, machine } }: Judged): boolean => {
  if (instance.deletion !== null || instance.spec.desired !== 'Running' || machine === null) return false;
  const given = instance.status.remediation;
  return given?.machine !== machine.id || given.action !== 'replace';
};

/** What the signs call for, before anybody asks whether it may be done. */
const wanted = (judged: Judged, now: number): Action | null => {
  if (!isOpenToHealing(judged)) return null;
  if (judged.finding === 'gone' || judged.finding === 'failed') return 'replace';
  return judged.finding === 'silent' ? afterSilence(judged, now) : null;
};

const isFrozen = ({ signs, role }: Judged, cluster: Live<'Cluster'>): boolean =>
  cluster.frozen !== null || signs.instance.frozen !== null || (role?.frozen ?? null) !== null;

/** Replacements of the last hour. */
export const recentReplacements = (role: Live<'Role'> | null, now: number): readonly string[] =>
  (role?.status.replacements ?? []).filter((at) => parseTimestamp(at) > now - HOUR);

/**
 * A machine that is gone again soon after its launch is replaced more slowly each time round, up to once a minute: a
 * broken image must not become a launch storm. Nothing else holds it up, since there is nothing left to harm.
 */
const backsOff = ({ signs, role }: Judged, replaced: number, now: number): boolean => {
  const rounds = Math.floor(replaced / Math.max(1, role?.spec.replicas ?? 1));
  const age = now - parseTimestamp(signs.machine?.launchedAt ?? '');
  return rounds > 0 && age < Math.min(60 * SECOND, 5 * SECOND * 2 ** (rounds - 1));
};

interface Spent {
  /** Hosts of the role that are out of service or being mended. */
  unavailable: number;
  replaced: number;
}

const isReady = ({ signs }: Judged): boolean =>
  signs.instance.status.conditions?.['Ready']?.status === 'True';

const inService = (judged: readonly Judged[]): readonly Judged[] =>
  judged.filter(({ signs }) => signs.instance.spec.desired === 'Running');

const tripped = ({ signs }: Judged, breakers: readonly Open[]): boolean =>
  breakers.some(({ zone }) => zone === null || zone === signs.machine?.zone);

const forbidden = (judged: Judged, { input, breakers }: Planning): Hold | null => {
  if (isFrozen(judged, input.cluster)) return 'Frozen';
  if (!healingOf(judged.role).enabled) return 'Disabled';
  return tripped(judged, breakers) ? 'Breaker' : null;
};

const overspent = (judged: Judged, action: Action, spent: Spent, hosts: number): Hold | null => {
  const healing = healingOf(judged.role);
  if (spent.unavailable >= countOf(healing.maxUnavailable, hosts)) return 'Budget';
  return action === 'replace' && spent.replaced >= healing.maxReplacementsPerHour ? 'Cap' : null;
};

type Ground = Pick<HealingInput, 'cluster' | 'now'>;

interface Planning {
  readonly input: Ground;
  readonly breakers: readonly Open[];
}

const remediesOfRole = (plan: Planning, judged: readonly Judged[]): readonly Remedy[] => {
  const { now } = plan.input;
  const hosts = inService(judged);
  const asked = judged.map((one) => ({ judged: one, action: wanted(one, now) }));
  const others = new Set(asked.flatMap(({ judged: one, action }) => (action === null ? [one] : [])));
  const spent: Spent = {
    unavailable: hosts.filter((one) => others.has(one) && !isReady(one)).length,
    replaced: recentReplacements(judged[0]?.role ?? null, now).length,
  };
  const holdOf = (one: Judged, action: Action): Hold | null => {
    const never = forbidden(one, plan);
    if (never !== null) return never;
    if (one.finding !== 'gone') return overspent(one, action, spent, hosts.length);
    return backsOff(one, spent.replaced, now) ? 'BackOff' : null;
  };
  return asked.flatMap(({ judged: one, action }) => {
    if (action === null) return [];
    const held = holdOf(one, action);
    if (held === null) {
      spent.unavailable += 1;
      if (action === 'replace') spent.replaced += 1;
    }
    return [{ judged: one, action, held }];
  });
};

const byRole = (judged: readonly Judged[]): readonly (readonly Judged[])[] => {
  const groups = new Map<string, Judged[]>();
  for (const one of judged) {
    const name = one.signs.instance.spec.role;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [one]);
    else group.push(one);
  }
  return [...groups.values()];
};

/** What healing finds, what it does about it, and what holds it. */
export const planHealing = (input: HealingInput): HealingPlan =>
  planJudged(input, input.hosts.map(judging(input.roles)));

/** The same, of hosts that were judged one by one. */
export const planJudged = (input: Ground, judged: readonly Judged[]): HealingPlan => {
  const breakers = breakersOf(judged, input.cluster.spec.healing?.breakerPercent ?? BREAKER_PERCENT);
  const remedies = byRole(judged).flatMap((group) => remediesOfRole({ input, breakers }, group));
  return { judged, remedies, breakers };
};
