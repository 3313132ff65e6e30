import { seconds } from '../../../api-types/units.js';
import { hollowExecutor } from '../../../agent/hollow.js';
import type { Executor } from '../../../agent/executor.js';
import { openMemoryJournal, type Journal } from '../../../agent/journal.js';
import { SnapshotGone } from '../../../agent/requests.js';
import { Runner } from '../../../agent/runner.js';
import type { EventResult } from '../../../api-types/kinds/lifecycle-event.js';
import type { Lifecycle } from '../../../api-types/lifecycle.js';
import { silentLog } from '../../../runtime/log.js';
import { virtualClock, type VirtualClock } from '../../fake/clock.js';
import { assert, suite } from '../../suite.js';

const SNAPSHOT = { cluster: 'shop', timeZone: 'UTC', attributes: {}, roles: {}, hosts: {} };

const host = (
  clock: VirtualClock,
  more: { executor?: Executor; journal?: Journal; snapshot?: () => Promise<unknown> } = {},
) => {
  const results: EventResult[] = [];
  const journal = more.journal ?? openMemoryJournal();
  const runner = new Runner({
    journal,
    executor: more.executor ?? hollowExecutor(clock),
    machine: 'i-1',
    clock,
    log: silentLog,
    instance: () => 'app-1',
    snapshot: more.snapshot ?? (() => Promise.resolve(SNAPSHOT)),
    finished: (result) => results.push(result),
  });
  const tell = async (revision: number, event: Lifecycle, timeoutSeconds?: number): Promise<void> => {
    const snapshot = { version: 1, digest: '' };
    const order = { revision, name: `${event}-${String(revision)}`, event, snapshot, timeoutSeconds };
    await journal.append({ record: 'event', order });
    runner.wake();
  };
  return { runner, journal, results, tell };
};

const said = (results: readonly EventResult[]): readonly string[] =>
  results.map(({ event, state }) => `${event} ${state}`);

/** Fails, or waits for the signal, as told. */
const executor = (run: (signal: AbortSignal) => Promise<void>): Executor => ({
  needsSnapshot: true,
  run: async ({ signal }) => {
    await run(signal);
    return { changed: [], failure: signal.aborted ? 'aborted' : null };
  },
});
const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      resolve();
    });
  });

const runner = suite('carrying events out');

runner('events run one at a time, in order', async () => {
  const clock = virtualClock();
  const { tell, results } = host(clock);
  await tell(1, 'setup');
  await tell(2, 'configure');
  await clock.advance(2_999);
  assert.equal(said(results), []);
  await clock.advance(1_001);
  assert.equal(said(results), ['setup-1 succeeded', 'configure-2 succeeded']);
});

runner(
  'configures that piled up behind a setup: the newest runs, the others are recorded superseded',
  async () => {
    const clock = virtualClock();
    const { tell, results } = host(clock);
    await tell(1, 'setup');
    await clock.settle();
    for (const revision of [2, 3, 4]) await tell(revision, 'configure');
    await clock.advance(5_000);
    assert.equal(said(results).toSorted(), [
      'configure-2 superseded',
      'configure-3 superseded',
      'configure-4 succeeded',
      'setup-1 succeeded',
    ]);
  },
);

runner('shutdown overtakes what waits', async () => {
  const clock = virtualClock();
  const { tell, results } = host(clock);
  await tell(1, 'setup');
  await clock.settle();
  await tell(2, 'configure');
  await tell(3, 'shutdown');
  await clock.advance(5_000);
  assert.equal(said(results), ['setup-1 succeeded', 'configure-2 superseded', 'shutdown-3 succeeded']);
});

runner('a run found unfinished runs again as attempt 2, interrupted', async () => {
  const clock = virtualClock();
  const first = host(clock);
  await first.tell(1, 'setup');
  await clock.advance(1_000);
  const cut = first.runner.stop();
  await clock.settle();
  await cut;
  assert.is(first.journal.get('setup-1')?.state, 'started');
  const second = host(clock, { journal: first.journal });
  second.runner.wake();
  await clock.advance(3_000);
  assert.is(second.results[0]?.attempt, 2);
  assert.is(second.results[0]?.interrupted, true);
  assert.is(first.results.length, 0);
});

