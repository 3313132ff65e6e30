import * as E from 'fp-ts/lib/Either.js';
import { seconds } from '../../../../api-types/units.js';
import { createBudget } from '../../../../cloud/ec2/budget.js';
import { createCaller, createClient, type CallOptions, type Caller } from '../../../../cloud/ec2/client.js';
import { silentLog } from '../../../../runtime/log.js';
import { virtualClock, type VirtualClock } from '../../../fake/clock.js';
import { assert, suite } from '../../../suite.js';

const NOWHERE = { endpoint: 'http://127.0.0.1:1', region: 'x', credentials: null };

const opened = (): { clock: VirtualClock; caller: Caller } => {
  const clock = virtualClock();
  const budget = createBudget({}, clock);
  const caller = createCaller({
    client: createClient(NOWHERE),
    endpoint: 'http://here',
    budget,
    clock,
    log: silentLog,
  });
  return { clock, caller };
};

const answered = (name: string, httpStatusCode: number): Error =>
  Object.assign(new Error('no'), { name, $metadata: { httpStatusCode } });

const reasonAfter = async (error: Error, options: CallOptions = {}): Promise<string> => {
  const { caller } = opened();
  const result = await caller.call('RunInstances', options, () => Promise.reject(error))();
  return E.isLeft(result) ? `${result.left._tag} ${result.left.reason}` : 'Right';
};

const test = suite('calls to EC2');

test('only where an effect matters, a lost answer is an unknown outcome', async () => {
  const lost = answered('InternalError', 500);
  assert.is(await reasonAfter(lost, { unsure: true }), 'Transient OutcomeUnknown');
  assert.is(await reasonAfter(lost), 'Transient CloudUnavailable');
  assert.is(
    await reasonAfter(answered('RequestLimitExceeded', 503), { unsure: true }),
    'Transient Throttled',
  );
});

test('a defect is thrown on', async () => {
  const { caller } = opened();
  const call = caller.call('RunInstances', {}, () => Promise.reject(new TypeError('our own fault')));
  let thrown: unknown = null;
  await call().catch((error: unknown) => {
    thrown = error;
  });
  assert.instance(thrown, TypeError);
});

test('the time is up: the call is aborted', async () => {
  const { clock, caller } = opened();
  const call = caller.call(
    'DescribeInstances',
    { timeout: seconds(15) },
    ({ http }) =>
      new Promise((_, reject) => {
        http.abortSignal.addEventListener('abort', () => {
          reject(Object.assign(new Error('Request aborted'), { name: 'AbortError' }));
        });
      }),
  )();
  await clock.advance(15_000);
  const result = await call;
  assert.is(E.isLeft(result) && result.left.message, 'DescribeInstances: http://here did not answer in time');
});

test('a process that stood still while it waited for tokens does not send the call any more', async () => {
  const { clock, caller } = opened();
  let sent = 0;
  const launch = () =>
    caller.call('RunInstances', { resources: 1, timeout: seconds(30) }, () => {
      sent += 1;
      return Promise.resolve(null);
    })();
  await Promise.all(Array.from({ length: 5 }, launch));
  const waiting = launch();
  await clock.settle();
  clock.jump(31_000);
  await clock.advance(1);
  const result = await waiting;
  assert.is(E.isLeft(result) && result.left.reason, 'Throttled');
  assert.is(sent, 5);
  assert.is(caller.calls()['RunInstances'], 5);
});

test('an endpoint that refuses for want of tokens is left alone until some have come', async () => {
  const { clock, caller } = opened();
  const refused = await caller.call('RunInstances', { resources: 1 }, () =>
    Promise.reject(answered('RequestLimitExceeded', 503)),
  )();
  assert.is(E.isLeft(refused) && refused.left.reason, 'Throttled');
  let sent = false;
  const next = caller.call('RunInstances', { resources: 1 }, () => {
    sent = true;
    return Promise.resolve(null);
  })();
  await clock.advance(500);
  assert.is(sent, false);
  await clock.advance(100);
  await next;
  assert.is(sent, true);
});
