/** The client-side token budget: calls of an action wait their turn, in order; one action never delays another. */
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { Quota } from '../../api-types/kinds/cloud.js';
import { millis, type Millis } from '../../api-types/units.js';
import type { Clock } from '../../runtime/clock.js';
import { stalled, transient, type Failure } from '../../runtime/failure.js';
import * as level from './bucket.js';
import { bucketsFor, type Buckets, type Ec2Action } from './quotas.js';

export interface Cost {
  readonly requests: number;
  readonly resources: number;
}

/** Leave to make one call, now. */
export interface Grant {
  /** The answer has come (or never will). */
  answered(): void;
  /** The endpoint refused the call for want of tokens. */
  refused(): void;
}

export interface Budget {
  /** Waits for tokens; fails with `Throttled` at once when the wait would be longer than `patience`. */
  take(action: Ec2Action, cost: Cost, patience: Millis): TaskEither<Failure, Grant>;
  /** The most instances one call of this action can ever name; Infinity where only requests count. */
  readonly largest: (action: Ec2Action) => number;
}

interface Turn {
  readonly buckets: Buckets;
  request: level.Level;
  resource: level.Level | null;
  queued: Cost;
  tail: Promise<void>;
  /** Wakes the caller whose turn it is: an answer may have come before the tokens were expected. */
  wake: AbortController;
  /** Calls sent so far; numbers them. */
  flights: number;
}

const sum = (a: Cost, b: Cost, sign: 1 | -1 = 1): Cost => ({
  requests: a.requests + sign * b.requests,
  resources: a.resources + sign * b.resources,
});

const waitOf = (turn: Turn, cost: Cost, now: Millis): Millis => {
  const request = level.waitFor(turn.buckets.request, turn.request, cost.requests, now);
  if (turn.buckets.resource === null || turn.resource === null) return request;
  const resource = level.waitFor(turn.buckets.resource, turn.resource, cost.resources, now);
  return millis(Math.max(request, resource));
};

/** As `waitOf`, for a cost that stands for several calls and so may be greater than the bucket. */
const queueWait = (turn: Turn, cost: Cost, now: Millis): Millis => {
  const { request, resource } = turn.buckets;
  const first = {
    requests: Math.min(cost.requests, request.burst),
    resources: Math.min(cost.resources, resource?.burst ?? Infinity),
  };
  const rest = sum(cost, first, -1);
  const more = Math.max(
    rest.requests / request.perSecond,
    resource === null ? 0 : rest.resources / resource.perSecond,
  );
  return millis(waitOf(turn, first, now) + more * 1000);
};

type Change = (bucket: level.Bucket, current: level.Level, cost: number) => level.Level;

const apply = (turn: Turn, cost: Cost, change: Change): void => {
  turn.request = change(turn.buckets.request, turn.request, cost.requests);
  if (turn.buckets.resource !== null && turn.resource !== null)
    turn.resource = change(turn.buckets.resource, turn.resource, cost.resources);
};

const tooLarge = (action: Ec2Action, cost: Cost, buckets: Buckets): Failure | null =>
  cost.resources > (buckets.resource?.burst ?? Infinity)
    ? stalled(
        'BadParameter',
        `${action} of ${String(cost.resources)} instances in one call is more than its bucket ever holds (${String(buckets.resource?.burst)}): raise quotas.${action}.resourceBurst in the Cloud`,
      )
    : null;

const opened = (buckets: Buckets, now: Millis): Turn => ({
  buckets,
  request: level.full(buckets.request, now),
  resource: buckets.resource === null ? null : level.full(buckets.resource, now),
  queued: { requests: 0, resources: 0 },
  tail: Promise.resolve(),
  wake: new AbortController(),
  flights: 0,
});

const grant = (turn: Turn, cost: Cost, clock: Clock): Grant => {
  turn.flights += 1;
  const id = turn.flights;
  const sent = clock.monotonic();
  apply(turn, cost, (bucket, current, amount) =>
    level.spent(level.advanced(bucket, current, sent), { id, sent, cost: amount }),
  );
  const answered = (): void => {
    apply(turn, cost, (bucket, current) => level.answered(bucket, current, id, clock.monotonic()));
    turn.wake.abort();
  };
  return {
    answered,
    refused: () => {
      answered();
      apply(turn, cost, (bucket, current) => level.drained(bucket, current, clock.monotonic()));
    },
  };
};

const wait = async (turn: Turn, cost: Cost, clock: Clock): Promise<void> => {
  for (;;) {
    const left = waitOf(turn, cost, clock.monotonic());
    if (left <= 0) return;
    turn.wake = new AbortController();
    await clock.sleep(left, turn.wake.signal);
  }
};

const inTurn = (turn: Turn, cost: Cost, clock: Clock): Promise<Grant> => {
  turn.queued = sum(turn.queued, cost);
  const mine = turn.tail
    .then(() => wait(turn, cost, clock))
    .then(() => {
      turn.queued = sum(turn.queued, cost, -1);
      return grant(turn, cost, clock);
    });
  turn.tail = mine.then(() => undefined);
  return mine;
};

/** Opens the budget with full buckets. */
export const createBudget = (quotas: Readonly<Record<string, Quota>>, clock: Clock): Budget => {
  const turns = new Map<Ec2Action, Turn>();
  const turnOf = (action: Ec2Action): Turn => {
    const turn = turns.get(action) ?? opened(bucketsFor(action, quotas), clock.monotonic());
    turns.set(action, turn);
    return turn;
  };
  return {
    largest: (action) => turnOf(action).buckets.resource?.burst ?? Infinity,
    take: (action, asked, patience) => async () => {
      const turn = turnOf(action);
      const refusal = tooLarge(action, asked, turn.buckets);
      // a call dearer than a very small bucket takes all of it
      const cost = { ...asked, requests: Math.min(asked.requests, turn.buckets.request.burst) };
      if (refusal !== null) return E.left(refusal);
      const expected = queueWait(turn, sum(turn.queued, cost), clock.monotonic());
      if (expected <= patience) return E.right(await inTurn(turn, cost, clock));
      const message = `the budget of ${action} is spent for another ${(expected / 1000).toFixed(1)} s`;
      return E.left(transient('Throttled', message, { retryAfter: expected }));
    },
  };
};