runner('an event past its time is cut off and failed', async () => {
  const clock = virtualClock();
  const { tell, results } = host(clock, { executor: executor(aborted) });
  await tell(1, 'setup', 10);
  await clock.advance(seconds(10));
  assert.is(results[0]?.state, 'failed');
  assert.match(results[0]?.message ?? '', /cut off after 10 s/);
});

runner('an executor that throws has failed, and the next event runs', async () => {
  const clock = virtualClock();
  const failing = executor(() => Promise.reject(new Error('disk full')));
  const { tell, results } = host(clock, { executor: failing });
  await tell(1, 'setup');
  await tell(2, 'setup');
  await clock.settle();
  assert.equal(said(results), ['setup-1 failed', 'setup-2 failed']);
  assert.is(results[0]?.message, 'disk full');
});

runner('a snapshot that cannot be had is asked for again, and the event is not begun', async () => {
  const clock = virtualClock();
  let there = false;
  const { tell, results, journal } = host(clock, {
    executor: executor(() => Promise.resolve()),
    snapshot: () => (there ? Promise.resolve(SNAPSHOT) : Promise.reject(new Error('unreachable'))),
  });
  await tell(1, 'setup');
  await clock.advance(1_000);
  assert.is(journal.get('setup-1')?.state, 'pending');
  there = true;
  await clock.advance(2_000);
  assert.equal(said(results), ['setup-1 succeeded']);
});

runner('a snapshot that is no longer kept fails the event', async () => {
  const clock = virtualClock();
  const { tell, results } = host(clock, {
    executor: executor(() => Promise.resolve()),
    snapshot: () => Promise.reject(new SnapshotGone('snapshot x is no longer kept')),
  });
  await tell(1, 'setup');
  await clock.settle();
  assert.equal(said(results), ['setup-1 failed']);
});

runner('what there is to tell beside the end is told, within bounds', async () => {
  const clock = virtualClock();
  const diffs = [{ resource: 'file[/a]', diff: 'x'.repeat(100_000) }];
  const notes = Array.from({ length: 99 }, () => 'y'.repeat(9_999));
  const talking: Executor = {
    needsSnapshot: true,
    run: () => Promise.resolve({ changed: ['file[/a]'], failure: null, notes, diffs, reboot: true }),
  };
  const { runner: carrier, journal, results } = host(clock, { executor: talking });
  const order = { snapshot: { version: 1, digest: '' }, event: 'configure' as const };
  await journal.append({ record: 'event', order: { ...order, revision: 1, name: 'real' } });
  await journal.append({
    record: 'event',
    order: { ...order, revision: 2, name: 'dry', dryRun: true, run: 'u' },
  });
  carrier.wake();
  await clock.settle();
  const [real, dry] = ['real', 'dry'].map((name) => results.find(({ event }) => event === name));
  assert.equal([real?.reboot, real?.diffs], [true, undefined]);
  assert.equal([dry?.reboot, dry?.diffs?.length], [undefined, 1], 'who only looks has nothing rebooted');
  assert.ok(JSON.stringify(dry).length < 220_000);
  assert.ok(JSON.stringify(dry?.diffs).length < 17_000);
});

runner('recipes and whether only to look reach the executor', async () => {
  const clock = virtualClock();
  const seen: unknown[] = [];
  const noting: Executor = {
    needsSnapshot: true,
    run: ({ event, dryRun, recipes }) => {
      seen.push([event, dryRun, recipes]);
      return Promise.resolve({ changed: [], failure: null });
    },
  };
  const { runner: carrier, journal } = host(clock, { executor: noting });
  const order = { snapshot: { version: 1, digest: '' }, event: 'configure' as const, run: 'uid' };
  const told = { ...order, revision: 1, name: 'a', dryRun: true, recipes: ['shop::a'] };
  await journal.append({ record: 'event', order: told });
  await journal.append({ record: 'event', order: { ...order, revision: 2, name: 'b', event: 'deploy' } });
  carrier.wake();
  await clock.settle();
  assert.equal(seen, [
    ['configure', true, ['shop::a']],
    ['deploy', false, undefined],
  ]);
});

