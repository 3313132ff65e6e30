/** Conditions of Deployments and Applications. Pure. */
import { withCondition, type Condition, type Conditions } from '../../api-types/metadata.js';
import type { Course } from './course.js';
import { waitsForTime } from './stopping.js';

export type Verdict = Pick<Condition, 'status' | 'reason' | 'message'>;

export const when = (holds: boolean, reason: string, message: string): Verdict => ({
  status: holds ? 'True' : 'False',
  reason,
  message,
});

/** The conditions as they are to be; the same object where they are so already. */
export const conditionsWith = (
  before: Conditions,
  verdicts: Readonly<Record<string, Verdict>>,
  at: { readonly now: string; readonly generation: number },
): Conditions =>
  Object.entries(verdicts).reduce<Conditions>(
    (conditions, [type, verdict]) =>
      withCondition(conditions, {
        type,
        ...verdict,
        lastTransitionTime: at.now,
        observedGeneration: at.generation,
      }),
    before,
  );

/** How far it is, for people. */
const progressOf = (course: Course): string => {
  const total = course.hosts.size;
  const done = course.in('done').length;
  const { batch = 0, batches = 0 } = course.next;
  const at = batch === 0 ? '' : `batch ${String(batch)} of ${String(Math.max(batch, batches))}: `;
  switch (course.phase) {
    case 'Preparing':
      return `${String(course.in('prepared').length)} of ${String(total)} hosts have it prepared`;
    case 'Migrating':
      return `${course.in('migrating')[0] ?? 'a host'} runs the migration`;
    case 'RollingBack':
      return `${String(course.in('reverted').length)} hosts went back`;
    default:
      return `${at}${String(done)} of ${String(total)} hosts are done`;
  }
};

/** Of a Deployment; while it goes back or waits, Ready says why. */
export const courseConditions = (course: Course): Conditions => {
  const { phase, ended, live } = course;
  const says = course.says ?? { reason: phase, message: progressOf(course) };
  const why = ended ? says : (course.cause ?? says);
  const waits = phase === 'Paused' && !waitsForTime(course, why);
  const stuck = waits || (ended && phase !== 'Succeeded');
  const verdicts = {
    Ready: when(phase === 'Succeeded', why.reason, why.message),
    Reconciling: when(!ended && !waits, says.reason, says.message),
    Stalled: when(stuck, says.reason, says.message),
    Complete: when(ended, says.reason, says.message),
  };
  const at = { now: course.now, generation: live.specGeneration };
  return conditionsWith(live.status.conditions ?? {}, verdicts, at);
};
