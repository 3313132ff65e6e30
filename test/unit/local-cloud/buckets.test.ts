/** Amazon's published buckets on virtual time. */
import { makeBuckets, type Taking } from '../../../local-cloud/buckets.js';
import { virtualClock } from '../../fake/clock.js';
import { assert, suite } from '../../suite.js';

const test = suite('local cloud: token buckets');

const call = (action: string, more: Partial<Taking> = {}): Taking => ({
  accessKey: 'k',
  action,
  everything: false,
  machines: 0,
  ...more,
});

test('each action has its burst, then its rate', async () => {
  const rows: readonly (readonly [Taking, number, number])[] = [
    [call('RunInstances'), 5, 2],
    [call('TerminateInstances'), 100, 5],
    [call('CreateTags'), 100, 10],
    [call('StopInstances'), 50, 5],
    [call('DescribeInstances'), 100, 20],
    [call('DescribeInstances', { everything: true }), 50, 10],
    [call('DescribeVpcs', { everything: true }), 100, 20],
  ];
  const clock = virtualClock();
  const buckets = makeBuckets(clock, {});
  const taken = (row: Taking): number => {
    let count = 0;
    while (buckets.take(row)) count += 1;
    return count;
  };
  for (const [row, burst] of rows) assert.is(taken(row), burst, row.action);
  await clock.advance(1000);
  for (const [row, , rate] of rows) assert.is(taken(row), rate, row.action);
});

test('machines are paid for too, all or none, and another key has its own', () => {
  const buckets = makeBuckets(virtualClock(), {});
  assert.ok(buckets.take(call('RunInstances', { machines: 600 })));
  assert.not.ok(buckets.take(call('RunInstances', { machines: 401 })));
  assert.ok(buckets.take(call('RunInstances', { machines: 400 })));
  assert.ok(buckets.take(call('RunInstances', { machines: 1000, accessKey: 'other' })));
});

test('quotas raise what they name and nothing else', () => {
  const buckets = makeBuckets(virtualClock(), { RunInstances: { requestBurst: 7 } });
  const taken = Array.from({ length: 9 }, () => buckets.take(call('RunInstances', { machines: 1 })));
  assert.is(taken.filter(Boolean).length, 7);
  assert.not.ok(buckets.take(call('RunInstances', { machines: 1001 })));
  assert.ok(makeBuckets(virtualClock(), 'unlimited').take(call('RunInstances', { machines: 1e6 })));
});
