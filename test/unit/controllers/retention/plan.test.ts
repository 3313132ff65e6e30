import { CATCH_UP_BY, MADE_BY, type DeploymentSpec } from '../../../../api-types/kinds/deployment.js';
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

/** `open`: it has not ended. */
const deployed = (
  number: number,
  more: { readonly open?: true; readonly catchUp?: true; readonly command?: DeploymentSpec['command'] } = {},
): Live<'Deployment'> =>
  live(
    'Deployment',
    `web-${more.catchUp === true ? 'catch-up-' : ''}${String(number)}`,
    { application: 'web', command: more.command ?? 'restart' },
    {
      incarnation: number,
      annotations: more.catchUp === true ? { [MADE_BY]: CATCH_UP_BY } : {},
      status: more.open === true ? { phase: 'Rolling' } : { phase: 'Succeeded', finishedAt: ago(HOUR) },
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
  readonly deployments?: readonly Live<'Deployment'>[];
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
    name: 'of a Deployment that has not ended: kept, however many there are since',
    lifecycle: [
      lifecycleEvent('release-prepare-1', {
        incarnation: 1,
        status: {
          createdAt: ago(HOUR),
          snapshot: { version: 1, digest: 'd1' },
          deployment: {
            uid: deployed(1, { open: true }).uid,
            deployment: 'web-1',
            application: 'web',
            step: 'prepare',
          },
        },
      }),
      ...many(201, HOUR).slice(1),
    ],
    deployments: [deployed(1, { open: true })],
    prunes: [],
  },
  {
    name: 'Deployments beyond the newest 50 of an application that have ended',
    deployments: [
      deployed(1),
      deployed(2, { open: true }),
      ...Array.from({ length: 50 }, (_value, at) => deployed(at + 3)),
    ],
    prunes: ['web-1'],
  },
  {
    name: 'the Deployment that brought what is in force stays',
    deployments: [
      deployed(1, { command: 'deploy' }),
      ...Array.from({ length: 50 }, (_value, at) => deployed(at + 3)),
    ],
    prunes: [],
  },
  {
    name: 'Deployments that nobody asked for push out none that somebody did',
    deployments: [
      deployed(1),
      ...Array.from({ length: 60 }, (_value, at) => deployed(at + 3, { catchUp: true })),
    ],
    prunes: Array.from({ length: 50 }, (_value, at) => `web-catch-up-${String(52 - at)}`),
  },
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
    const { events: said = [], lifecycle: past = [], runs: ran = [], deployments: made = [] } = row;
    const history = { cluster: of, events: said, lifecycle: past, runs: ran, deployments: made, now: NOW };
    const { events, lifecycle, runs, deployments, snapshots } = planRetention(history, retentionSettings);
    const names = [...events, ...lifecycle, ...runs, ...deployments].map(({ ref }) => ref.name);
    assert.equal([...names, ...snapshots], row.prunes);
  });
}
