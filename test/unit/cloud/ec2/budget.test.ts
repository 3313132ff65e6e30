import * as E from 'fp-ts/lib/Either.js';
import { millis, seconds } from '../../../../api-types/units.js';
import * as level from '../../../../cloud/ec2/bucket.js';
import { createBudget, type Budget, type Grant } from '../../../../cloud/ec2/budget.js';
import { PUBLISHED, bucketsFor, type Ec2Action } from '../../../../cloud/ec2/quotas.js';
import { seededChance } from '../../../../runtime/chance.js';
import { virtualClock } from '../../../fake/clock.js';
import { assert, suite } from '../../../suite.js';

const bucket = { burst: 5, perSecond: 2 };

const arithmetic = suite('token buckets');

const flown = (sent: number, cost: number, id = 1): level.Flight => ({ id, sent, cost });

const waits = [
  { name: 'full: at once', level: level.full(bucket, 0), now: 0, cost: 5, wait: 0 },
  { name: 'more than it ever holds: never', level: level.full(bucket, 0), now: 0, cost: 6, wait: Infinity },
  {
    name: 'empty: as long as the refill takes',
    level: { tokens: 0, at: 0, flights: [] },
    now: 0,
    cost: 1,
    wait: 500,
  },
  {
    name: 'empty, later: what is left',
    level: { tokens: 0, at: 0, flights: [] },
    now: 400,
    cost: 1,
    wait: 100,
  },
  {
    name: 'drained: it refills',
    level: level.drained(bucket, level.full(bucket, 0), 0),
    now: 0,
    cost: 5,
    wait: 2500,
  },
  {
    name: 'never above the burst',
    level: { tokens: 5, at: 0, flights: [] },
    now: 60_000,
    cost: 6,
    wait: Infinity,
  },
  {
    name: 'in flight: counted as arriving as late as can be, and refilled from then',
    level: level.spent(level.full(bucket, 0), flown(0, 5)),
    now: 0,
    cost: 1,
    wait: 2500,
  },
  {
    name: 'answered at once: refilled from the answer',
    level: level.answered(bucket, level.spent(level.full(bucket, 0), flown(0, 5)), 1, 10),
    now: 10,
    cost: 1,
    wait: 500,
  },
  {
    name: 'an answer after the longest transit changes nothing more',
    level: level.answered(bucket, level.spent(level.full(bucket, 0), flown(0, 5)), 1, 2500),
    now: 2500,
    cost: 1,
    wait: 0,
  },
];

for (const row of waits)
  arithmetic(row.name, () => {
    assert.is(level.waitFor(bucket, row.level, row.cost, row.now), row.wait);
  });

arithmetic('we keep a tenth of the refill, and of great request bursts, for others', () => {
  assert.equal(bucketsFor('RunInstances', {}), {
    request: { burst: 5, perSecond: 1.8 },
    resource: { burst: 1000, perSecond: 1.8 },
  });
  assert.equal(bucketsFor('DescribeInstances', {}), {
    request: { burst: 90, perSecond: 18 },
    resource: null,
  });
});

arithmetic('quotas replace what they name and leave the rest', () => {
  const quotas = { RunInstances: { resourcesPerSecond: 100 } };
  assert.equal(bucketsFor('RunInstances', quotas).resource, { burst: 1000, perSecond: 90 });
  assert.equal(bucketsFor('RunInstances', quotas).request, { burst: 5, perSecond: 1.8 });
});

/** An endpoint that enforces the published bucket, by when a call arrives. */
const endpoint = (action: Ec2Action) => {
  const { request, resource } = PUBLISHED[action];
  let requests = level.full(request, 0);
  let resources = resource === null ? null : level.full(resource, 0);
  const take = (of: level.Bucket, at: level.Level, cost: number, now: number): level.Level | null => {
    const current = level.advanced(of, at, now);
    return current.tokens >= cost ? { ...current, tokens: current.tokens - cost } : null;
  };
  return (now: number, instances: number): boolean => {
    const first = take(request, requests, 1, now);
    const second = resource === null || resources === null ? null : take(resource, resources, instances, now);
    if (first === null || (resource !== null && second === null)) return false;
    requests = first;
    resources = second;
    return true;
  };
};

const test = suite('budget: calls wait their turn');

