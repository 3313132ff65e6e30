import type { Entry } from '../../../agent/journal.js';
import { planNext } from '../../../agent/queue.js';
import type { Lifecycle } from '../../../api-types/lifecycle.js';
import { assert, suite } from '../../suite.js';

const entry = (revision: number, event: Lifecycle, state: Entry['state'] = 'pending'): Entry => ({
  order: { revision, name: `${event}-${String(revision)}`, event, snapshot: { version: 1, digest: '' } },
  state,
  attempt: state === 'pending' ? 0 : 1,
  startedAt: null,
  result: null,
  recorded: false,
});

const ofRun = (entry: Entry): Entry => ({ ...entry, order: { ...entry.order, run: 'uid' } });

const ofDeployment = (entry: Entry): Entry => ({
  ...entry,
  order: {
    ...entry.order,
    deployment: { uid: 'u', deployment: 'web-1', application: 'web', step: 'prepare' },
  },
});

const dry = (entry: Entry): Entry => ({ ...entry, order: { ...entry.order, dryRun: true } });

const ROWS: readonly {
  readonly name: string;
  readonly journal: readonly Entry[];
  readonly run: string | null;
  readonly supersede?: readonly string[];
}[] = [
  { name: 'nothing to do', journal: [], run: null },
  { name: 'a finished event never runs again', journal: [entry(1, 'setup', 'finished')], run: null },
  {
    name: 'the oldest first, however they lie in the journal',
    journal: [entry(2, 'setup'), entry(1, 'setup')],
    run: 'setup-1',
  },
  {
    name: 'several configures wait: only the newest runs',
    journal: [entry(2, 'configure'), entry(3, 'configure'), entry(4, 'configure')],
    run: 'configure-4',
    supersede: ['configure-2', 'configure-3'],
  },
  {
    name: 'configures behind a setup are superseded, and the setup goes first',
    journal: [entry(1, 'setup'), entry(2, 'configure'), entry(3, 'configure')],
    run: 'setup-1',
    supersede: ['configure-2'],
  },
  {
    name: 'a single configure is not superseded',
    journal: [entry(2, 'configure'), entry(3, 'setup')],
    run: 'configure-2',
  },
  {
    name: 'what a Run asks for runs in its turn, whatever came after it, and stands for nothing else',
    journal: [ofRun(entry(2, 'configure')), entry(3, 'configure'), ofRun(entry(4, 'configure'))],
    run: 'configure-2',
  },
  {
    name: 'what only looks stands for nothing else, and nothing stands for it',
    journal: [dry(entry(2, 'configure')), entry(3, 'configure'), dry(entry(4, 'configure'))],
    run: 'configure-2',
  },
  {
    name: 'setup, deploy and configure run in the order in which they were told',
    journal: [entry(1, 'setup', 'finished'), entry(3, 'configure'), entry(2, 'deploy')],
    run: 'deploy-2',
  },
  {
    name: 'deploys are not superseded by one another',
    journal: [entry(2, 'deploy'), entry(3, 'deploy'), entry(4, 'undeploy')],
    run: 'deploy-2',
  },
  {
    name: 'what a Deployment asks for stands for itself: every step runs, and no configure stands for it',
    journal: [
      ofDeployment(entry(2, 'deploy')),
      ofDeployment(entry(3, 'deploy')),
      entry(4, 'configure'),
      entry(5, 'configure'),
    ],
    run: 'deploy-2',
    supersede: ['configure-4'],
  },
  {
    name: 'a shutdown overtakes it',
    journal: [ofDeployment(entry(2, 'deploy')), entry(3, 'shutdown')],
    run: 'shutdown-3',
    supersede: ['deploy-2'],
  },
  {
    name: 'shutdown overtakes deploy and undeploy',
    journal: [entry(2, 'deploy'), entry(3, 'undeploy'), entry(4, 'shutdown')],
    run: 'shutdown-4',
    supersede: ['deploy-2', 'undeploy-3'],
  },
  {
    name: 'a shutdown overtakes what a Run asks for, too',
    journal: [ofRun(entry(2, 'configure')), entry(3, 'shutdown')],
    run: 'shutdown-3',
    supersede: ['configure-2'],
  },
  {
    name: 'a configure cut off by a crash runs again before the newer one',
    journal: [entry(2, 'configure', 'started'), entry(3, 'configure')],
    run: 'configure-2',
  },
  {
    name: 'shutdown overtakes the queue, and what it overtook is not run any more',
    journal: [entry(1, 'setup'), entry(2, 'configure'), entry(3, 'shutdown')],
    run: 'shutdown-3',
    supersede: ['setup-1', 'configure-2'],
  },
  {
    name: 'nothing that a shutdown overtook runs after it',
    journal: [entry(2, 'configure'), entry(3, 'shutdown', 'finished')],
    run: null,
    supersede: ['configure-2'],
  },
  {
    name: 'what was sent after a shutdown runs: the machine was stopped and started again',
    journal: [entry(2, 'configure'), entry(3, 'shutdown', 'finished'), entry(4, 'setup')],
    run: 'setup-4',
    supersede: ['configure-2'],
  },
  {
    name: 'what was sent after a shutdown waits for it',
    journal: [entry(3, 'shutdown'), entry(4, 'setup')],
    run: 'shutdown-3',
  },
  {
    name: 'a shutdown cut off by a crash runs again',
    journal: [entry(3, 'shutdown', 'started')],
    run: 'shutdown-3',
  },
];

const queue = suite('what a host does next');

for (const row of ROWS)
  queue(row.name, () => {
    const plan = planNext(row.journal);
    assert.is(plan.run?.order.name ?? null, row.run);
    assert.equal(
      plan.supersede.map(({ order }) => order.name),
      row.supersede ?? [],
    );
  });
