/** What is wrong with a slot's machine, pure: who must go and why, and what a person has to decide. */
import type { BoundMachine, Doomed, EventProgress } from '../../api-types/kinds/instance.js';
import { isStateful } from '../../api-types/kinds/role.js';
import { parseTimestamp } from '../../runtime/clock.js';
import { boundTo, isSetUp, rulesOf, wasHeard } from './rules.js';
import type { RoleView, Slot } from './view.js';
import { isRetired, wantedIn } from './wanted.js';

export type Trouble =
  | {
      readonly trouble: 'doom';
      readonly reason: string;
      readonly message: string;
      readonly when: Doomed['when'];
      /** The machine never served: counts for the role's launch back-off. */
      readonly failedLaunch: boolean;
    }
  | { readonly trouble: 'stalled'; readonly reason: string; readonly message: string };

const doom = (
  reason: string,
  message: string,
  more: { readonly when?: Doomed['when']; readonly failedLaunch?: boolean } = {},
): Trouble => ({
  trouble: 'doom',
  reason,
  message,
  when: more.when ?? 'now',
  failedLaunch: more.failedLaunch ?? false,
});

/** The edit of a person that ends this slot, when it is not parked; or the Deployment that does. */
export const editReason = (view: RoleView, slot: Slot): string | null => {
  if (view.consent.parkedHosts.has(slot.name)) return null;
  if (view.cluster?.deletion != null) return 'ClusterDeleted';
  if (view.role.deletion !== null) return 'RoleDeleted';
  if (!wantedIn(view).slots.has(slot.number))
    return isRetired(view.role, slot.name) ? 'Retired' : 'ScaledDown';
  return slot.live.deletion === null ? null : 'InstanceDeleted';
};

const EDIT_MESSAGES: Readonly<Record<string, string>> = {
  ClusterDeleted: 'the cluster was deleted',
  RoleDeleted: 'its role was deleted',
  ScaledDown: 'the role was scaled down',
  Retired: 'a Deployment has put another host in its place',
  InstanceDeleted: 'the Instance was deleted, which replaces it',
};

const byEdit = (view: RoleView, slot: Slot): Trouble | null => {
  const reason = editReason(view, slot);
  return reason === null ? null : doom(reason, EDIT_MESSAGES[reason] ?? reason);
};

const whyGone = ({ seen }: Slot): string => seen?.machine?.stateReason ?? 'nobody here ended it';

/** Explicitly ended, or absent from a listing that can be trusted. */
const isLost = (view: RoleView, { seen }: Slot): boolean => {
  const state = seen?.machine?.state;
  const ended = state === 'terminated' || state === 'shutting-down';
  return ended || (seen?.gone === true && !view.blind);
};

const lost = (view: RoleView, slot: Slot, machine: BoundMachine): Trouble | null => {
  if (!isLost(view, slot)) return null;
  if (rulesOf(view.role).mayReplace || !wasHeard(slot.live))
    return doom('CloudGone', `the cloud says that ${machine.id} is gone (${whyGone(slot)})`, {
      failedLaunch: !isSetUp(slot.live),
    });
  return {
    trouble: 'stalled',
    reason: 'MachineLost',
    message:
      `${machine.id} is gone (${whyGone(slot)}) and with it what it stored. A ${view.role.spec.type} is not replaced by ` +
      `an empty one unasked: delete Instance ${slot.name} to accept a new empty one, or set healing.enabled on the role.`,
  };
};

const remedied = (view: RoleView, slot: Slot, machine: BoundMachine): Trouble | null => {
  const { remediation } = slot.live.status;
  if (remediation?.action !== 'replace' || remediation.machine !== machine.id) return null;
  const keep = !isStateful(view.role.spec.type) && machine.state === 'running';
  return doom(remediation.reason, remediation.message, { when: keep ? 'replaced' : 'now' });
};

const inSeconds = (duration: number): string => `${String(duration / 1000)} s`;

const bootDeadline = (view: RoleView, { live }: Slot, machine: BoundMachine): number =>
  parseTimestamp(live.status.requestedAt ?? machine.launchedAt) + rulesOf(view.role).boot;

const late = (view: RoleView, slot: Slot, machine: BoundMachine): Trouble | null => {
  if (wasHeard(slot.live) || !view.listening || view.now < bootDeadline(view, slot, machine)) return null;
  const limit = inSeconds(rulesOf(view.role).boot);
  return machine.state === 'pending'
    ? doom('PendingTimeout', `${machine.id} was still pending ${limit} after its launch`, {
        failedLaunch: true,
      })
    : doom('BootTimeout', `no word from the agent of ${machine.id} within ${limit}`, { failedLaunch: true });
};

/** What became of the setup of this very machine; null while it is under way. */
const setupOf = ({ live }: Slot, machine: BoundMachine): EventProgress | null =>
  live.status.setup?.machine === machine.id ? live.status.setup : null;

const hasFailed = ({ listening }: RoleView, setup: EventProgress): boolean =>
  // after our own absence the result may be in the agent's hands: a late one takes the expiry back
  setup.state === 'failed' || (setup.state === 'expired' && listening);

const badSetup = (view: RoleView, slot: Slot, machine: BoundMachine): Trouble | null => {
  const setup = setupOf(slot, machine);
  if (setup === null || !hasFailed(view, setup)) return null;
  const reason = 'SetupFailed';
  const message = `setup of ${machine.id} ${setup.state}: ${setup.message ?? 'no message'}`;
  if (rulesOf(view.role).mayReplace) return doom(reason, message, { failedLaunch: true });
  return {
    trouble: 'stalled',
    reason,
    message: `${message}. The role's hosts are not replaced unasked: delete Instance ${slot.name} for a new one.`,
  };
};

/** The first thing that is wrong with the slot's bound machine, edits before failures; null: leave it alone. */
export const troubleOf = (view: RoleView, slot: Slot): Trouble | null => {
  const machine = boundTo(slot.live);
  if (machine === null) return null;
  const edit = byEdit(view, slot);
  if (edit !== null || slot.live.spec.desired === 'Maintenance') return edit;
  const gone = lost(view, slot, machine) ?? remedied(view, slot, machine);
  if (gone !== null || slot.live.spec.desired === 'Stopped') return gone;
  return late(view, slot, machine) ?? badSetup(view, slot, machine);
};

/** Milliseconds until the slot's next deadline may pass; null: there is none. */
export const nextDeadline = (view: RoleView, slot: Slot): number | null => {
  const machine = boundTo(slot.live);
  if (machine === null || slot.live.spec.desired !== 'Running' || isSetUp(slot.live)) return null;
  if (!wasHeard(slot.live)) return Math.max(1000, bootDeadline(view, slot, machine) - view.now);
  return setupOf(slot, machine)?.state === 'expired' && !view.listening ? 1000 : null;
};
