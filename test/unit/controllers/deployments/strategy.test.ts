import { naturally } from '../../../../controllers/deployments/hosts.js';
import {
  batchesOf,
  countOf,
  nextBatch,
  strategyOf,
  type Candidate,
} from '../../../../controllers/deployments/strategy.js';
import { drainSecondsOf, type DeploymentStrategy } from '../../../../api-types/deployment-strategy.js';
import { assert, suite } from '../../../suite.js';

const test = suite('deployments: whose turn it is');

const strategy = (given: Partial<DeploymentStrategy> = {}) =>
  strategyOf({ application: 'web', command: 'deploy', strategy: { type: 'rolling', ...given } }, undefined);

/** `a1`: host 1 in zone a; `a1-`: one that is out of service already. */
const hosts = (text: string): readonly Candidate[] =>
  text
    .split(' ')
    .map((one) => ({ name: one.replace('-', ''), zone: one.slice(0, 1), serves: !one.endsWith('-') }));

interface Row {
  readonly name: string;
  readonly given: Partial<DeploymentStrategy>;
  readonly of: string;
  readonly batch?: number;
  readonly total?: number;
  readonly unavailable?: number;
  readonly chosen: string;
}

const table: readonly Row[] = [
  { name: 'a quarter, rounded up', given: {}, of: 'a1 a2 a3 a4 a5', chosen: 'a1 a2' },
  { name: 'a number', given: { batch: 3 }, of: 'a1 a2 a3 a4 a5', chosen: 'a1 a2 a3' },
  { name: 'at least one', given: { batch: '1%' }, of: 'a1 a2', chosen: 'a1' },
  {
    name: 'percent of all hosts, not of those that are left',
    given: { batch: '50%' },
    of: 'a5',
    total: 6,
    chosen: 'a5',
  },
  {
    name: 'those that are out of service count against maxUnavailable',
    given: { batch: 3, maxUnavailable: 2 },
    of: 'a1 a2 a3',
    unavailable: 1,
    chosen: 'a1',
  },
  {
    name: 'one that is out anyway costs nothing',
    given: { batch: 3, maxUnavailable: 1 },
    of: 'a1 a2 a3-',
    unavailable: 1,
    chosen: 'a3',
  },
  { name: 'too many are out', given: { batch: 1 }, of: 'a1 a2', unavailable: 1, chosen: '' },
  {
    name: 'by zone: those of the first',
    given: { batch: 3, byZone: true },
    of: 'a1 b2 a3 b4',
    chosen: 'a1 a3',
  },
  { name: 'canary: one first', given: { type: 'canary', batch: 3 }, of: 'a1 a2 a3 a4', chosen: 'a1' },
  {
    name: 'canary: then as many as a batch has',
    given: { type: 'canary', batch: 3 },
    of: 'a1 a2 a3 a4',
    batch: 2,
    chosen: 'a1 a2 a3',
  },
  {
    name: 'all at once, whoever is out',
    given: { type: 'all-at-once' },
    of: 'a1 a2 a3',
    unavailable: 2,
    chosen: 'a1 a2 a3',
  },
];

for (const row of table)
  test(row.name, () => {
    const candidates = hosts(row.of);
    const { batch = 1, total = candidates.length, unavailable = 0 } = row;
    const chosen = nextBatch(candidates, { strategy: strategy(row.given), batch, total, unavailable });
    assert.is(chosen.map(({ name }) => name).join(' '), row.chosen);
  });

test('commands that bring nothing new take no new hosts and no look at the first ones', () => {
  const own = { type: 'canary', batch: 2 } as const;
  const typeOf = (command: 'deploy' | 'restart' | 'rollback' | 'stop'): string =>
    strategyOf({ application: 'web', command }, own).type;
  assert.equal(
    [typeOf('deploy'), typeOf('restart'), typeOf('rollback'), typeOf('stop')],
    ['canary', 'rolling', 'rolling', 'all-at-once'],
  );
  assert.is(strategyOf({ application: 'web', command: 'rollback' }, own).batch, '50%');
});

test('how many batches there will be', () => {
  assert.is(batchesOf(strategy({ batch: 2 }), 5), 3);
  assert.is(batchesOf(strategy({ type: 'canary', batch: 2 }), 5), 3);
  assert.is(batchesOf(strategy({ type: 'all-at-once' }), 5), 1);
  assert.is(countOf(0, 5), 1);
});

test('hosts are in the order in which people count', () => {
  const names = ['app-10', 'app-2', 'db-1', 'app-1'];
  assert.equal(names.sort(naturally), ['app-1', 'app-2', 'app-10', 'db-1']);
});

test('how long requests may take to end: as this Deployment says, or its Application', () => {
  const eight = { type: 'rolling', drainSeconds: 8 } as const;
  assert.is(drainSecondsOf(undefined, undefined), 5);
  assert.is(drainSecondsOf(undefined, eight), 8);
  assert.is(drainSecondsOf({ type: 'canary' }, eight), 8);
  assert.is(drainSecondsOf({ type: 'rolling', drainSeconds: 0 }, eight), 0);
});
