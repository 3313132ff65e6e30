import { planRetention, retentionSettings } from '../../../../controllers/retention/plan.js';
import { timestamp } from '../../../../runtime/clock.js';
import type { Live } from '../../../../store/objects/objects.js';
import { cluster, lifecycleEvent, live } from '../../../build/objects.js';
import { assert, suite } from '../../../suite.js';

const test = suite('history is kept as long as it is of use');

const NOW = Date.UTC(2026, 0, 20);
const HOUR = 3_600_000;
const ago = (ms: number): string => timestamp(NOW - ms);

const past = (number: number, age: number, digest = `d${String(number)}`): Live<'LifecycleEvent'> =>
  lifecycleEvent(`configure-${String(number).padStart(6, '0')}`, {
    incarnation: number,
    status: { createdAt: ago(age), snapshot: { version: number, digest } },
  });

const ran = (number: number, age: number | null): Live<'Run'> =>
  live(
    'Run',
    `run-${String(number)}`,
    { event: 'setup' },
    {
      incarnation: number,
      status: age === null ? {} : { finishedAt: ago(age) },
    },
  );

const told = (name: string, age: number): Live<'Event'> =>
  live('Event', name, undefined, {
    status: {
      type: 'Normal',
      reason: 'Launched',
      message: '',
      source: 'instances',
      regarding: { kind: 'Instance', name: 'app-1' },
      firstSeen: ago(10 * HOUR),
      lastSeen: ago(age),
      count: 1,
    },
  });

interface Row {
  readonly name: string;
  readonly lifecycle?: readonly Live<'LifecycleEvent'>[];
  readonly events?: readonly Live<'Event'>[];
  readonly runs?: readonly Live<'Run'>[];
  readonly current?: string;
  readonly gone?: true;
  readonly prunes: readonly string[];
}

const many = (count: number, age: number): readonly Live<'LifecycleEvent'>[] =>
  Array.from({ length: count }, (_value, index) => past(index + 1, age));

const table: readonly Row[] = [
  { name: 'nothing is old', lifecycle: many(200, HOUR), events: [told('a', HOUR / 2)], prunes: [] },
  { name: 'core events after an hour', events: [told('a', HOUR / 2), told('b', 2 * HOUR)], prunes: ['b'] },
  {
    name: 'beyond the newest 200: the oldest, with their snapshots',
    lifecycle: many(202, HOUR),
    prunes: ['configure-000002', 'configure-000001', 'd2', 'd1'],
  },
  { name: 'hosts may still be at it: kept', lifecycle: many(202, HOUR / 6), prunes: [] },
  {
    name: 'of a Run that has not ended: kept, however many there are since',
    lifecycle: [
      lifecycleEvent('run-setup-1', {
        incarnation: 1,
        status: {
          createdAt: ago(HOUR),
          snapshot: { version: 1, digest: 'd1' },
          run: ran(1, null).uid,
        },
      }),
      ...many(201, HOUR).slice(1),
    ],
    runs: [ran(1, null)],
    prunes: [],
  },
  {
    name: 'what only looked, once its Run is gone: it takes no room from history',
    lifecycle: [
      ...many(200, HOUR),
      ...[HOUR, HOUR / 6].map((age, at) =>
        lifecycleEvent(`run-look-${String(at)}`, {
          incarnation: 300 + at,
          status: {
            createdAt: ago(age),
            snapshot: { version: 1, digest: 'd1' },
            run: 'gone',
            dryRun: true,
          },
        }),
      ),
    ],
    prunes: ['run-look-0'],
  },
  {
    name: 'after a week',
    lifecycle: [past(1, 8 * 24 * HOUR), past(2, HOUR)],
    prunes: ['configure-000001', 'd1'],
  },
  {
    name: 'a snapshot that a kept event names stays',
    lifecycle: [past(1, 8 * 24 * HOUR, 'd'), past(2, HOUR, 'd')],
    prunes: ['configure-000001'],
  },
  {
    name: 'the newest snapshot of the cluster stays',
    lifecycle: [past(1, 8 * 24 * HOUR, 'd')],
    current: 'd',
    prunes: ['configure-000001'],
  },
  {
    name: 'Runs beyond the newest 200 that have ended',
    runs: [ran(1, HOUR), ran(2, null), ...Array.from({ length: 200 }, (_value, at) => ran(at + 3, HOUR))],
    prunes: ['run-1'],
  },
  { name: 'Runs after a week', runs: [ran(1, 8 * 24 * HOUR), ran(2, HOUR)], prunes: ['run-1'] },
  {
    name: 'of a cluster that is gone: all',
    runs: [ran(1, null)],
    lifecycle: [past(1, 1000)],
    gone: true,
    prunes: ['configure-000001', 'run-1', 'd1'],
  },
];

for (const row of table) {
  test(row.name, () => {
    const snapshot = row.current === undefined ? undefined : { version: 1, digest: row.current };
    const of = row.gone === true ? null : cluster('shop', { status: { snapshot } });
    const { events: said = [], lifecycle: past = [], runs: ran = [] } = row;
    const history = { cluster: of, events: said, lifecycle: past, runs: ran, now: NOW };
    const { events, lifecycle, runs, snapshots } = planRetention(history, retentionSettings);
    const names = [...events, ...lifecycle, ...runs].map(({ ref }) => ref.name);
    assert.equal([...names, ...snapshots], row.prunes);
  });
}
