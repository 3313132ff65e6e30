import * as E from 'fp-ts/lib/Either.js';
import { inBatches, namedIn } from '../../../../cloud/ec2/batches.js';
import { orThrow, stalled, transient, type Failure } from '../../../../runtime/failure.js';
import { assert, suite } from '../../../suite.js';

type Blame = (bad: readonly string[]) => string;

/** An endpoint that refuses a call whole for one bad id, and says so in its own words. */
const endpoint = (bad: ReadonlyMap<string, Failure['reason']>, blame: Blame) => {
  const calls: (readonly string[])[] = [];
  const effects: string[] = [];
  const send = (ids: readonly string[]) => () => {
    calls.push(ids);
    const refused = ids.filter((id) => bad.has(id));
    const reason = refused[0] === undefined ? null : (bad.get(refused[0]) ?? null);
    if (reason === null) effects.push(...ids);
    if (reason === null) return Promise.resolve(E.right<Failure, null>(null));
    const message = blame(refused.filter((id) => bad.get(id) === reason));
    return Promise.resolve(
      E.left<Failure, null>(
        reason === 'BadParameter' ? stalled(reason, message) : transient(reason, message),
      ),
    );
  };
  return { send, calls, effects };
};

const ids = (count: number): string[] => Array.from({ length: count }, (_, index) => `i-${String(index)}`);

const everyOne: Blame = (bad) => `The instance IDs '${bad.join(', ')}' do not exist`;
const firstOnly: Blame = (bad) => `The instance ID '${String(bad[0])}' does not exist`;
const none: Blame = () => 'The request is not permitted';

const test = suite('batched calls: one bad id does not keep the others');

const rows = [
  {
    name: 'unknown ids, all named',
    bad: { 'i-7': 'NotFoundYet', 'i-40': 'NotFoundYet' },
    blame: everyOne,
    calls: 2,
  },
  {
    name: 'unknown ids, the first named',
    bad: { 'i-7': 'NotFoundYet', 'i-40': 'NotFoundYet' },
    blame: firstOnly,
    calls: 6,
  },
  { name: 'a protected id, named', bad: { 'i-3': 'BadParameter' }, blame: firstOnly, calls: 2 },
  { name: 'a protected id, not named', bad: { 'i-3': 'BadParameter' }, blame: none, calls: 15 },
  {
    name: 'an unknown and a protected one',
    bad: { 'i-3': 'BadParameter', 'i-60': 'NotFoundYet' },
    blame: everyOne,
    calls: 5,
  },
] as const;

for (const row of rows)
  test(row.name, async () => {
    const bad = new Map<string, string>(Object.entries(row.bad));
    const { send, calls, effects } = endpoint(bad, row.blame);
    const outcome = await orThrow(inBatches(ids(100), 1000, send));
    const good = ids(100).filter((id) => !bad.has(id));
    assert.equal([...outcome.done].sort(), [...good].sort());
    assert.equal([...effects].sort(), [...good].sort());
    const unknown = [...bad].filter(([, reason]) => reason === 'NotFoundYet').map(([id]) => id);
    assert.equal([...outcome.unknown].sort(), unknown.sort());
    assert.is(outcome.failed.length, bad.size - unknown.length);
    assert.ok(calls.length <= row.calls, `${String(calls.length)} calls`);
  });

test('ids named twice go once, and no call names more than allowed', async () => {
  const { send, calls, effects } = endpoint(new Map(), none);
  await orThrow(inBatches([...ids(250), ...ids(250)], 100, send));
  assert.equal(
    calls.map((call) => call.length),
    [100, 100, 50],
  );
  assert.equal(effects, ids(250));
});

test('nothing to do is no call', async () => {
  const { send, calls } = endpoint(new Map(), none);
  const outcome = await orThrow(inBatches([], 100, send));
  assert.equal([outcome.done, calls], [[], []]);
});

test('a failure of the call as a whole is not blamed on its ids', async () => {
  let calls = 0;
  const send = () => () => {
    calls += 1;
    return Promise.resolve(E.left<Failure>(transient('Throttled', 'slow down')));
  };
  const result = await inBatches(ids(50), 1000, send)();
  assert.is(E.isLeft(result) && result.left.reason, 'Throttled');
  assert.is(calls, 1);
});

test('where one chunk got through, the throttled one is reported by its ids', async () => {
  let calls = 0;
  const send = () => () => {
    calls += 1;
    return Promise.resolve(
      calls === 1 ? E.right<Failure, null>(null) : E.left<Failure, null>(transient('Throttled', 'slow down')),
    );
  };
  const outcome = await orThrow(inBatches(ids(20), 10, send));
  assert.is(outcome.done.length, 10);
  assert.is(outcome.failed.length, 10);
});

test('a parameter that is bad for every id is not tried id by id', async () => {
  let calls = 0;
  const send = () => () => {
    calls += 1;
    return Promise.resolve(E.left<Failure>(stalled('BadParameter', 'no such action')));
  };
  const outcome = await orThrow(inBatches(ids(1000), 1000, send));
  assert.is(outcome.failed.length, 1000);
  assert.ok(calls <= 40, `${String(calls)} calls`);
});

test('an id is named only as a whole word', () => {
  assert.equal(namedIn("The instance ID 'i-12' does not exist", ['i-1', 'i-12']), ['i-12']);
});
