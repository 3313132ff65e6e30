/** What the host does next: a pure function of its journal. */
import type { Entry } from './journal.js';

export interface Plan {
  /** Never to be run: something newer stands for them. */
  readonly supersede: readonly Entry[];
  readonly run: Entry | null;
}

const isShutdown = ({ order }: Entry): boolean => order.event === 'shutdown';

/** A configure that has begun is finished first, whatever came since: half a run is worse than an old one. */
const waitingConfigures = (entries: readonly Entry[]): readonly Entry[] =>
  entries.filter(({ order, state }) => order.event === 'configure' && state === 'pending');

/**
 * In order of revision, with three exceptions: shutdown overtakes everything, and what it overtook is not run any
 * more; of several configures that wait only the newest runs; one that was cut off by a crash runs again.
 */
export const planNext = (journal: readonly Entry[]): Plan => {
  const open = journal
    .filter(({ state }) => state !== 'finished')
    .sort((a, b) => a.order.revision - b.order.revision);
  const over = journal.find((entry) => isShutdown(entry) && entry.state !== 'pending');
  const shutdown = open.find(isShutdown);
  if (shutdown !== undefined || over !== undefined)
    return {
      supersede: open.filter((entry) => entry !== shutdown),
      run: shutdown ?? null,
    };
  const supersede = waitingConfigures(open).slice(0, -1);
  return { supersede, run: open.find((entry) => !supersede.includes(entry)) ?? null };
};
