import fc from 'fast-check';
import { millis } from '../../../api-types/units.js';
import { workQueue, type WorkQueue } from '../../../runtime/queue.js';
import { virtualClock } from '../../fake/clock.js';
import { assert, suite } from '../../suite.js';

const test = suite('the keyed work queue');

const nothing = (): void => undefined;

test('an add while the key runs asks for exactly one more run', () => {
  const queue = workQueue(virtualClock(), nothing);
  queue.add('a');
  assert.is(queue.take(), 'a');
  queue.add('a');
  queue.add('a');
  assert.is(queue.take(), null, 'one key never runs twice at once');
  queue.done('a');
  assert.is(queue.take(), 'a');
  queue.done('a');
  assert.is(queue.take(), null);
});

test('of several delayed adds the soonest stands, and an add now beats them all', async () => {
  const clock = virtualClock();
  const queue = workQueue(clock, nothing);
  queue.add('a', millis(500));
  queue.add('a', millis(100));
  queue.add('a', millis(300));
  await clock.advance(99);
  assert.is(queue.take(), null);
  await clock.advance(1);
  assert.is(queue.take(), 'a');
  queue.done('a');
  await clock.advance(1000);
  assert.is(queue.take(), null, 'the later wishes are gone');
  queue.add('b', millis(500));
  queue.add('b');
  assert.is(queue.take(), 'b');
  queue.done('b');
  assert.is(queue.delayed(), 0);
});

test('a delayed add that falls due during a run runs after it', async () => {
  const clock = virtualClock();
  const queue = workQueue(clock, nothing);
  queue.add('a');
  queue.take();
  queue.add('a', millis(10));
  await clock.advance(20);
  assert.is(queue.take(), null);
  queue.done('a');
  assert.is(queue.take(), 'a');
});

test('depth and oldest age can be read', async () => {
  const clock = virtualClock();
  const queue = workQueue(clock, nothing);
  queue.add('a');
  await clock.advance(40);
  queue.add('b');
  assert.equal([queue.depth(), queue.oldestAge()], [2, millis(40)]);
  queue.take();
  assert.equal([queue.depth(), queue.oldestAge(), queue.running()], [1, millis(0), 1]);
});

test('failures in a row are counted by key', () => {
  const queue = workQueue(virtualClock(), nothing);
  assert.equal([queue.failed('a'), queue.failed('a'), queue.failed('b')], [1, 2, 1]);
  queue.succeeded('a');
  assert.is(queue.failed('a'), 1);
});

test('a closed queue takes and gives nothing', async () => {
  const clock = virtualClock();
  const queue = workQueue(clock, nothing);
  queue.add('a');
  queue.add('b', millis(10));
  queue.close();
  queue.add('c');
  await clock.advance(100);
  assert.is(queue.take(), null);
});

type Move =
  | { readonly move: 'add'; readonly key: string; readonly delay: number }
  | { readonly move: 'take' }
  | { readonly move: 'done'; readonly which: number }
  | { readonly move: 'advance'; readonly ms: number };

const anyMove: fc.Arbitrary<Move> = fc.oneof(
  fc.record({
    move: fc.constant('add' as const),
    key: fc.constantFrom('a', 'b', 'c'),
    delay: fc.constantFrom(0, 0, 5, 20),
  }),
  fc.record({ move: fc.constant('take' as const) }),
  fc.record({ move: fc.constant('done' as const), which: fc.nat(2) }),
  fc.record({ move: fc.constant('advance' as const), ms: fc.constantFrom(3, 10, 30) }),
);

interface World {
  readonly queue: WorkQueue;
  readonly running: string[];
  /** Keys that were added since their last run began: each must still run. */
  readonly owed: Set<string>;
}

const startOne = ({ queue, running, owed }: World): void => {
  const key = queue.take();
  if (key === null) return;
  assert.not(running.includes(key), `${key} ran twice at once`);
  running.push(key);
  owed.delete(key);
};

const finishOne = ({ queue, running }: World, which: number): void => {
  const [key] = running.splice(which % Math.max(1, running.length), 1);
  if (key !== undefined) queue.done(key);
};

test('whatever the order of adds, no key runs twice at once and the last add is never lost', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyMove, { maxLength: 25 }), async (moves) => {
      const clock = virtualClock();
      const world: World = { queue: workQueue(clock, nothing), running: [], owed: new Set() };
      for (const move of moves) {
        if (move.move === 'add') {
          world.queue.add(move.key, millis(move.delay));
          world.owed.add(move.key);
        } else if (move.move === 'take') startOne(world);
        else if (move.move === 'done') finishOne(world, move.which);
        else await clock.advance(move.ms);
      }
      await clock.advance(100);
      while (world.running.length > 0) finishOne(world, 0);
      for (let left = 10; left > 0; left -= 1) {
        startOne(world);
        finishOne(world, 0);
      }
      assert.equal([...world.owed], []);
    }),
    { numRuns: 60 },
  );
});
