/** The condition Drifted, of hosts and of the Cluster. Pure. */
import type { RunStatus } from '../../api-types/kinds/run.js';
import type { Condition, ConditionStatus } from '../../api-types/metadata.js';
import { timestamp } from '../../runtime/clock.js';
import type { Live, Write } from '../../store/objects/objects.js';

export interface Verdict {
  readonly status: ConditionStatus;
  readonly reason: string;
  readonly message: string;
}

const NAMES_SHOWN = 10;

const listed = (names: readonly string[], total: number): string => {
  const shown = names.slice(0, NAMES_SHOWN);
  const more = total - shown.length;
  return more > 0 ? `${shown.join(', ')} and ${String(more)} more` : shown.join(', ');
};

/** It could not be told whether a host has drifted. */
export const unknown = (message: string): Verdict => ({ status: 'Unknown', reason: 'NotChecked', message });

/** Resources of which a check says that they differ on this host. */
export const differingOn = ({ diffs = [] }: RunStatus, host: string): readonly string[] =>
  diffs.filter(({ instances }) => instances.includes(host)).map(({ resource }) => resource);

/** What a check that has ended says of a host; null: it was not asked. */
export const verdictOf = (check: RunStatus, host: string): Verdict | null => {
  const state = check.hosts?.[host];
  if (state === undefined) return null;
  if (state !== 'succeeded') {
    const why = check.failures?.find(({ instance }) => instance === host)?.message;
    return unknown(why ?? 'its dry run failed');
  }
  const count = check.changed?.[host] ?? 0;
  if (count === 0)
    return { status: 'False', reason: 'AsWanted', message: 'a run of its recipes would change nothing' };
  const message = `a run of its recipes would change ${listed(differingOn(check, host), count)}`;
  return { status: 'True', reason: 'Drifted', message };
};

const named = (verb: string, drifted: readonly string[], total: number): string =>
  `${verb} ${String(drifted.length)} of ${String(total)} hosts: ${listed(drifted, drifted.length)}`;

/** The sum of what is known of hosts, by name; null: nothing is. */
export const sumOf = (verdicts: ReadonlyMap<string, ConditionStatus>): Verdict | null => {
  const of = (status: ConditionStatus): readonly string[] =>
    [...verdicts].flatMap(([name, one]) => (one === status ? [name] : []));
  const [drifted, open, total] = [of('True'), of('Unknown'), verdicts.size];
  if (total === 0) return null;
  if (drifted.length > 0)
    return { status: 'True', reason: 'HostsDrifted', message: named('recipes would change', drifted, total) };
  if (open.length > 0) return unknown(named('it is not known of', open, total));
  return { status: 'False', reason: 'AsWanted', message: 'a run of their recipes would change nothing' };
};

const conditionOf = (before: Condition | undefined, verdict: Verdict, now: number): Condition => ({
  type: 'Drifted',
  ...verdict,
  lastTransitionTime: before?.status === verdict.status ? before.lastTransitionTime : timestamp(now),
});

const isSame = (before: Condition | undefined, verdict: Verdict): boolean =>
  before?.status === verdict.status && before.reason === verdict.reason && before.message === verdict.message;

/** Nothing when the record says so already; null takes the condition away. */
export const driftedWrites = (
  { ref, status }: Live<'Instance'> | Live<'Cluster'>,
  verdict: Verdict | null,
  now: number,
): readonly Write[] => {
  const before = status.conditions?.['Drifted'];
  if (verdict === null ? before === undefined : isSame(before, verdict)) return [];
  const Drifted = verdict === null ? null : conditionOf(before, verdict, now);
  return [{ write: 'status', ref, patch: { conditions: { Drifted } } }];
};
