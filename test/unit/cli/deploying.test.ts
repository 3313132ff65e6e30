/** How far a Deployment is, as a picture and as lines; what options make of a strategy. */
import { plainLines } from '../../../cli/deploying/changes.js';
import {
  type Deployment,
  applicationIn,
  durationText,
  lockOf,
  shortRevision,
} from '../../../cli/deploying/deployment.js';
import { failuresText } from '../../../cli/deploying/ending.js';
import { strategyOver, strategyTyped, targetsOf } from '../../../cli/deploying/options.js';
import { picture } from '../../../cli/deploying/picture.js';
import { AT, deployHost } from '../../build/deployments.js';
import { assert, suite } from '../../suite.js';

const test = suite('cli/deploying');

const deployment = (status: object): Deployment => ({
  apiVersion: 'scalarium.dev/v1',
  kind: 'Deployment',
  metadata: {
    name: 'web-1',
    namespace: 'shop',
    uid: 'u',
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: AT,
  },
  spec: { application: 'web', command: 'deploy' },
  status: { startedAt: AT, ...status },
});

const NOW = Date.parse(AT) + 83_000;
const ROOM = { columns: 80, rows: 24 };

const hosts = (many: number, stage: Parameters<typeof deployHost>[0]) =>
  Object.fromEntries(
    Array.from({ length: many }, (_none, at) => [`app-${String(at + 1)}`, deployHost(stage, { batch: 1 })]),
  );

test('a picture: what it is, counts, and hosts with the steps that they have behind them', () => {
  const one = deployment({
    phase: 'Rolling',
    batch: 1,
    batches: 2,
    hosts: { 'app-10': deployHost('joining'), 'app-9': deployHost('leaving'), 'app-2': deployHost('done') },
  });
  assert.equal(picture(one, NOW, ROOM), [
    'web: deploy, Rolling, batch 1 of 2, 1m23s',
    'leaving 1, joining 1, done 1',
    'HOST     PREPARE   LEAVE   ACTIVATE   JOIN   STAGE     FOR   MESSAGE',
    'app-9    ok        ...                       leaving   83s',
    'app-10   ok        ok      ok         ...    joining   83s',
    'app-2    ok        ok      ok         ok     done      83s',
  ]);
});

test('a picture has as much room as there is, and shows first what went wrong', () => {
  const some = {
    'app-700': deployHost('failed', { message: 'no\nluck' }),
    'app-8': deployHost('activating'),
  };
  const one = deployment({ phase: 'Rolling', hosts: { ...hosts(1000, 'done'), ...some } });
  for (const rows of [1, 5, 10, 24, 200]) {
    const lines = picture(one, NOW, { columns: 40, rows });
    assert.ok(
      lines.length <= Math.max(3, Math.min(rows, 24) - 1),
      `${String(lines.length)} of ${String(rows)}`,
    );
    for (const line of lines) assert.ok(line.length < 40, line);
  }
  const [, , , first, second] = picture(one, NOW, ROOM);
  assert.match(first ?? '', /^app-700 .*failed .*no$/);
  assert.match(second ?? '', /^app-8 /);
});

test('lines: what has changed, and nothing twice', () => {
  const before = deployment({ phase: 'Preparing', hosts: hosts(2, 'preparing') });
  assert.equal(plainLines(null, before), ['deployment/web-1 Preparing']);
  assert.equal(plainLines(before, before), []);
  const rolling = deployment({ phase: 'Rolling', batch: 1, batches: 1, hosts: hosts(2, 'activating') });
  assert.equal(plainLines(before, rolling), ['deployment/web-1 Rolling', 'batch 1 of 1: app-1, app-2']);
  const failed = deployment({
    phase: 'Rolling',
    batch: 1,
    batches: 1,
    hosts: {
      'app-1': deployHost('failed', { batch: 1, message: 'health: no\nanswer' }),
      'app-2': deployHost('done'),
    },
  });
  assert.equal(plainLines(rolling, failed), ['host/app-1 failed: health: no', 'host/app-2 done']);
});

test('of many hosts only counts, and what went wrong', () => {
  const before = deployment({ phase: 'Rolling', hosts: hosts(100, 'activating') });
  const after = deployment({
    phase: 'Rolling',
    hosts: { ...hosts(100, 'activating'), ...hosts(30, 'done'), 'app-99': deployHost('skipped') },
  });
  assert.equal(plainLines(before, after), [
    'host/app-99 skipped',
    'hosts: activating 69, done 30, skipped 1',
  ]);
});

test('failures that are alike are told once', () => {
  const message = 'build: exit code 1\nlast line';
  const failed = deployHost('failed', { message });
  const other = deployHost('failed', { message: 'health: no answer' });
  const one = deployment({
    hosts: { 'app-1': failed, 'app-2': failed, 'app-3': other, 'app-4': deployHost('done') },
  });
  assert.is(
    failuresText(one),
    'host/app-1, app-2 failed: build: exit code 1\n  last line\nhost/app-3 failed: health: no answer\n',
  );
});

test('another strategy has nothing in common with the application’s own', () => {
  const own = { type: 'rolling', batch: 3, byZone: true } as const;
  const over = (flags: Parameters<typeof strategyTyped>[0]) => {
    const typed = strategyTyped(flags);
    return typed === null ? null : strategyOver(typed, own);
  };
  assert.is(over({}), null);
  assert.equal(over({ batch: '10%' }), { ...own, batch: '10%' });
  assert.equal(over({ strategy: 'rolling' }), own);
  assert.equal(over({ strategy: 'blue-green' }), { type: 'blue-green' });
  assert.equal(over({ canaryWait: '1m' }), { type: 'canary', canary: { waitSeconds: 60 } });
  assert.throws(() => strategyTyped({ batch: '101%' }), /--batch/);
});

test('words: targets, applications, revisions, times, locks', () => {
  assert.equal(targetsOf({}), {});
  assert.equal(targetsOf({ to: ['role/a,host/b-1', 'instance/c-1'] }), {
    roles: ['a'],
    instances: ['b-1', 'c-1'],
  });
  for (const word of ['app-1', 'app/web', 'role/', 'role/a/b'])
    assert.throws(() => targetsOf({ to: [word] }), /--to: expected/);
  assert.equal(['app/web', 'apps/web', 'application/web', 'web', 'host/web', 'app/a/b'].map(applicationIn), [
    'web',
    'web',
    'web',
    null,
    null,
    null,
  ]);
  assert.is(shortRevision('0a1b2c3d4e5f60718293a4b5c6d7e8f901234567'), '0a1b2c3d4e5f');
  assert.is(shortRevision('feature/very-long-name'), 'feature/very-long-name');
  assert.equal([0, 59_400, 192_000, 3_900_000, Number.NaN].map(durationText), [
    '0s',
    '59s',
    '3m12s',
    '1h05m',
    '-',
  ]);
  const { metadata } = deployment({});
  const locked = (text: string) =>
    lockOf({ metadata: { ...metadata, annotations: { 'scalarium.dev/lock': text } } })?.reason;
  assert.is(lockOf({ metadata }), null);
  assert.equal(['by hand', JSON.stringify({ reason: 'r', by: 'a', at: AT })].map(locked), ['by hand', 'r']);
});
