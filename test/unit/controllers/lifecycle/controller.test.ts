import { assert, suite } from '../../../suite.js';
import { World } from './world.js';

const test = suite<{ world: World }>('lifecycle tells hosts what they must know, once', {
  world: new World(),
});

test.beforeEach((context) => {
  context.world = new World();
});
test.afterEach(({ world }) => world.stops());

const small = (world: World): void => {
  world.role('lb', { type: 'load-balancer' });
  world.role('app', { type: 'nodejs-app', replicas: 2 });
};

test('a host is set up, deployed to, configured, then Ready', async ({ world }) => {
  small(world);
  world.boots('app-1');
  await world.starts();
  assert.equal(world.told(), ['setup app-1']);
  world.answer(world.events()[0]!);
  await world.clock.advance(200);
  assert.is(world.status('app-1').conditions?.['SetupDone']?.status, 'True');
  assert.is(world.isReady('app-1'), false);
  assert.equal(world.told(), ['setup app-1', 'deploy app-1']);
  world.answer(world.events()[1]!);
  await world.clock.advance(400);
  assert.equal(world.told(), ['setup app-1', 'deploy app-1', 'configure app-1']);
  world.answer(world.events()[2]!);
  await world.clock.advance(200);
  assert.is(world.isReady('app-1'), true);
});

test('hosts that boot together are told in one event', async ({ world }) => {
  small(world);
  for (const name of ['app-1', 'app-2', 'lb-1']) world.boots(name);
  await world.starts();
  assert.equal(world.told(), ['setup app-1 app-2 lb-1']);
});

test('a quiet cluster writes nothing', async ({ world }) => {
  small(world);
  for (const name of ['app-1', 'app-2', 'lb-1']) world.boots(name);
  await world.starts();
  await world.runs(5000);
  const { length } = world.objects.written;
  await world.runs(60_000);
  assert.is(world.objects.written.length, length);
});

test('when an app server is lost only the load balancer is told, within a second', async ({ world }) => {
  small(world);
  for (const name of ['app-1', 'app-2', 'lb-1']) world.boots(name);
  await world.starts();
  await world.runs(5000);
  const before = world.told().length;
  await world.sick('app-2', true);
  await world.clock.advance(1000);
  assert.equal(world.told().slice(before), ['configure lb-1']);
  assert.is(world.isReady('app-2'), false);
  await world.sick('app-2', false);
  await world.runs(1000);
  assert.is(world.isReady('app-2'), true);
  assert.equal(world.told().slice(before), ['configure lb-1', 'configure lb-1']);
});

test('changes that come together are told together', async ({ world }) => {
  small(world);
  for (const name of ['app-1', 'app-2', 'app-3', 'lb-1']) world.boots(name);
  await world.starts();
  await world.runs(5000);
  const before = world.told().length;
  await world.sick('app-1', true);
  await world.clock.advance(200);
  await world.sick('app-2', true);
  await world.clock.advance(2000);
  assert.equal(world.told().slice(before), ['configure lb-1']);
});

test('when the last app server is only silent nobody is told: it may serve all the same', async ({
  world,
}) => {
  small(world);
  for (const name of ['app-1', 'app-2', 'lb-1']) world.boots(name);
  await world.starts();
  await world.runs(5000);
  await world.sick('app-2', true);
  await world.runs(5000);
  const before = world.told().length;
  await world.sick('app-1', true);
  await world.runs(5000);
  assert.not.ok(world.isReady('app-1'));
  // the load balancer has both again, rather than none
  assert.equal(world.told().slice(before), ['configure lb-1']);
});

test('a role waits for a Ready host of the roles it depends on', async ({ world }) => {
  world.role('app', { dependsOn: ['db'] });
  world.role('db', { type: 'db-master' });
  world.boots('app-1');
  await world.starts();
  await world.clock.advance(12_000);
  assert.equal(world.told(), []);
  assert.is(world.status('app-1').conditions?.['Ready']?.reason, 'WaitingForRoles');
  world.boots('db-1');
  await world.runs(3000);
  assert.equal(world.told().slice(0, 3), ['setup db-1', 'configure db-1', 'setup app-1']);
  assert.is(world.isReady('app-1'), true);
});

test('a role that wants no hosts holds nobody up', async ({ world }) => {
  world.role('app', { dependsOn: ['db'] });
  world.role('db', { type: 'db-master', replicas: 0 });
  world.boots('app-1');
  await world.starts();
  assert.equal(world.told(), ['setup app-1']);
});

test('a changed hosts file alone waits half a minute', async ({ world }) => {
  small(world);
  world.boots('lb-1');
  await world.starts();
  await world.runs(3000);
  world.boots('app-1', {
    setup: { machine: 'i-app-1', event: 'setup-x', state: 'failed', at: '2026-01-01T00:00:00Z' },
  });
  await world.runs(10_000);
  assert.equal(world.told(), ['setup lb-1', 'configure lb-1']);
  await world.runs(25_000);
  assert.equal(world.told(), ['setup lb-1', 'configure lb-1', 'configure lb-1']);
});

test('a new control plane sends nothing again, and finds the results that came meanwhile', async ({
  world,
}) => {
  small(world);
  world.boots('app-1');
  world.boots('lb-1');
  await world.starts();
  await world.stops();
  world.answer(world.events()[0]!);
  await world.starts();
  await world.clock.advance(1000);
  const told = ['setup app-1 lb-1', 'deploy app-1', 'configure app-1 lb-1'];
  assert.equal(world.told(), told);
  await world.stops();
  await world.starts();
  await world.clock.advance(5000);
  assert.equal(world.told(), told);
  await world.stops();
  for (const event of world.events().slice(1)) world.answer(event);
  await world.starts();
  await world.runs(2000);
  assert.ok(world.isReady('app-1') && world.isReady('lb-1'));
  assert.equal(world.told().slice(3), ['configure lb-1']);
});

