import type { MemberHealth } from '../../../../cloud/balancers.js';
import { planMembership, type Verdict } from '../../../../controllers/membership/plan.js';
import { assert, suite } from '../../../suite.js';

const test = suite('who joins a load balancer, and who leaves it');

interface Row {
  readonly name: string;
  /** By machine: its health as a member, and what is known of it. `-`: no member; `?`: a stranger. */
  readonly machines: Readonly<Record<string, readonly [MemberHealth | '-', Verdict | '?']>>;
  readonly recentlyDown?: number;
  readonly joins?: readonly string[];
  readonly goes?: readonly string[];
  readonly held?: readonly string[];
}

const ROWS: readonly Row[] = [
  { name: 'nobody', machines: {} },
  { name: 'all is well', machines: { a: ['healthy', 'serves'], b: ['healthy', 'serves'] } },
  { name: 'one is Ready', machines: { a: ['healthy', 'serves'], b: ['-', 'serves'] }, joins: ['b'] },
  { name: 'one is not Ready yet', machines: { a: ['healthy', 'serves'], b: ['-', 'down'] } },
  { name: 'one is silent, and was no member', machines: { a: ['-', 'unknown'] } },
  { name: 'one is silent: it may serve', machines: { a: ['healthy', 'serves'], b: ['healthy', 'unknown'] } },
  { name: 'all are silent', machines: { a: ['unhealthy', 'unknown'], b: ['unhealthy', 'unknown'] } },
  {
    name: 'one is deployed to',
    machines: { a: ['healthy', 'serves'], b: ['healthy', 'leaves'] },
    goes: ['b'],
  },
  {
    name: 'the only one is deployed to: it stays',
    machines: { a: ['healthy', 'leaves'] },
    held: ['a last'],
  },
  {
    name: 'all are deployed to: they stay',
    machines: { a: ['healthy', 'leaves'], b: ['healthy', 'leaves'] },
    held: ['a last', 'b last'],
  },
  {
    name: 'the others are unwell',
    machines: { a: ['healthy', 'leaves'], b: ['unhealthy', 'serves'] },
    held: ['a last'],
  },
  {
    name: 'the other one is silent, but is given requests',
    machines: { a: ['healthy', 'leaves'], b: ['healthy', 'unknown'] },
    goes: ['a'],
  },
  {
    name: 'the other one is silent, and nobody says that it is given requests',
    machines: { a: ['healthy', 'leaves'], b: ['unknown', 'unknown'] },
    held: ['a last'],
  },
  {
    name: 'a balancer that does not check: our word counts',
    machines: { a: ['unknown', 'leaves'], b: ['unknown', 'serves'] },
    goes: ['a'],
  },
  {
    name: 'new hosts for old ones: first they join',
    machines: { a: ['healthy', 'leaves'], b: ['-', 'serves'] },
    joins: ['b'],
    held: ['a last'],
  },
  {
    name: 'then they are waited for',
    machines: { a: ['healthy', 'leaves'], b: ['joining', 'serves'] },
    held: ['a last'],
  },
  {
    name: 'and then the old ones go',
    machines: { a: ['healthy', 'leaves'], b: ['healthy', 'serves'] },
    goes: ['a'],
  },
  { name: 'the last machine ends: it leaves first', machines: { a: ['healthy', 'ends'] }, goes: ['a'] },
  {
    name: 'one that drains has left',
    machines: { a: ['healthy', 'serves'], b: ['draining', 'leaves'] },
  },
  {
    name: 'one that drains is wanted again',
    machines: { a: ['healthy', 'serves'], b: ['draining', 'serves'] },
    joins: ['b'],
  },
  {
    name: "a stranger's member is left alone, and nobody relies on it",
    machines: { a: ['healthy', '?'], b: ['healthy', 'leaves'] },
    held: ['b last'],
  },
  {
    name: 'one is down',
    machines: { a: ['healthy', 'serves'], b: ['unhealthy', 'down'] },
    goes: ['b'],
  },
  {
    name: 'many are down: one at a time, in a small one',
    machines: { a: ['healthy', 'serves'], b: ['unhealthy', 'down'], c: ['unhealthy', 'down'] },
    goes: ['b'],
    held: ['c budget'],
  },
  {
    name: 'others went down lately',
    machines: { a: ['healthy', 'serves'], b: ['unhealthy', 'down'] },
    recentlyDown: 1,
    held: ['b budget'],
  },
  {
    name: 'what somebody has decided has no budget',
    machines: {
      a: ['healthy', 'serves'],
      b: ['healthy', 'leaves'],
      c: ['healthy', 'leaves'],
      d: ['healthy', 'ends'],
    },
    recentlyDown: 9,
    goes: ['d', 'b', 'c'],
  },
  {
    name: 'everybody is down, as far as we know: nobody is taken out',
    machines: { a: ['healthy', 'down'], b: ['healthy', 'down'] },
    held: ['a last', 'b last'],
  },
];

for (const { name, machines, recentlyDown = 0, joins = [], goes = [], held = [] } of ROWS)
  test(name, () => {
    const all = Object.entries(machines);
    const plan = planMembership({
      members: all.flatMap(([machine, [health]]) =>
        health === '-' ? [] : [{ machine, health, reason: null }],
      ),
      verdicts: new Map(
        all.flatMap(([machine, [, verdict]]) => (verdict === '?' ? [] : [[machine, verdict] as const])),
      ),
      recentlyDown,
    });
    assert.equal(plan.register, joins);
    assert.equal(plan.deregister, goes);
    assert.equal(
      plan.held.map(({ machine, why }) => `${machine} ${why}`),
      held,
    );
  });
