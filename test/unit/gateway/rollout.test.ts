import type { AgentRelease } from '../../../api-types/agent-release.js';
import { millis, minutes } from '../../../api-types/units.js';
import {
  advance,
  newRollout,
  type Rollout,
  type RolloutHost,
  ROLLOUT_TIMES,
  wantedOf,
} from '../../../server/agent-files/rollout.js';
import { newsOf } from '../../../server/gateway/agent-news.js';
import { assert, suite } from '../../suite.js';

const test = suite('the rollout of an agent');

const RELEASE: AgentRelease = { version: '2', sha256: { 'linux-x64': 'b'.repeat(64) } };
const OLD = `1-linux-x64-${'a'.repeat(12)}`;
const NEW = `2-linux-x64-${'b'.repeat(12)}`;
const NOW = 10_000_000;

const host = (number: number, more: Partial<RolloutHost> = {}): RolloutHost => ({
  machine: `i-${String(number)}`,
  build: OLD,
  buildAge: minutes(60),
  gaveUp: null,
  connected: true,
  ...more,
});

const hosts = (
  count: number,
  more: Readonly<Record<number, Partial<RolloutHost>>> = {},
): readonly RolloutHost[] => Array.from({ length: count }, (_, index) => host(index + 1, more[index + 1]));

const updated = { build: NEW };
const justUpdated = { build: NEW, buildAge: minutes(1) };
const told = (...numbers: readonly number[]): Readonly<Record<string, number>> =>
  Object.fromEntries(numbers.map((number) => [`i-${String(number)}`, NOW - minutes(5)]));
const range = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

interface Row {
  readonly name: string;
  readonly rollout?: Partial<Rollout>;
  readonly hosts: readonly RolloutHost[];
  readonly stage: Rollout['stage'];
  /** Machines told from now on. */
  readonly tells?: readonly number[];
  readonly halted?: RegExp;
}

const ROWS: readonly Row[] = [
  { name: 'a new release: one host is told', hosts: hosts(30), stage: 'one', tells: [1] },
  {
    name: 'every host has it already: nobody is told',
    hosts: hosts(3, { 1: updated, 2: updated, 3: updated }),
    stage: 'one',
  },
  {
    name: 'a host that is away is passed over',
    hosts: hosts(3, { 1: { connected: false } }),
    stage: 'one',
    tells: [2],
  },
  {
    name: 'a host that is of another platform is passed over',
    hosts: hosts(2, { 1: { build: '1-linux-arm64-cccccccccccc' } }),
    stage: 'one',
    tells: [2],
  },
  {
    name: 'the first is on its way: nobody else is told',
    rollout: { told: told(1) },
    hosts: hosts(30),
    stage: 'one',
  },
  {
    name: 'the first has just come back: nobody else yet',
    rollout: { told: told(1) },
    hosts: hosts(30, { 1: justUpdated }),
    stage: 'one',
  },
  {
    name: 'the first is well: a tenth, itself counted',
    rollout: { told: told(1) },
    hosts: hosts(30, { 1: updated }),
    stage: 'some',
    tells: [2, 3],
  },
  {
    name: 'of few hosts one is a tenth: all',
    rollout: { told: told(1) },
    hosts: hosts(5, { 1: updated }),
    stage: 'all',
  },
  {
    name: 'one of the tenth is away: the others wait',
    rollout: { stage: 'some', told: told(1, 2, 3) },
    hosts: hosts(30, { 1: updated, 2: updated, 3: { ...updated, connected: false } }),
    stage: 'some',
  },
  {
    name: 'the tenth is well: all',
    rollout: { stage: 'some', told: told(1, 2, 3) },
    hosts: hosts(30, { 1: updated, 2: updated, 3: updated }),
    stage: 'all',
  },
  {
    name: 'a host went back: no further',
    rollout: { told: told(1) },
    hosts: hosts(30, { 1: { gaveUp: NEW } }),
    stage: 'one',
    halted: /i-1 went back from it/,
  },
  {
    name: 'also when all were told',
    rollout: { stage: 'all' },
    hosts: hosts(30, { 7: { gaveUp: NEW } }),
    stage: 'all',
    halted: /i-7 went back/,
  },
  {
    name: 'a host that went back from an earlier one does not count',
    hosts: hosts(30, { 1: { gaveUp: 'an earlier one' } }),
    stage: 'one',
    tells: [1],
  },
  {
    name: 'the first is lost: another one',
    rollout: { told: told(31) },
    hosts: hosts(30),
    stage: 'one',
    tells: [1],
  },
  {
    name: 'the first was told too long ago: another one',
    rollout: { told: { 'i-1': NOW - minutes(21) } },
    hosts: hosts(30),
    stage: 'one',
    tells: [2],
  },
  {
    name: 'of those that were told too long ago the ones that are well with what they have are not lost',
    rollout: { told: Object.fromEntries(range(1, 4).map((number) => [`i-${String(number)}`, 0])) },
    hosts: hosts(30),
    stage: 'one',
    tells: [5],
  },
  {
    name: 'told too long ago and away: lost',
    rollout: { told: Object.fromEntries(range(1, 3).map((number) => [`i-${String(number)}`, 0])) },
    hosts: hosts(30, Object.fromEntries(range(1, 3).map((number) => [number, { connected: false }]))),
    stage: 'one',
    halted: /3 of the machines/,
  },
  {
    name: 'told too long ago and coming and going with the new one: lost',
    rollout: { told: Object.fromEntries(range(1, 3).map((number) => [`i-${String(number)}`, 0])) },
    hosts: hosts(30, { 1: justUpdated, 2: justUpdated, 3: justUpdated }),
    stage: 'one',
    halted: /3 of the machines/,
  },
  {
    name: 'of many that were told a few go as hosts do',
    rollout: { stage: 'some', told: told(...range(1, 100), 2001, 2002, 2003, 2004, 2005) },
    hosts: hosts(1050, Object.fromEntries(range(1, 100).map((number) => [number, updated]))),
    stage: 'some',
    tells: range(101, 105),
  },
  {
    name: 'of many that were told more than one in twenty are lost: no further',
    rollout: { stage: 'some', told: told(...range(1, 100), 2001, 2002, 2003, 2004, 2005, 2006) },
    hosts: hosts(1060, Object.fromEntries(range(1, 100).map((number) => [number, updated]))),
    stage: 'some',
    halted: /6 of the machines/,
  },
  {
    name: 'three are lost: no further',
    rollout: { told: told(31, 32, 33) },
    hosts: hosts(30),
    stage: 'one',
    halted: /3 of the machines/,
  },
  {
    name: 'halted stays halted',
    rollout: { halted: 'a reason' },
    hosts: hosts(30),
    stage: 'one',
    halted: /a reason/,
  },
  {
    name: 'nobody is left to be told: all, for those that come later',
    rollout: { told: told(1) },
    hosts: hosts(30, Object.fromEntries(range(1, 30).map((number) => [number, updated]))),
    stage: 'all',
  },
  {
    name: 'those that are left are away: they are waited for',
    rollout: { stage: 'some', told: told(1) },
    hosts: hosts(
      30,
      Object.fromEntries(
        range(1, 30).map((number) => [number, number === 1 ? updated : { connected: false }]),
      ),
    ),
    stage: 'some',
  },
];

