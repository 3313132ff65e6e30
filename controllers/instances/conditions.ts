/** Conditions of an Instance as this controller writes them; pure. */
import { withCondition, type Condition, type Conditions } from '../../api-types/metadata.js';
import { timestamp } from '../../runtime/clock.js';
import { isReady } from './rules.js';
import type { RoleView, Slot } from './view.js';

/** What this run has found out or will do about the slot. */
export interface SlotNews {
  readonly stalled: { readonly reason: string; readonly message: string } | null;
  /** The slot's machine has just been doomed. */
  readonly doomed: { readonly reason: string; readonly message: string } | null;
  readonly bound: { readonly id: string; readonly batch: string } | null;
  /** The slot's launch has just failed. */
  readonly failed: string | null;
  /** A reboot that recipes want waits. */
  readonly rebootHeld: string | null;
}

export type Says = readonly [status: 'True' | 'False', reason: string, message: string];

/** Sets one condition, dated now, for this generation. */
export const say = (
  conditions: Conditions,
  type: string,
  [status, reason, message]: Says,
  at: { readonly now: number; readonly generation: number },
): Conditions => {
  const last = conditions[type];
  const same = last?.status === status && last.reason === reason && last.message === message;
  // said of thousands of slots that are as they were
  if (same && last.observedGeneration === at.generation) return conditions;
  const next: Condition = {
    type,
    status,
    reason,
    message,
    lastTransitionTime: timestamp(at.now),
    observedGeneration: at.generation,
  };
  return withCondition(conditions, next);
};

const launched = (news: SlotNews): Says | null => {
  if (news.bound !== null)
    return ['True', 'Bound', `machine ${news.bound.id}, launched by batch ${news.bound.batch}`];
  if (news.doomed !== null) return ['False', news.doomed.reason, news.doomed.message];
  return news.failed === null ? null : ['False', 'LaunchFailed', news.failed];
};

const standing = (slot: Slot, { rebootHeld }: SlotNews): Says => {
  if (rebootHeld !== null) return ['True', 'RebootWaits', rebootHeld];
  if (isReady(slot.live)) return ['False', 'Settled', 'nothing to do'];
  return ['True', 'Starting', 'its machine is starting and will be set up'];
};

const progress = (view: RoleView, slot: Slot, news: SlotNews): Says | null => {
  const machine = slot.live.status.machine ?? null;
  if (news.bound !== null) return ['True', 'Starting', 'its machine is starting and will be set up'];
  if (news.doomed !== null) return ['True', 'Replacing', 'its machine is being removed'];
  if (slot.live.deletion !== null) return ['True', 'Deleting', 'it is being torn down'];
  if (machine === null) return null;
  if (slot.live.spec.desired === 'Stopped') {
    if (machine.state === 'stopped') return ['False', 'Stopped', 'stopped, as its spec says'];
    return view.consent.parkedHosts.has(slot.name)
      ? null
      : ['True', 'Stopping', 'it is told to shut down, then its machine is stopped'];
  }
  return standing(slot, news);
};

const stall = (news: SlotNews, conditions: Conditions): Says | null => {
  if (news.stalled !== null) return ['True', news.stalled.reason, news.stalled.message];
  return conditions['Stalled']?.status === 'True' ? ['False', 'Moving', 'nothing stands in the way'] : null;
};

/** The slot's conditions after this run; those of other writers are left as they are. */
export const slotConditions = (view: RoleView, slot: Slot, news: SlotNews): Conditions => {
  const before = slot.live.status.conditions ?? {};
  const at = { now: view.now, generation: slot.live.specGeneration };
  const said: readonly (readonly [string, Says | null])[] = [
    ['Launched', launched(news)],
    ['Reconciling', progress(view, slot, news)],
    ['Stalled', stall(news, before)],
  ];
  return said.reduce((last, [type, says]) => (says === null ? last : say(last, type, says, at)), before);
};

/** Only what differs, as a merge patch; undefined when nothing does. */
export const conditionsPatch = (before: Conditions, after: Conditions): Conditions | undefined => {
  const changed = Object.entries(after).filter(([type, condition]) => before[type] !== condition);
  return changed.length === 0 ? undefined : Object.fromEntries(changed);
};