runner('root on the host has a finished event carried out again, and nothing else', async () => {
  const clock = virtualClock();
  const { runner: carrier, journal, results, tell } = host(clock);
  await tell(1, 'setup');
  await clock.settle();
  assert.is(await carrier.rerun('setup-1'), 'unfinished');
  await clock.advance(4_000);
  assert.is(await carrier.rerun('setup-9'), 'unknown');
  assert.is(await carrier.rerun('setup-1'), 'unrecorded');
  assert.is(journal.get('setup-1')?.result?.state, 'succeeded', 'its result is still to be told');
  await journal.append({ record: 'recorded', event: 'setup-1' });
  assert.is(await carrier.rerun('setup-1'), 'begun');
  await clock.advance(4_000);
  assert.equal(said(results), ['setup-1 succeeded', 'setup-1 succeeded']);
  assert.equal(
    results.map(({ attempt, interrupted }) => [attempt, interrupted]),
    [
      [1, undefined],
      [2, undefined],
    ],
  );
});

runner('what something newer stood for is not carried out again', async () => {
  const clock = virtualClock();
  const { runner: carrier, journal, tell } = host(clock);
  await tell(1, 'setup');
  await clock.settle();
  await tell(2, 'configure');
  await tell(2, 'shutdown');
  await clock.advance(9_000);
  await journal.append({ record: 'recorded', event: 'configure-2' });
  assert.is(await carrier.rerun('configure-2'), 'superseded');
  assert.is(journal.get('configure-2')?.result?.state, 'superseded');
});

runner('what root wanted again is carried out after a crash, too', async () => {
  const clock = virtualClock();
  const before = host(clock);
  await before.tell(1, 'setup');
  await clock.advance(4_000);
  await before.journal.append({ record: 'again', event: 'setup-1' });
  const after = host(clock, { journal: before.journal });
  after.runner.wake();
  await clock.advance(4_000);
  assert.equal(said(after.results), ['setup-1 succeeded']);
});

/** Ends when it is cut off; tells how often it was begun. */
const counted = () => {
  let begun = 0;
  const run = executor((signal) => {
    begun += 1;
    return signal.aborted ? Promise.resolve() : aborted(signal);
  });
  return { executor: run, begun: () => begun };
};

runner('one that is stopped while it waits for a snapshot begins nothing, and was not idle', async () => {
  const clock = virtualClock();
  const work = counted();
  let give: (snapshot: unknown) => void = () => undefined;
  const snapshot = () => new Promise<unknown>((resolve) => (give = resolve));
  const { runner: carrier, journal, tell } = host(clock, { executor: work.executor, snapshot });
  await tell(1, 'setup');
  await clock.settle();
  assert.is(carrier.running(), 'setup-1');
  const stopped = carrier.stop();
  give(SNAPSHOT);
  await clock.settle();
  await stopped;
  assert.equal([work.begun(), journal.get('setup-1')?.state], [0, 'pending']);
});

runner(
  'one that is stopped while the start is being written begins nothing: it begins after the next start',
  async () => {
    const clock = virtualClock();
    const work = counted();
    const memory = openMemoryJournal();
    let written: () => void = () => undefined;
    const slow: Journal = {
      ...memory,
      append: async (record) => {
        await memory.append(record);
        if (record.record === 'started') await new Promise<void>((resolve) => (written = resolve));
      },
    };
    const { runner: carrier, tell } = host(clock, { executor: work.executor, journal: slow });
    await tell(1, 'setup');
    await clock.settle();
    assert.is(carrier.running(), 'setup-1');
    const stopped = carrier.stop();
    written();
    await clock.settle();
    await stopped;
    assert.equal([work.begun(), memory.get('setup-1')?.state], [0, 'started']);
    const next = host(clock, { journal: memory });
    next.runner.wake();
    await clock.advance(4_000);
    assert.equal(said(next.results), ['setup-1 succeeded']);
  },
);

runner('one that waits to ask again for a snapshot is idle', async () => {
  const clock = virtualClock();
  const { runner: carrier, tell } = host(clock, {
    executor: executor(aborted),
    snapshot: () => Promise.reject(new Error('unreachable')),
  });
  await tell(1, 'setup');
  await clock.settle();
  assert.is(carrier.running(), '');
});
