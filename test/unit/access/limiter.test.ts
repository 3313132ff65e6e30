import { seconds } from '../../../api-types/units.js';
import { Limiter, clientOf } from '../../../server/access/limiter.js';
import { virtualClock } from '../../fake/clock.js';
import { assert, suite } from '../../suite.js';

const test = suite('how often something may fail');

for (const [address, client] of [
  ['10.0.0.7', '10.0.0.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
  ['2001:db8::9', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['', ''],
] as const)
  test(`${address} counts as ${client}`, () => {
    assert.is(clientOf(address), client);
  });

test('tries come back over time, and only so many keys are remembered', async () => {
  const clock = virtualClock();
  const limiter = new Limiter(clock, { burst: 2, every: seconds(1) });
  assert.equal([limiter.take('a'), limiter.take('a'), limiter.take('a')], [0, 0, 1]);
  await clock.advance(seconds(1));
  assert.is(limiter.take('a'), 0);
  assert.is(limiter.take('a'), 1);
  for (let at = 0; at < 20_000; at += 1) limiter.take(`other-${String(at)}`);
  assert.is(limiter.take('a'), 0);
});