test('writes that fail are made good, and nothing is sent twice', async ({ world }) => {
  small(world);
  world.boots('app-1');
  world.objects.failNext({ _tag: 'Transient', reason: 'StoreUnavailable', message: 'no leader' }, 3);
  await world.starts();
  await world.runs(20_000);
  assert.equal(world.told(), ['setup app-1', 'deploy app-1', 'configure app-1']);
  assert.ok(world.isReady('app-1'));
});

test('a failed setup is told with its message and leaves the host out', async ({ world }) => {
  small(world);
  world.boots('app-1');
  await world.starts();
  world.answer(world.events()[0]!, { state: 'failed', message: 'file[/etc/hosts]: disk full' });
  await world.clock.advance(1000);
  assert.is(world.status('app-1').setup?.state, 'failed');
  assert.match(world.status('app-1').conditions?.['Ready']?.message ?? '', 'disk full');
  assert.equal(world.told(), ['setup app-1']);
});

test('setup without a result expires', async ({ world }) => {
  small(world);
  world.boots('app-1');
  await world.starts();
  await world.clock.advance(899_000);
  assert.is(world.status('app-1').setup, undefined);
  await world.clock.advance(2000);
  assert.is(world.status('app-1').setup?.state, 'expired');
});

test('a later configure run that fails is repeated, and the host stays Ready', async ({ world }) => {
  small(world);
  for (const name of ['app-1', 'app-2', 'lb-1']) world.boots(name);
  await world.starts();
  await world.runs(5000);
  const before = world.told().length;
  await world.sick('app-1', true);
  await world.clock.advance(1000);
  world.answer(world.events().at(-1)!, { state: 'failed', message: 'no' });
  await world.clock.advance(1000);
  assert.is(world.status('lb-1').configure?.state, 'failed');
  assert.ok(world.isReady('lb-1'));
  await world.runs(61_000);
  assert.equal(world.told().slice(before), ['configure lb-1', 'configure lb-1']);
  assert.is(world.status('lb-1').configure?.state, 'succeeded');
});

test('a doomed machine that can hear is told to shut down, once; its progress goes with it', async ({
  world,
}) => {
  small(world);
  for (const name of ['app-1', 'app-2']) world.boots(name);
  await world.starts();
  await world.runs(5000);
  const before = world.told().length;
  const doom = (id: string) => ({
    machine: id,
    reason: 'X',
    message: '',
    at: '2026-01-01T00:00:00Z',
    when: 'now',
  });
  world.connected.delete('i-app-2');
  await world.patch('app-1', { machine: null, doomed: [doom('i-app-1')] });
  await world.patch('app-2', { machine: null, doomed: [doom('i-app-2')] });
  await world.runs(1000);
  assert.equal(world.told().slice(before), ['shutdown app-1']);
  assert.is(world.status('app-1').shutdown?.['i-app-1']?.state, 'succeeded');
  await world.patch('app-1', { doomed: [] });
  await world.runs(1000);
  assert.equal(world.status('app-1').shutdown, {});
});

test('a machine that goes when its successor serves is told when it does', async ({ world }) => {
  small(world);
  world.boots('app-1');
  await world.starts();
  await world.runs(3000);
  const doomed = {
    machine: 'i-app-1',
    reason: 'X',
    message: '',
    at: '2026-01-01T00:00:00Z',
    when: 'replaced',
  };
  await world.patch('app-1', { machine: null, doomed: [doomed] });
  await world.clock.advance(2000);
  assert.equal(world.told(), ['setup app-1', 'deploy app-1', 'configure app-1']);
  const old = world.status('app-1').agent!;
  await world.patch('app-1', {
    machine: {
      id: 'i-new',
      batch: 'b',
      zone: 'a',
      instanceType: 't',
      imageId: 'i',
      launchedAt: old.connectedAt,
      state: 'running',
    },
    agent: { ...old, machine: 'i-new' },
  });
  await world.runs(3000);
  assert.equal(world.told(), [
    'setup app-1',
    'deploy app-1',
    'configure app-1',
    'setup app-1',
    'deploy app-1',
    'configure app-1',
    'shutdown app-1',
  ]);
});

test('events carry the snapshot, and the diff to the one before', async ({ world }) => {
  small(world);
  for (let index = 1; index < 9; index += 1) world.boots(`app-${String(index)}`);
  world.boots('lb-1');
  await world.starts();
  await world.runs(5000);
  const [first, ...later] = world.events();
  assert.is(first!.diff, undefined);
  assert.is(first!.snapshot.version, 1);
  const last = later.at(-1)!;
  assert.is(last.diff?.base, later.at(-2)!.snapshot.digest);
  assert.ok(world.objects.raw(`/scalarium/snapshots/shop/${last.snapshot.digest}`) !== null);
});

test('superseded and late results: the newest run decides', async ({ world }) => {
  small(world);
  for (const name of ['app-1', 'app-2', 'lb-1']) world.boots(name);
  await world.starts();
  await world.runs(5000);
  await world.sick('app-1', true);
  await world.clock.advance(1000);
  const older = world.events().at(-1)!;
  await world.sick('app-2', true);
  await world.clock.advance(1000);
  const newer = world.events().at(-1)!;
  world.answer(newer);
  world.answer(older, { state: 'superseded' });
  await world.clock.advance(1000);
  assert.is(world.status('lb-1').configure?.event, newer.name);
  assert.is(world.status('lb-1').configure?.state, 'succeeded');
});
