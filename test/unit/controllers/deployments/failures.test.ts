import { PROMOTE } from '../../../../api-types/kinds/deployment.js';
import { assert, suite } from '../../../suite.js';
import { APP, World, rolling, worldWith } from './world.js';

const test = suite('deployments: what goes wrong');

test('a build that fails stops everything: no host was touched', async () => {
  const world = worldWith(3);
  world.behaviour = ({ step, instance }) =>
    step === 'prepare' && instance === 'app-2'
      ? { state: 'failed', stage: 'build', message: 'npm ci ended with 1: ERR!' }
      : undefined;
  await world.starts();
  world.deploy('d1');
  assert.is(await world.ends('d1'), 'Failed');
  assert.match(world.why('d1').message, /^app-2: build: npm ci ended with 1: ERR!/);
  assert.not.ok(world.orders.some((order) => order.includes('activate')));
  assert.is(world.app().current?.number, 1);
  assert.is(world.app().conditions?.['Stalled']?.status, 'True');
  assert.ok(world.events().includes('HostFailed'));
  await world.stops();
});

test('a host that fails stops the roll-out at once, and those that have it go back', async () => {
  const world = worldWith(5);
  world.behaviour = ({ step, instance, release: of }) =>
    step === 'activate' && instance === 'app-3' && of?.number === 2
      ? {
          state: 'failed',
          stage: 'health',
          message: 'it did not get well',
          releases: { [APP]: { release: 1, revision: 'rev-1' } },
        }
      : undefined;
  await world.starts();
  world.deploy('d1', rolling(1));
  assert.is(await world.ends('d1'), 'Failed');
  assert.is(world.stages('d1'), 'reverted reverted failed skipped skipped');
  await world.passes(100);
  for (const number of [1, 2, 3, 4, 5]) assert.is(world.runs(`app-${String(number)}`), 1);
  assert.equal(world.orders.slice(-2), ['app-1 activate 1', 'app-2 activate 1']);
  assert.match(world.why('d1').message, /app-3: health: it did not get well; 2 hosts went back/);
  await world.stops();
});

test('onFailure pause: a person says promote, and the failed one has its turn again', async () => {
  const world = worldWith(3);
  let fails = true;
  world.behaviour = ({ step, instance }) =>
    step === 'activate' && instance === 'app-2' && fails ? { state: 'failed', message: 'no' } : undefined;
  await world.starts();
  world.deploy('d1', { ...rolling(1), onFailure: 'pause' });
  await world.passes(2000);
  assert.is(world.deployment('d1').phase, 'Paused');
  assert.is(world.stages('d1'), 'done failed prepared');
  assert.is(world.why('d1', 'Stalled').reason, 'HostsFailed');
  fails = false;
  world.says('d1', 'promote');
  assert.is(await world.ends('d1'), 'Succeeded');
  assert.is(world.stages('d1'), 'done done done');
  await world.stops();
});

test('onFailure pause: a person says abort, and all go back', async () => {
  const world = worldWith(3);
  world.behaviour = ({ step, instance, release: of }) =>
    step === 'activate' && instance === 'app-2' && of?.number === 2
      ? { state: 'failed', message: 'no' }
      : undefined;
  await world.starts();
  world.deploy('d1', { ...rolling(1), onFailure: 'pause' });
  await world.passes(2000);
  world.says('d1', 'abort');
  assert.is(await world.ends('d1'), 'Aborted');
  assert.is(world.stages('d1'), 'reverted failed skipped');
  await world.stops();
});

test('a promote from before there was anything to promote does not count', async () => {
  const world = worldWith(2);
  world.behaviour = ({ step, instance }) =>
    step === 'activate' && instance === 'app-1' ? { state: 'failed', message: 'no' } : undefined;
  await world.starts();
  world.objects.putRaw(
    { kind: 'Deployment', cluster: 'shop', name: 'd1' },
    {
      annotations: { [PROMOTE]: '2026-01-01T00:00:00Z' },
      spec: { application: APP, command: 'deploy', onFailure: 'pause', ...rolling(1) },
    },
  );
  await world.passes(3000);
  assert.is(world.deployment('d1').phase, 'Paused');
  await world.stops();
});

