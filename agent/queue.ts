/** What the host does next: a pure function of its journal. */
import type { Entry } from './journal.js';

export interface Plan {
  /** Never to be run: something newer stands for them. */
  readonly supersede: readonly Entry[];
  readonly run: Entry | null;
}

const isShutdown = ({ order }: Entry): boolean => order.event === 'shutdown';

/** What a Run or a Deployment asks for, and what only looks, stands for nothing else. */
const isOfItsOwn = ({ order }: Entry): boolean =>
  order.run !== undefined || order.deployment !== undefined || order.dryRun === true;

/** A configure that has begun is finished first, whatever came since: half a run is worse than an old one. */
const waitingConfigures = (entries: readonly Entry[]): readonly Entry[] =>
  entries.filter(
    (entry) => entry.order.event === 'configure' && entry.state === 'pending' && !isOfItsOwn(entry),
  );

/**
 * In order of revision, with three exceptions: shutdown overtakes what was sent before it, and what it overtook is not
 * run any more (what was sent after it is for a machine that was stopped and started again); of several configures that
 * wait only the newest runs, but what a Run asks for runs in any case; one that was cut off by a crash runs again.
 */
export const planNext = (journal: readonly Entry[]): Plan => {
  const open = journal
    .filter(({ state }) => state !== 'finished')
    .sort((a, b) => a.order.revision - b.order.revision);
  const shutdown = open.find(isShutdown);
  const last = Math.max(0, ...journal.filter(isShutdown).map(({ order }) => order.revision));
  const overtaken = open.filter((entry) => !isShutdown(entry) && entry.order.revision <= last);
  if (shutdown !== undefined) return { supersede: overtaken, run: shutdown };
  const supersede = [
    ...overtaken,
    ...waitingConfigures(open.filter((one) => !overtaken.includes(one))).slice(0, -1),
  ];
  return { supersede, run: open.find((entry) => !supersede.includes(entry)) ?? null };
};
