import type { ObjectOf } from '../../../client/client.js';
import { UsageError } from '../../../cli/context.js';
import { secondsOf } from '../../../cli/durations.js';
import { goalOf } from '../../../cli/waiting/goal.js';
import { assert, suite } from '../../suite.js';

const test = suite('what wait waits for');

const ready = {
  type: 'Ready',
  status: 'False',
  reason: 'Waiting',
  message: 'for db',
  lastTransitionTime: '',
};
const role = (condition: object = {}, metadata: object = {}): ObjectOf => ({
  apiVersion: 'scalarium.dev/v1',
  kind: 'Role',
  metadata: {
    name: 'app',
    uid: 'u',
    resourceVersion: '1',
    generation: 2,
    creationTimestamp: '',
    ...metadata,
  },
  status: { phase: 'online', conditions: [{ ...ready, ...condition }] },
});

const ROWS: readonly (readonly [string, string, ObjectOf | null, RegExp | null])[] = [
  ['a condition that is not', 'condition=Ready', role(), /^Ready=False \(Waiting\): for db$/],
  ['a condition that is', 'condition=Ready', role({ status: 'True' }), null],
  ['whatever the case', 'condition=ready=true', role({ status: 'True' }), null],
  ['a condition that is to be False', 'condition=Ready=False', role(), null],
  [
    'of an older generation',
    'condition=Ready',
    role({ status: 'True', observedGeneration: 1 }),
    /not been seen/,
  ],
  ['of this generation', 'condition=Ready', role({ status: 'True', observedGeneration: 2 }), null],
  ['a condition there is none of', 'condition=Odd', role(), /no condition Odd/],
  ['a condition of what is gone', 'condition=Ready', null, /not there/],
  ['delete: there', 'delete', role(), /nobody deletes/],
  ['delete: going', 'delete', role({}, { deletionTimestamp: 'x' }), /being deleted/],
  ['delete: gone', 'delete', null, null],
  ['a path', 'jsonpath={.status.phase}=online', role(), null],
  ['a path, quoted', "jsonpath='{.status.phase}'=online", role(), null],
  ['a path with another value', 'jsonpath={.status.phase}=stopped', role(), /is online/],
  ['a path with any value', 'jsonpath={.status.phase}', role(), null],
  ['a path to nothing', 'jsonpath={.status.machine.id}', role(), /nothing at/],
];

for (const [name, text, object, lacks] of ROWS)
  test(name, () => {
    const said = goalOf(text)(object);
    if (lacks === null) assert.is(said, null);
    else assert.match(said ?? 'reached', lacks);
  });

test('anything else is refused', () => {
  for (const text of ['', 'ready', 'condition=', 'condition=Ready=maybe', 'jsonpath=.a'])
    assert.throws(
      () => goalOf(text),
      (error: unknown) => error instanceof UsageError && error.exit === 64,
    );
});

test('times', () => {
  const times = { '30': 30, '30s': 30, '5m': 300, '1h30m': 5400, '30d': 2_592_000, '0': 0, '1.5s': 1.5 };
  for (const [text, seconds] of Object.entries(times)) assert.is(secondsOf('--timeout', text), seconds);
  for (const text of ['', 'x', '-1s', '5 m', '5w', '1s!'])
    assert.throws(
      () => secondsOf('--timeout', text),
      (error: unknown) => error instanceof UsageError,
    );
});