test('a host whose machine dies in the middle is left out, and the others go on', async () => {
  const world = worldWith(3);
  world.behaviour = ({ step, instance, machine }) => {
    if (step !== 'activate' || instance !== 'app-2' || machine !== 'i-app-2') return undefined;
    void world.dies('app-2');
    return null;
  };
  await world.starts();
  world.deploy('d1', rolling(1, { maxUnavailable: 2 }));
  assert.is(await world.ends('d1'), 'Succeeded');
  assert.is(world.stages('d1'), 'done skipped done');
  assert.match(world.deployment('d1').hosts?.['app-2']?.message ?? '', /machine i-app-2 went/);
  await world.stops();
});

test('a host without an answer has failed once its time is up', async () => {
  const world = worldWith(2);
  world.behaviour = ({ step, instance, release: of }) =>
    step === 'activate' && instance === 'app-1' && of?.number === 2 ? null : undefined;
  await world.starts();
  world.deploy('d1', { ...rolling(1), timeoutSeconds: 60 });
  // its own time-out, and that of the health check of the new and of the old release
  await world.passes(200_000);
  assert.is(world.deployment('d1').phase, 'Rolling');
  assert.is(await world.ends('d1'), 'Failed');
  assert.match(world.why('d1').message, /app-1: no answer within 180 s/);
  // nobody knows what it has done: it is told to go back
  assert.is(world.orders.at(-1), 'app-1 activate 1');
  await world.stops();
});

test('load balancers that do not confirm are named', async () => {
  const world = worldWith(2);
  world.role('lb', { type: 'load-balancer' });
  world.host('lb-1');
  world.options.telling = null;
  await world.starts();
  world.deploy('d1', rolling(1));
  assert.is(await world.ends('d1', 200), 'Failed');
  assert.match(
    world.why('d1').message,
    /app-1: load balancers did not confirm within 140 s that it leaves: lb-1/,
  );
  assert.not.ok(world.orders.some((order) => order.includes('activate')));
  await world.stops();
});

test('the migration runs on one host before any restarts; one that fails touches nothing', async () => {
  const world = worldWith(2);
  world.application({ migration: { command: 'migrate' } });
  await world.starts();
  world.deploy('d1', { migrate: true });
  assert.is(await world.ends('d1'), 'Succeeded');
  assert.equal(world.orders.slice(2, 4), ['app-1 migrate 2', 'app-1 activate 2']);
  world.behaviour = ({ step }) => (step === 'migrate' ? { state: 'failed', message: 'no table' } : undefined);
  world.source = { revision: 'rev-3', digest: 'c'.repeat(64) };
  world.deploy('d2', { migrate: true });
  assert.is(await world.ends('d2'), 'Failed');
  assert.is(world.deployment('d2').migrated, 'failed');
  assert.not.ok(world.orders.includes('app-1 activate 3'));
  await world.stops();
});

test('a migration of which nobody knows whether it ran waits for a person', async () => {
  const world = worldWith(2);
  world.application({ migration: { command: 'migrate' } });
  let crashed = true;
  world.behaviour = ({ step }) =>
    step === 'migrate' && crashed
      ? { state: 'failed', attempt: 2, interrupted: true, message: 'the host crashed meanwhile' }
      : undefined;
  await world.starts();
  world.deploy('d1', { migrate: true });
  await world.passes(2000);
  assert.is(world.deployment('d1').phase, 'Paused');
  assert.is(world.deployment('d1').migrated, 'unknown');
  crashed = false;
  world.says('d1', 'promote');
  assert.is(await world.ends('d1'), 'Succeeded');
  assert.is(world.orders.filter((order) => order.includes('migrate')).length, 2);
  await world.stops();
});

test('a source that cannot be fetched fails the Deployment before any host hears of it', async () => {
  const world = worldWith(1);
  world.source = new Error('application web: there is no revision nowhere');
  await world.starts();
  world.deploy('d1', { revision: 'nowhere' });
  assert.is(await world.ends('d1'), 'Failed');
  assert.equal(world.why('d1'), {
    reason: 'FetchFailed',
    message: 'application web: there is no revision nowhere',
  });
  assert.equal(world.orders, []);
  assert.equal(world.fetched, [{ revision: 'nowhere', pinned: null }]);
  await world.stops();
});

