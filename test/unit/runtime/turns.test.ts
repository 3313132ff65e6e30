import { setImmediate as breath } from 'node:timers/promises';
import type { Millis } from '../../../api-types/units.js';
import { takeTurns, turn } from '../../../runtime/turns.js';
import { virtualClock } from '../../fake/clock.js';
import { assert, suite } from '../../suite.js';

const test = suite('long work in turns');

/** On which each look at the time takes a millisecond. */
const tiring = () => {
  let now = 0;
  return { ...virtualClock(), monotonic: () => (now += 1) as Millis };
};

test('one of those who wait goes on in each turn of the event loop, in the order they asked', async () => {
  const told: string[] = [];
  const work = async (name: string): Promise<void> => {
    for (let step = 1; step <= 3; step += 1) {
      await turn();
      told.push(`${name}${String(step)}`);
    }
  };
  const state: { ended: boolean } = { ended: false };
  const loop = async (): Promise<void> => {
    while (!state.ended) {
      await breath();
      told.push('|');
    }
  };
  const looping = loop();
  await Promise.all([work('a'), work('b')]);
  state.ended = true;
  await looping;
  const together = told
    .join('')
    .split('|')
    .filter((turns) => turns.length > 2);
  assert.equal(together, [], 'nobody goes on in the turn of another');
  assert.equal(told.filter((one) => one !== '|').join(' '), 'a1 b1 a2 b2 a3 b3');
});

test('work on many items lets others have their turn, and says what it took without them', async () => {
  const turns = takeTurns(tiring());
  const state: { others: number; ended: boolean } = { others: 0, ended: false };
  const looping = (async () => {
    while (!state.ended) {
      await breath();
      state.others += 1;
    }
  })();
  const items = Array.from({ length: 100 }, (_item, index) => index);
  assert.equal(
    await turns.map(items, (item) => item * 2),
    items.map((item) => item * 2),
  );
  state.ended = true;
  await looping;
  assert.ok(state.others >= 40, `others had ${String(state.others)} turns`);
  assert.ok(turns.spent() >= 100 && turns.spent() < 250, String(turns.spent()));
});

test('little work is done at once', async () => {
  let others = 0;
  setImmediate(() => (others += 1));
  await takeTurns(virtualClock()).map([1, 2, 3], (item) => item);
  assert.is(others, 0);
});
