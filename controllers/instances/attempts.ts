/** What becomes of launch attempts, pure: repeat the call, wait, or close; nothing is closed before it is proven. */
import type { LaunchBatch } from '../../api-types/kinds/role.js';
import { parseTimestamp, timestamp } from '../../runtime/clock.js';
import type { Failure } from '../../runtime/failure.js';
import { accounted, hashOf, isAlive } from './batches.js';
import type { BatchView, RoleView } from './view.js';

/** The endpoint looked at the call and launched nothing. */
const REFUSALS: ReadonlySet<string> = new Set([
  'NoCapacity',
  'BadCredentials',
  'BadParameter',
  'QuotaExceeded',
]);

/** Complete sweeps, begun after the call and the consistency window, that prove what a batch holds. */
const SWEEPS_FOR_PROOF = 2;

/** Calls of one batch on an endpoint that ignores tokens, each after proven absence. */
const MOST_CALLS = 5;

export interface BatchFailure {
  readonly batch: LaunchBatch;
  /** Null: fewer machines than asked for, without a word. */
  readonly failure: Failure | null;
}

export interface Attempts {
  /** The list for the record. */
  readonly batches: readonly LaunchBatch[];
  /** To be called, once the list is in the record. */
  readonly calls: readonly LaunchBatch[];
  /** Closed in this run with slots unfilled. */
  readonly failed: readonly BatchFailure[];
  readonly changed: boolean;
}

type Verdict =
  | { readonly verdict: 'keep' | 'drop' | 'call' }
  | { readonly verdict: 'close'; readonly failure: Failure | null };

const KEEP: Verdict = { verdict: 'keep' };

const countKnown = (view: RoleView, { batch, machines, answer }: BatchView): number => {
  const ids = new Set([...machines.map(({ id }) => id), ...(answer?.ids ?? [])]);
  for (const { live } of view.slots)
    if (live.status.machine?.batch === batch.id) ids.add(live.status.machine.id);
  return ids.size;
};

const refusalOf = ({ answer }: BatchView): Failure | null =>
  answer?.failure != null && REFUSALS.has(answer.failure.reason) ? answer.failure : null;

const calledAgo = (view: RoleView, batch: LaunchBatch): number =>
  view.now - parseTimestamp(batch.calledAt ?? batch.createdAt);

const honoursTokens = ({ cloud }: RoleView): boolean => cloud.state === 'usable' && cloud.honoursClientTokens;

/** Asking again would tell nothing new. */
const hasLastWord = ({ answer }: BatchView): boolean =>
  answer !== null && (answer.failure === null || answer.failure.reason === 'TokenMismatch');

/** A repeat of the very same call is safe: the endpoint remembers the token and everything about it. */
const mayRepeat = (view: RoleView, one: BatchView): boolean => {
  const { batch } = one;
  if (!honoursTokens(view) || hasLastWord(one)) return false;
  const age = view.now - parseTimestamp(batch.createdAt);
  return age < view.settings.tokenTrust && hashOf(view.request(batch)) === batch.parametersHash;
};

/** Milliseconds until the call may be repeated; 0: now. */
export const repeatIn = ({ batch, answer }: BatchView): number => {
  if (answer === null) return 0;
  const asked = answer.failure?._tag === 'Transient' ? (answer.failure.retryAfter ?? 0) : 0;
  const backOff = Math.min(60_000, 1000 * 2 ** Math.max(0, (batch.calls ?? 1) - 1));
  return Math.max(0, Math.max(asked, backOff) - answer.ago);
};

/** On an endpoint that ignores tokens: nothing came of the call, so it may be made again. */
const mayCallAgain = (view: RoleView, one: BatchView): boolean =>
  !honoursTokens(view) &&
  countKnown(view, one) === 0 &&
  refusalOf(one) === null &&
  (one.batch.calls ?? 1) < MOST_CALLS;

const byProof = (view: RoleView, one: BatchView, wanted: boolean): Verdict => {
  if (one.sweepsSince < SWEEPS_FOR_PROOF) return KEEP;
  if (wanted && mayCallAgain(view, one)) return { verdict: 'call' };
  return { verdict: 'close', failure: one.answer?.failure ?? null };
};

const ofClosed = (view: RoleView, { batch }: BatchView): Verdict =>
  calledAgo(view, batch) > view.settings.keepClosed ? { verdict: 'drop' } : KEEP;

/** Where a call may have launched twice, the batch is remembered for what appears late. */
const ofComplete = (view: RoleView, { batch }: BatchView): Verdict =>
  honoursTokens(view) || batch.calls === 1 ? { verdict: 'drop' } : { verdict: 'close', failure: null };

const ofOpen = (view: RoleView, one: BatchView, wanted: boolean): Verdict => {
  const refusal = refusalOf(one);
  if (refusal !== null && honoursTokens(view)) return { verdict: 'close', failure: refusal };
  if (!wanted || !mayRepeat(view, one)) return byProof(view, one, wanted);
  return repeatIn(one) > 0 ? KEEP : { verdict: 'call' };
};

const judged = (view: RoleView, one: BatchView, unnamed: boolean, wanted: boolean): Verdict => {
  if (unnamed) return KEEP;
  if (one.batch.closed === true) return ofClosed(view, one);
  if (countKnown(view, one) >= one.batch.slots.length) return ofComplete(view, one);
  return view.cloud.state === 'usable' ? ofOpen(view, one, wanted) : KEEP;
};

/** A batch with machines that no record names yet stays as it is until they are named. */
const hasUnnamed = (one: BatchView, known: ReadonlySet<string>): boolean =>
  one.machines.some((machine) => isAlive(machine) && !known.has(machine.id));

const again = (view: RoleView, batch: LaunchBatch): LaunchBatch => ({
  ...batch,
  calledAt: timestamp(view.now),
  calls: (batch.calls ?? 0) + 1,
});

/** Moves every attempt on. `wanted` false: the role is leaving or frozen, so nothing is called again. */
export const moveOn = (view: RoleView, wanted: boolean): Attempts => {
  const known = accounted(view);
  const batches: LaunchBatch[] = [];
  const calls: LaunchBatch[] = [];
  const failed: BatchFailure[] = [];
  let changed = false;
  for (const one of view.batches) {
    const verdict = judged(view, one, hasUnnamed(one, known), wanted);
    changed ||= verdict.verdict !== 'keep';
    if (verdict.verdict === 'keep') batches.push(one.batch);
    if (verdict.verdict === 'call') {
      calls.push(again(view, one.batch));
      batches.push(again(view, one.batch));
    }
    if (verdict.verdict === 'close') {
      batches.push({ ...one.batch, closed: true });
      failed.push({ batch: one.batch, failure: verdict.failure });
    }
  }
  return { batches, calls, failed, changed };
};
