/** What becomes of orders of a Deployment when another one of its application came since. */
import type { DeployStep } from '../../../api-types/deploy-order.js';
import type { EventResult } from '../../../api-types/kinds/lifecycle-event.js';
import type { Executor } from '../../../agent/executor.js';
import { openMemoryJournal } from '../../../agent/journal.js';
import { Runner } from '../../../agent/runner.js';
import { silentLog } from '../../../runtime/log.js';
import { virtualClock } from '../../fake/clock.js';
import { assert, suite } from '../../suite.js';

const test = suite('a Deployment that was superseded');

const hostWith = (run: Executor['run']) => {
  const clock = virtualClock();
  const journal = openMemoryJournal();
  const results: EventResult[] = [];
  const runner = new Runner({
    journal,
    executor: { needsSnapshot: false, run },
    machine: 'i-1',
    clock,
    log: silentLog,
    instance: () => 'app-1',
    snapshot: () => Promise.reject(new Error('it needs none')),
    finished: (result) => results.push(result),
  });
  let revision = 0;
  const tell = async (uid: string, step: DeployStep, application = 'shop'): Promise<void> => {
    revision += 1;
    const snapshot = { version: 1, digest: '' };
    const deployment = { uid, deployment: uid, application, step };
    const order = { revision, name: `${uid} ${step}`, event: 'deploy', snapshot, deployment } as const;
    await journal.append({ record: 'event', order });
    runner.wake();
    await clock.settle();
  };
  return { tell, said: () => results.map(({ event, state }) => `${event}: ${state}`), clock };
};

/** Of the Deployment `old` nothing ends by itself. */
const untilAborted: Executor['run'] = async ({ deployment, signal }) => {
  if (deployment?.uid === 'old')
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => {
        resolve();
      });
    });
  return { changed: [], failure: signal.aborted ? 'aborted' : null };
};

test('what it prepares is left in the middle, what waits is not begun', async () => {
  const { tell, said } = hostWith(untilAborted);
  await tell('old', 'prepare');
  await tell('old', 'activate');
  await tell('other', 'prepare', 'blog');
  assert.equal(said(), []);
  await tell('new', 'prepare');
  assert.equal(said(), [
    'old prepare: superseded',
    'old activate: superseded',
    'other prepare: succeeded',
    'new prepare: succeeded',
  ]);
});

test('what comes into force is not left in the middle', async () => {
  let end = (): void => undefined;
  const { tell, said, clock } = hostWith(async ({ deployment, signal }) => {
    if (deployment?.uid === 'old')
      await new Promise<void>((resolve) => {
        end = resolve;
      });
    return { changed: [], failure: signal.aborted ? 'aborted' : null };
  });
  await tell('old', 'activate');
  await tell('new', 'prepare');
  assert.equal(said(), []);
  end();
  await clock.settle();
  assert.equal(said(), ['old activate: succeeded', 'new prepare: succeeded']);
});
