import { minutes, type Millis } from '../../../api-types/units.js';
import { oldEnough } from '../../../store/compaction.js';
import { assert, suite } from '../../suite.js';

const test = suite('what may be compacted');

const sample = (minute: number) => ({ at: minutes(minute), revision: minute * 100 });
const rows: readonly { name: string; at: readonly number[]; now: Millis; revision: number | null }[] = [
  { name: 'nothing known: nothing', at: [], now: minutes(9), revision: null },
  { name: 'only what is young: nothing', at: [6, 7, 8], now: minutes(9), revision: null },
  { name: 'the newest that is five minutes old', at: [2, 3, 4, 5], now: minutes(9), revision: 400 },
];

for (const { name, at, now, revision } of rows) {
  test(name, () => {
    const left = oldEnough(at.map(sample), now);
    assert.is(left.revision, revision);
    assert.ok(left.rest.every((one) => now - one.at < minutes(5) || one.revision === revision));
  });
}
