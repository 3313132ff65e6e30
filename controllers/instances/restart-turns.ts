/** How many hosts of a role recipes may have rebooted at once: one exit code must not end a whole role. Pure. */
import { isCurrent } from '../../api-types/kinds/instance.js';
import { isRestarting } from '../../api-types/kinds/restart.js';
import { healingWithDefaults } from '../../api-types/kinds/role.js';
import { countOf } from '../../api-types/units.js';
import { boundTo, isReady } from './rules.js';
import type { RoleView, Slot } from './view.js';

const inService = ({ live }: Slot): boolean => live.deletion === null && live.spec.desired === 'Running';

const isOut = ({ live }: Slot): boolean =>
  !isReady(live) || isRestarting(live.status, boundTo(live)?.id ?? '');

/** It has not come up yet: nobody misses it, and where machines are short it must not wait for hosts that never come. */
const comesUp = ({ live }: Slot): boolean => {
  const { configure, machine } = live.status;
  const configured =
    configure !== undefined && configure.machine === machine?.id && isCurrent(live.status, configure);
  return !configured && !isReady(live);
};

/** What may be out of service at once, as people wrote it. */
export const budgetOf = ({ role }: RoleView): string | number =>
  healingWithDefaults(role.spec).maxUnavailable;

/** The slots whose turn it is, of those that want one: as many as `healing.maxUnavailable` leaves, lowest numbers first. */
export const restartTurns = (view: RoleView, wants: (slot: Slot) => boolean): ReadonlySet<Slot> => {
  const wanting = view.slots.filter(wants);
  if (wanting.length === 0) return new Set();
  const first = wanting.filter(comesUp);
  const others = new Set(wanting.filter((slot) => !comesUp(slot)));
  const counted = view.slots.filter(inService);
  const out = counted.filter((slot) => !others.has(slot) && isOut(slot)).length;
  const left = Math.max(0, countOf(budgetOf(view), counted.length) - out);
  return new Set([...first, ...[...others].slice(0, left)]);
};