const taken = async (budget: Budget, action: Ec2Action, resources = 0, patience = 15_000): Promise<Grant> => {
  const result = await budget.take(action, { requests: 1, resources }, millis(patience))();
  if (E.isLeft(result)) throw new Error(result.left.message);
  return result.right;
};

test('a thousand machines in ten launches: five at once, the others as tokens come, none refused', async () => {
  const clock = virtualClock();
  const budget = createBudget({}, clock);
  const accepts = endpoint('RunInstances');
  let refused = 0;
  const doneAt: number[] = [];
  const begun = clock.monotonic();
  const launch = async (): Promise<void> => {
    const grant = await taken(budget, 'RunInstances', 100);
    await clock.sleep(millis(20));
    if (!accepts(clock.monotonic() - begun, 100)) refused += 1;
    grant.answered();
    doneAt.push(clock.monotonic() - begun);
  };
  const all = Promise.all(Array.from({ length: 10 }, launch));
  await clock.advance(10_000);
  await all;
  assert.is(refused, 0);
  assert.is(doneAt.filter((at) => at < 100).length, 5);
  assert.ok(Math.max(...doneAt) < 3500, `took ${String(Math.max(...doneAt))} ms`);
});

for (const seed of [1, 2, 3, 4])
  for (const action of ['RunInstances', 'TerminateInstances', 'DescribeInstances'] as const)
    test(`whatever the latencies, no ${action} is refused (seed ${String(seed)})`, async () => {
      const clock = virtualClock();
      const chance = seededChance(seed);
      const budget = createBudget({}, clock);
      const accepts = endpoint(action);
      const begun = clock.monotonic();
      let refused = 0;
      let made = 0;
      const one = async (): Promise<void> => {
        await clock.sleep(millis(chance.number() * 5000));
        const resources = action === 'DescribeInstances' ? 0 : 1 + Math.floor(chance.number() * 30);
        const grant = await taken(budget, action, resources, 1_000_000);
        await clock.sleep(millis(chance.number() * 1900));
        if (!accepts(clock.monotonic() - begun, resources)) refused += 1;
        made += 1;
        await clock.sleep(millis(chance.number() * 4000));
        grant.answered();
      };
      const all = Promise.all(Array.from({ length: 150 }, one));
      for (let round = 0; round < 400 && made < 150; round += 1) await clock.advance(5000);
      await clock.advance(10_000);
      await all;
      assert.is(refused, 0);
    });

test('a wait longer than patience fails at once and says how long', async () => {
  const clock = virtualClock();
  const budget = createBudget({}, clock);
  for (let call = 0; call < 5; call += 1) (await taken(budget, 'RunInstances', 1)).answered();
  const result = await budget.take('RunInstances', { requests: 1, resources: 1 }, millis(100))();
  assert.is(E.isLeft(result) && result.left.reason, 'Throttled');
  const retryAfter = E.isLeft(result) && result.left._tag === 'Transient' ? (result.left.retryAfter ?? 0) : 0;
  assert.ok(retryAfter > 500 && retryAfter < 600, String(retryAfter));
});

test('one action that waits does not delay another', async () => {
  const clock = virtualClock();
  const budget = createBudget({}, clock);
  for (let call = 0; call < 5; call += 1) await taken(budget, 'RunInstances', 1);
  const waiting = taken(budget, 'RunInstances', 1);
  await taken(budget, 'TerminateInstances', 100);
  await clock.advance(5000);
  await waiting;
});

test('a refusal of the endpoint empties our bucket too', async () => {
  const clock = virtualClock();
  const budget = createBudget({}, clock);
  (await taken(budget, 'RunInstances', 1)).refused();
  const result = await budget.take('RunInstances', { requests: 1, resources: 1 }, millis(0))();
  assert.is(E.isLeft(result) && result.left.reason, 'Throttled');
});

test('a call that names more than the bucket holds needs a person', async () => {
  const budget = createBudget({}, virtualClock());
  const result = await budget.take('RunInstances', { requests: 1, resources: 1001 }, seconds(30))();
  assert.is(E.isLeft(result) && result.left._tag, 'Stalled');
});

test('a call dearer than a tiny bucket waits for all of it, not for ever', async () => {
  const clock = virtualClock();
  const budget = createBudget({ DescribeInstances: { requestBurst: 1, requestsPerSecond: 1 } }, clock);
  const result = await budget.take('DescribeInstances', { requests: 2, resources: 0 }, seconds(5))();
  assert.ok(E.isRight(result));
});
