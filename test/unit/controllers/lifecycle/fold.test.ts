import type { EventProgress, InstanceStatus } from '../../../../api-types/kinds/instance.js';
import type { EventResult } from '../../../../api-types/kinds/lifecycle-event.js';
import { expiryOf, fold } from '../../../../controllers/lifecycle/fold.js';
import type { Sent, SentTo, Step } from '../../../../controllers/lifecycle/sent.js';
import { timestamp } from '../../../../runtime/clock.js';
import { EPOCH, machine } from '../../../build/objects.js';
import { assert, suite } from '../../../suite.js';

const ID = 'i-1';
const START = Date.parse(EPOCH);
const ms = (seconds: number): number => START + seconds * 1000;

const sent = (event: string, at: number, timeout: number): Sent => ({
  event,
  at: ms(at),
  expiresAt: ms(at + timeout),
  input: 'a.b',
});

const progress = (event: string, state: EventProgress['state'], at: number): EventProgress => ({
  machine: ID,
  event,
  state,
  at: timestamp(ms(at)),
});

const result = (event: string, state: EventResult['state']): EventResult => ({
  event,
  instance: 'app-1',
  machine: ID,
  state,
  attempt: 1,
  startedAt: EPOCH,
  finishedAt: EPOCH,
});

interface Row {
  readonly name: string;
  readonly sent: SentTo;
  readonly known?: Partial<Record<Step, EventProgress>>;
  readonly arrives?: EventResult;
  /** Seconds since the start. */
  readonly now: number;
  /** Event and state of each step afterwards. */
  readonly then: Partial<Record<Step, readonly [string, EventProgress['state']]>>;
}

const DEPLOY = sent('deploy-1', 0, 1800);
const CONFIGURE = sent('configure-1', 1, 600);

const TABLE: readonly Row[] = [
  {
    name: 'nobody answers: expired after its time',
    sent: { configure: CONFIGURE },
    now: 601,
    then: { configure: ['configure-1', 'expired'] },
  },
  {
    name: 'not before',
    sent: { configure: CONFIGURE },
    now: 600,
    then: {},
  },
  {
    name: 'configure behind a deploy that runs: its time has not begun',
    sent: { deploy: DEPLOY, configure: CONFIGURE },
    now: 1799,
    then: {},
  },
  {
    name: 'the deploy expires: the time of configure begins',
    sent: { deploy: DEPLOY, configure: CONFIGURE },
    now: 1800,
    then: { deploy: ['deploy-1', 'expired'] },
  },
  {
    name: 'it begins when the deploy ended',
    sent: { deploy: DEPLOY, configure: CONFIGURE },
    known: { deploy: progress('deploy-1', 'succeeded', 1000) },
    now: 1599,
    then: { deploy: ['deploy-1', 'succeeded'] },
  },
  {
    name: 'and ends then',
    sent: { deploy: DEPLOY, configure: CONFIGURE },
    known: { deploy: progress('deploy-1', 'succeeded', 1000) },
    now: 1600,
    then: { deploy: ['deploy-1', 'succeeded'], configure: ['configure-1', 'expired'] },
  },
  {
    name: 'told at once, deploy is first',
    sent: { deploy: DEPLOY, configure: sent('configure-1', 0, 600) },
    now: 700,
    then: {},
  },
  {
    name: 'a deploy that was sent after configure does not hold it up',
    sent: { deploy: sent('deploy-1', 5, 1800), configure: CONFIGURE },
    now: 601,
    then: { configure: ['configure-1', 'expired'] },
  },
  {
    name: 'a late success of a configure replaces that it expired',
    sent: { configure: CONFIGURE },
    known: { configure: progress('configure-1', 'expired', 601) },
    arrives: result('configure-1', 'succeeded'),
    now: 700,
    then: { configure: ['configure-1', 'succeeded'] },
  },
  {
    name: 'a late failure too',
    sent: { configure: CONFIGURE },
    known: { configure: progress('configure-1', 'expired', 601) },
    arrives: result('configure-1', 'failed'),
    now: 700,
    then: { configure: ['configure-1', 'failed'] },
  },
  {
    name: 'of a deploy as well, while the next one is on its way',
    sent: { deploy: sent('deploy-2', 1860, 1800) },
    known: { deploy: progress('deploy-1', 'expired', 1800) },
    arrives: result('deploy-1', 'succeeded'),
    now: 1900,
    then: { deploy: ['deploy-1', 'succeeded'] },
  },
  {
    name: 'what was answered stays answered',
    sent: { configure: CONFIGURE },
    known: { configure: progress('configure-1', 'failed', 300) },
    arrives: result('configure-1', 'succeeded'),
    now: 700,
    then: { configure: ['configure-1', 'failed'] },
  },
  {
    name: 'a late result of an older one does not replace a newer that expired',
    sent: { configure: sent('configure-2', 661, 600) },
    known: { configure: progress('configure-2', 'expired', 1261) },
    arrives: result('configure-1', 'succeeded'),
    now: 1300,
    then: { configure: ['configure-2', 'expired'] },
  },
];

const test = suite('what becomes of events: answers, and those that do not come');

for (const row of TABLE)
  test(row.name, () => {
    const status: InstanceStatus = { machine: machine(ID), ...row.known };
    const log = new Map([[ID, row.sent]]);
    const results = row.arrives === undefined ? [] : [row.arrives];
    const after = fold(status, results, log, ms(row.now));
    const found = (['setup', 'deploy', 'configure'] as const).flatMap((step) => {
      const of = after[step];
      return of === undefined ? [] : [[step, [of.event, of.state]] as const];
    });
    assert.equal(Object.fromEntries(found), row.then);
    assert.equal(fold(after, results, log, ms(row.now)), after);
  });

test('the next thing to expire behind a deploy is the deploy, then configure', () => {
  const status: InstanceStatus = { machine: machine(ID) };
  const log = new Map([[ID, { deploy: DEPLOY, configure: CONFIGURE }]]);
  assert.is(expiryOf(status, log, 'deploy'), ms(1800));
  assert.is(expiryOf(status, log, 'configure'), ms(2400));
  assert.is(expiryOf(status, log, 'setup'), Infinity);
});
