import { seconds } from '../../../../api-types/units.js';
import { catchUp } from '../../../../store/objects/catch-up.js';
import { virtualClock } from '../../../fake/clock.js';
import { assert, suite } from '../../../suite.js';

const test = suite('catching up');

test('revisions that never come: a list now and then, and nothing is kept for who no longer waits', async () => {
  const clock = virtualClock();
  let lists = 0;
  const waiting = catchUp(clock, () => (lists += 1));
  for (let second = 0; second < 30; second += 1) {
    const stop = new AbortController();
    const ended = Array.from({ length: 10 }, () => waiting.until(9e15, 1, stop.signal));
    await clock.advance(seconds(3));
    stop.abort();
    await Promise.all(ended);
  }
  assert.ok(lists >= 5 && lists <= 10, String(lists));
});

test('who waits for a revision goes on when it is there', async () => {
  const waiting = catchUp(virtualClock(), () => undefined);
  const late = waiting.until(5, 1);
  waiting.reached(5);
  await late;
  await waiting.until(5, 5);
});