test('a host fetches for all where the source says so, and another one when it dies', async () => {
  const world = worldWith(3);
  world.application({ source: { type: 'git', url: 'ssh://inside/web', fetchedBy: 'host' } });
  world.behaviour = ({ step, instance }) => {
    if (step !== 'fetch') return undefined;
    if (instance === 'app-2') return { pack: { revision: 'rev-9', digest: 'd'.repeat(64) } };
    void world.dies(instance);
    return null;
  };
  await world.starts();
  world.deploy('d1', rolling(1, { maxUnavailable: 2 }));
  assert.is(await world.ends('d1'), 'Succeeded');
  assert.equal(world.orders.slice(0, 2), ['app-1 fetch', 'app-2 fetch']);
  assert.is(world.deployment('d1').release?.revision, 'rev-9');
  assert.is(world.fetched.length, 0);
  await world.stops();
});

test('a host that was away is brought to the release in force, and one that keeps failing is left in peace', async () => {
  const world = worldWith(2);
  await world.starts();
  await world.dies('app-2');
  world.deploy('d1');
  assert.is(await world.ends('d1'), 'Succeeded');
  let fails = true;
  world.behaviour = () => (fails ? { state: 'failed', message: 'no' } : undefined);
  await world.replace('app-2', 1);
  await world.passes(30_000);
  assert.is(world.deployments().length, 2);
  const caught = world.deployments().find(({ ref }) => ref.name.startsWith('web-catch-up-'))!;
  assert.is(caught.status.phase, 'Failed');
  assert.is(caught.status.by, 'scalarium');
  fails = false;
  await world.passes(60_000);
  assert.is(world.deployments().length, 3);
  assert.is(world.runs('app-2'), 2);
  assert.is(world.app().current?.number, 2);
  await world.stops();
});

test('a Deployment of what is not there fails', async () => {
  const world = new World();
  await world.starts();
  world.deploy('d1');
  assert.is(await world.ends('d1'), 'Failed');
  assert.is(world.why('d1').reason, 'ApplicationNotFound');
  await world.stops();
});

test('hosts that were away before count where somebody said how many may be out', async () => {
  const world = worldWith(4);
  await world.dies('app-4');
  await world.starts();
  world.deploy('d1', { ...rolling(1, { maxUnavailable: 1 }), timeoutSeconds: 60 });
  await world.passes(1000);
  assert.is(world.stages('d1'), 'prepared prepared prepared');
  assert.is(await world.ends('d1', 90), 'Failed');
  world.deploy('d2', rolling(1));
  assert.is(await world.ends('d2'), 'Succeeded');
  await world.stops();
});

test('hosts that go out of service meanwhile hold the next batch back', async () => {
  const world = worldWith(4);
  world.behaviour = ({ step, instance }) => {
    if (step === 'activate' && instance === 'app-1')
      void world.patch('Instance', 'app-4', {
        conditions: { Ready: { ...world.instance('app-4').conditions!['Ready']!, status: 'False' } },
      });
    return undefined;
  };
  await world.starts();
  world.deploy('d1', { ...rolling(1), timeoutSeconds: 60 });
  await world.passes(5000);
  // the one that is out anyway has its turn: it costs nothing
  assert.is(world.stages('d1'), 'done prepared prepared done');
  assert.is(world.why('d1').reason, 'TooManyUnavailable');
  assert.is(await world.ends('d1', 90), 'Failed');
  await world.stops();
});

test('a Deployment that is deleted goes back before its record goes', async () => {
  const world = worldWith(3);
  world.options.pace = 300;
  await world.starts();
  world.deploy('d1', rolling(1));
  while (world.stages('d1') !== 'done activating prepared') await world.passes(20);
  world.objects.deleteRaw({ kind: 'Deployment', cluster: 'shop', name: 'd1' });
  world.deploy('d2', rolling(1));
  await world.passes(200);
  assert.is(world.deployment('d1').phase, 'Rolling');
  await world.passes(5000);
  assert.equal(
    world.deployments().map(({ ref }) => ref.name),
    ['d2'],
  );
  assert.ok(world.orders.includes('app-1 activate 1'));
  await world.stops();
});
