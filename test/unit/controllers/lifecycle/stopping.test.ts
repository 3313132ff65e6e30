import { assert, suite } from '../../../suite.js';
import { World } from './world.js';

const test = suite<{ world: World }>('lifecycle of a host that is stopped and started again', {
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

test('wanted Stopped: told to shut down once; set up and configured anew when it runs again', async ({
  world,
}) => {
  small(world);
  for (const name of ['app-1', 'app-2']) world.boots(name);
  await world.starts();
  await world.runs(5000);
  const before = world.told().length;
  const round = async (): Promise<void> => {
    world.desires('app-1', 'Stopped');
    await world.runs(1000);
    assert.is(world.isReady('app-1'), false);
    await world.patch('app-1', { stop: { machine: 'i-app-1', askedAt: world.time(), calledAt: null } });
    await world.runs(1000);
    assert.is(world.status('app-1').shutdown?.['i-app-1']?.state, 'succeeded');
    await world.patch('app-1', { stop: { calledAt: world.time() }, machine: { state: 'stopped' } });
    await world.runs(1000);
    world.desires('app-1', 'Running');
    await world.patch('app-1', { machine: { state: 'pending' } });
    await world.runs(1000);
    await world.patch('app-1', { machine: { state: 'running', runningAt: world.time() } });
    await world.clock.advance(200);
    assert.is(world.isReady('app-1'), false);
    await world.runs(2000);
    assert.is(world.isReady('app-1'), true);
  };
  const of = ['shutdown app-1', 'setup app-1', 'deploy app-1', 'configure app-1'];
  await round();
  assert.equal(world.told().slice(before), of);
  await world.stops();
  await world.starts();
  await round();
  assert.equal(world.told().slice(before), [...of, ...of]);
});

test('a setup that a stop cut short is sent again when it runs, and never expires meanwhile', async ({
  world,
}) => {
  small(world);
  world.boots('app-1');
  await world.starts();
  const [setup] = world.events('setup');
  world.desires('app-1', 'Stopped');
  await world.patch('app-1', { stop: { machine: 'i-app-1', askedAt: world.time() } });
  await world.clock.advance(1000);
  world.answer(setup!, { state: 'superseded' });
  world.answer(world.events('shutdown')[0]!);
  await world.clock.advance(1000);
  await world.patch('app-1', { stop: { calledAt: world.time() }, machine: { state: 'stopped' } });
  await world.clock.advance(3_600_000);
  assert.is(world.status('app-1').setup, undefined);
  world.desires('app-1', 'Running');
  await world.patch('app-1', { machine: { state: 'running', runningAt: world.time() } });
  await world.runs(3000);
  assert.equal(world.told(), [
    'setup app-1',
    'shutdown app-1',
    'setup app-1',
    'deploy app-1',
    'configure app-1',
  ]);
  assert.is(world.isReady('app-1'), true);
});

test('a doomed machine that had been stopped and started is told to shut down again', async ({ world }) => {
  small(world);
  const told = {
    machine: 'i-app-1',
    event: 'shutdown-1',
    state: 'succeeded',
    at: '2025-12-01T00:00:00.000Z',
  } as const;
  world.boots('app-1', { shutdown: { 'i-app-1': told } });
  await world.starts();
  await world.runs(3000);
  const doomed = { machine: 'i-app-1', reason: 'X', message: '', at: world.time(), when: 'now' };
  await world.patch('app-1', { machine: null, doomed: [doomed] });
  await world.runs(1000);
  assert.equal(world.told(), ['setup app-1', 'deploy app-1', 'configure app-1', 'shutdown app-1']);
});