for (const row of ROWS)
  test(row.name, () => {
    const before: Rollout = { ...newRollout(RELEASE), ...row.rollout };
    const after = advance({ now: millis(NOW), rollout: before, hosts: row.hosts, times: ROLLOUT_TIMES });
    assert.is(after.stage, row.stage);
    const fresh = Object.keys(after.told).filter((machine) => before.told[machine] === undefined);
    assert.equal(
      fresh,
      (row.tells ?? []).map((number) => `i-${String(number)}`),
    );
    if (row.halted === undefined) assert.is(after.halted, undefined);
    else assert.match(after.halted ?? '', row.halted);
  });

test('a broken release reaches three hosts of a thousand', () => {
  let rollout = newRollout(RELEASE);
  const reached = new Set<string>();
  const standing = (number: number): number =>
    reached.has(`i-${String(number)}`) ? standing(number + 1000) : number;
  for (let now = NOW; now < NOW + minutes(600); now += minutes(1)) {
    // a host that is reached is never heard of again, and is replaced by another one
    const alive = range(1, 1000)
      .map(standing)
      .map((number) => host(number));
    rollout = advance({ now: millis(now), rollout, hosts: alive, times: ROLLOUT_TIMES });
    for (const machine of Object.keys(rollout.told)) reached.add(machine);
  }
  assert.is(reached.size, 3);
  assert.ok(rollout.halted);
});

test('whose turn it is', () => {
  const one: Rollout = { ...newRollout(RELEASE), told: { 'i-1': NOW } };
  assert.is(wantedOf(one, 'i-1', OLD), RELEASE);
  assert.is(wantedOf(one, 'i-2', OLD), null);
  assert.is(wantedOf(one, 'i-1', NEW), null);
  assert.is(wantedOf({ ...one, stage: 'all', told: {} }, 'i-2', OLD), RELEASE);
  assert.is(wantedOf({ ...one, stage: 'all', halted: 'a reason' }, 'i-2', OLD), null);
  assert.is(wantedOf({ ...one, stage: 'all' }, 'i-2', 'dev'), null);
});

test('each update and each way back is told once', () => {
  assert.equal(newsOf({ build: OLD, gaveUp: null }, {}), []);
  assert.equal(newsOf({ build: OLD, gaveUp: null }, { build: OLD }), []);
  assert.equal(
    newsOf({ build: NEW, gaveUp: null }, { build: OLD }).map(({ reason }) => reason),
    ['AgentUpdated'],
  );
  const back = newsOf({ build: OLD, gaveUp: NEW }, { build: OLD });
  assert.equal(
    back.map(({ type, reason }) => [type, reason]),
    [['Warning', 'AgentWentBack']],
  );
  assert.equal(newsOf({ build: OLD, gaveUp: NEW }, { build: OLD, gaveUp: NEW }), []);
});
