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

/** Another Deployment of the same application is at this host since: what this one wanted is wanted no more. */
const isOutdated = ({ order }: Entry, journal: readonly Entry[]): boolean => {
  const { deployment: own, revision } = order;
  return (
    own !== undefined &&
    journal.some(
      ({ order: { deployment: other, revision: later } }) =>
        other?.application === own.application && other.uid !== own.uid && later > revision,
    )
  );
};

/** What touches nothing that is in force may be ended in the middle; anything else goes on to its end. */
const HARMLESS: readonly string[] = ['fetch', 'prepare'];

/** One that runs, and is to be ended for a Deployment that came since. */
export const isToBeCut = (entry: Entry, journal: readonly Entry[]): boolean =>
  HARMLESS.includes(entry.order.deployment?.step ?? '') && isOutdated(entry, journal);

const isLeft = (entry: Entry, journal: readonly Entry[]): boolean =>
  isToBeCut(entry, journal) || (entry.state === 'pending' && isOutdated(entry, journal));

/**
 * In order of revision, with four exceptions: shutdown overtakes what was sent before it, and what it overtook is not
 * run any more (what was sent after it is for a machine that was stopped and started again); of several configures that
 * wait only the newest runs, but what a Run asks for runs in any case; what a
 * Deployment wanted that was superseded is not begun any more; one that was cut off by a crash runs again.
 */
export const planNext = (journal: readonly Entry[]): Plan => {
  const open = journal
    .filter(({ state }) => state !== 'finished')
    .sort((a, b) => a.order.revision - b.order.revision);
  const shutdown = open.find(isShutdown);
  const last = Math.max(0, ...journal.filter(isShutdown).map(({ order }) => order.revision));
  const overtaken = open.filter((entry) => !isShutdown(entry) && entry.order.revision <= last);
  if (shutdown !== undefined) return { supersede: overtaken, run: shutdown };
  const left = open.filter((one) => !overtaken.includes(one) && isLeft(one, journal));
  const supersede = [
    ...overtaken,
    ...left,
    ...waitingConfigures(open.filter((one) => !overtaken.includes(one))).slice(0, -1),
  ];
  return { supersede, run: open.find((entry) => !supersede.includes(entry)) ?? null };
};
