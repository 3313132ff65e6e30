import { millis, seconds } from '../../../api-types/units.js';
import type { Chance } from '../../../runtime/chance.js';
import { conflict, stalled, transient, waiting, type Failure } from '../../../runtime/failure.js';
import { defect, retryDelay, type Defect } from '../../../runtime/retry.js';
import { assert, suite } from '../../suite.js';

const test = suite('the retry policy');

const fixed = (value: number): Chance => ({ number: () => value, bytes: (count) => Buffer.alloc(count) });

interface Row {
  readonly name: string;
  readonly failure: Failure | Defect;
  readonly attempt: number;
  readonly least: number | null;
  readonly most: number | null;
}

const table: readonly Row[] = [
  { name: 'a conflict: at once', failure: conflict('x'), attempt: 1, least: 10, most: 20 },
  { name: 'conflicts in a row: soon', failure: conflict('x'), attempt: 20, least: 500, most: 1000 },
  {
    name: 'the first hiccup: within half a second',
    failure: transient('T', 'x'),
    attempt: 1,
    least: 250,
    most: 500,
  },
  { name: 'it doubles', failure: transient('T', 'x'), attempt: 3, least: 1000, most: 2000 },
  { name: 'up to a minute', failure: transient('T', 'x'), attempt: 99, least: 30_000, most: 60_000 },
  {
    name: 'no sooner than the other side said',
    failure: transient('T', 'x', { retryAfter: seconds(5) }),
    attempt: 1,
    least: 5000,
    most: 5000,
  },
  {
    name: 'a server of somebody else: after seconds',
    failure: transient('T', 'x', { outside: true }),
    attempt: 1,
    least: 2500,
    most: 5000,
  },
  {
    name: 'a server of somebody else again and again: ten minutes',
    failure: transient('T', 'x', { outside: true }),
    attempt: 50,
    least: 300_000,
    most: 600_000,
  },
  {
    name: 'a wait: its own time',
    failure: waiting('W', 'x', millis(123)),
    attempt: 7,
    least: 123,
    most: 123,
  },
  { name: 'a defect: slower', failure: defect(new Error('x')), attempt: 1, least: 500, most: 1000 },
  {
    name: 'a defect again and again: five minutes',
    failure: defect(1),
    attempt: 50,
    least: 150_000,
    most: 300_000,
  },
  { name: 'stalled: not until woken', failure: stalled('S', 'x'), attempt: 1, least: null, most: null },
];

for (const { name, failure, attempt, least, most } of table) {
  test(name, () => {
    assert.equal(
      [retryDelay(failure, attempt, fixed(0)), retryDelay(failure, attempt, fixed(0.999_999_999))],
      [least, most],
    );
  });
}
