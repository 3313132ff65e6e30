import { Subject } from 'rxjs';
import type { DeploymentHost, DeploymentStatus } from '../../../../api-types/kinds/deployment.js';
import type { InstanceSpec, InstanceStatus } from '../../../../api-types/kinds/instance.js';
import { membershipController } from '../../../../controllers/membership/controller.js';
import { seededChance } from '../../../../runtime/chance.js';
import { transient } from '../../../../runtime/failure.js';
import { silentLog } from '../../../../runtime/log.js';
import { startLoop, type Loop } from '../../../../runtime/loop.js';
import { condition, readyInstance } from '../../../build/objects.js';
import { deploymentHost, rolling } from '../../../build/releases.js';
import { fakeBalancers } from '../../../fake/balancers.js';
import { virtualClock } from '../../../fake/clock.js';
import { fakeObjects, ref } from '../../../fake/objects.js';
import { assert, suite } from '../../../suite.js';

/** A cluster with a load balancer `web` of its cloud before the hosts of the role `app`. */
class World {
  readonly clock = virtualClock();
  readonly objects = fakeObjects(() => this.clock.now());
  readonly fake = fakeBalancers({ clock: this.clock, joiningFor: 1000, drainingFor: 3000 });
  left = 60_000;
  private loop: Loop | null = null;

  constructor() {
    this.objects.has(ref('Cluster', null, 'shop'), { spec: { cloud: 'local' } });
    this.objects.has(ref('Role', 'shop', 'app'), { spec: { type: 'nodejs-app', replicas: 3 } });
    this.fake.create('web');
  }

  /** A Ready host, unless told. */
  host(name: string, more: Partial<InstanceStatus> = {}, spec: Partial<InstanceSpec> = {}): void {
    const { status } = readyInstance(name);
    const role = name.replace(/-\d+$/, '');
    this.objects.has(ref('Instance', 'shop', name), { spec: { role, ...spec } }, { ...status, ...more });
    this.fake.knows(`i-${name}`);
  }

  async patch(name: string, patch: object): Promise<void> {
    await this.objects.write(null, [
      { write: 'status', ref: ref('Instance', 'shop', name), patch: { ...patch } },
    ])();
  }

  deploys(hosts: Readonly<Record<string, DeploymentHost>>, more: Partial<DeploymentStatus> = {}): void {
    const spec = { application: 'web', command: 'deploy' };
    this.objects.has(ref('Deployment', 'shop', 'web-1'), { spec }, rolling({ hosts, ...more }));
  }

  moved(): number | undefined {
    return this.objects.get(ref('Deployment', 'shop', 'web-1'))?.status.moved;
  }

  async starts(): Promise<void> {
    const { clock, objects } = this;
    const fence = {
      compare: { key: 'owner', target: 'create' as const, equals: 1 },
      left: () => this.left,
    };
    const web = { name: 'web', port: this.fake.balancers, roles: ['app'], application: 'web' };
    const controller = membershipController({
      objects,
      ownership: { of: () => fence, changes$: new Subject<string>() },
      clock,
      log: silentLog,
      balancersOf: () => [web],
    });
    this.loop = startLoop({ controller, clock, chance: seededChance(1), log: silentLog });
    await this.passes(3000);
  }

  /** In steps: what is asked for again and again takes its turns. */
  async passes(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 250) await this.clock.advance(250);
  }

  async stops(): Promise<void> {
    await this.loop?.drain();
  }

  serving(): readonly string[] {
    return [...this.fake.serving('web')].sort();
  }
}

const test = suite<{ world: World }>('members of a load balancer that a cloud runs', { world: new World() });

test.beforeEach((context) => {
  context.world = new World();
});
test.afterEach(({ world }) => world.stops());

const UNAVAILABLE = transient('CloudUnavailable', 'no answer');

test('Ready hosts of its roles join; those that are on their way do not', async ({ world }) => {
  world.host('app-1');
  world.host('app-2', { conditions: { Ready: condition('Ready', 'False') }, setup: undefined });
  world.host('db-1');
  await world.starts();
  assert.equal(world.serving(), ['i-app-1']);
  world.host('app-2');
  await world.passes(2000);
  assert.equal(world.serving(), ['i-app-1', 'i-app-2']);
});

test('a host that is silent or unwell stays: what it serves may be well', async ({ world }) => {
  for (const name of ['app-1', 'app-2']) world.host(name);
  await world.starts();
  for (const name of ['app-1', 'app-2'])
    await world.patch(name, { conditions: { Ready: condition('Ready', 'False') } });
  await world.passes(10_000);
  assert.equal(world.serving(), ['i-app-1', 'i-app-2']);
});

test('a machine that must go leaves, and so does one that is to be stopped', async ({ world }) => {
  for (const name of ['app-1', 'app-2', 'app-3']) world.host(name);
  await world.starts();
  const doomed = { machine: 'i-app-1', reason: 'ScaledDown', message: '', at: '', when: 'now' };
  await world.patch('app-1', { machine: null, doomed: [doomed] });
  world.objects.putRaw(ref('Instance', 'shop', 'app-2'), { spec: { role: 'app', desired: 'Stopped' } });
  await world.passes(1000);
  assert.equal(world.serving(), ['i-app-3']);
  assert.is(world.fake.asked.at(-1), 'deregister web i-app-1 i-app-2');
});

test('when its members cannot be read nothing is changed, and all is done afterwards', async ({ world }) => {
  for (const name of ['app-1', 'app-2']) world.host(name);
  await world.starts();
  const before = world.fake.asked.length;
  world.fake.failNext('members', UNAVAILABLE, 3);
  world.host('app-3');
  world.deploys({ 'app-1': deploymentHost('app-1', { out: true, change: 1 }) }, { change: 1 });
  await world.passes(250);
  assert.is(world.fake.asked.length, before);
  await world.passes(30_000);
  assert.equal(world.serving(), ['i-app-2', 'i-app-3']);
});

test('a call that fails is made again', async ({ world }) => {
  world.fake.failNext('register', UNAVAILABLE, 2);
  world.host('app-1');
  await world.starts();
  await world.passes(20_000);
  assert.equal(world.serving(), ['i-app-1']);
});

test('a Deployment is told when its host has left, and when it is given requests again', async ({
  world,
}) => {
  for (const name of ['app-1', 'app-2']) world.host(name);
  await world.starts();
  world.deploys({ 'app-1': deploymentHost('app-1', { out: true, change: 1 }) }, { change: 1 });
  await world.passes(1000);
  assert.equal(world.serving(), ['i-app-2']);
  assert.is(world.moved(), undefined, 'it drains');
  await world.passes(5000);
  assert.is(world.moved(), 1);
  world.deploys({ 'app-1': deploymentHost('app-1', { out: false, change: 2 }) }, { change: 2 });
  await world.passes(500);
  assert.is(world.moved(), 1);
  await world.passes(5000);
  assert.equal(world.serving(), ['i-app-1', 'i-app-2']);
  assert.is(world.moved(), 2);
});

test('a change is followed when those before it are, too', async ({ world }) => {
  for (const name of ['app-1', 'app-2', 'app-3']) world.host(name);
  world.fake.sicken('i-app-1');
  await world.starts();
  const hosts = {
    'app-1': deploymentHost('app-1', { stage: 'joining', out: false, change: 2 }),
    'app-2': deploymentHost('app-2', { stage: 'joining', out: false, change: 3 }),
  };
  world.deploys(hosts, { change: 3, moved: 1 });
  await world.passes(10_000);
  assert.is(world.moved(), 1, 'app-1 is not given requests yet');
  world.fake.sicken('i-app-1', false);
  await world.passes(5000);
  assert.is(world.moved(), 3);
});

test('a host that was given up keeps no change from being followed', async ({ world }) => {
  for (const name of ['app-1', 'app-2']) world.host(name);
  world.fake.sicken('i-app-1');
  await world.starts();
  const hosts = {
    'app-1': deploymentHost('app-1', { stage: 'failed', out: false, change: 2 }),
    'app-2': deploymentHost('app-2', { stage: 'joining', out: false, change: 3 }),
  };
  world.deploys(hosts, { change: 3, moved: 1 });
  await world.passes(5000);
  assert.is(world.moved(), 3);
});

test('a host that is out for another application stays', async ({ world }) => {
  for (const name of ['app-1', 'app-2']) world.host(name);
  const spec = { application: 'api', command: 'deploy' };
  const hosts = { 'app-1': deploymentHost('app-1', { out: true }) };
  world.objects.has(ref('Deployment', 'shop', 'api-1'), { spec }, rolling({ hosts }));
  await world.starts();
  assert.equal(world.serving(), ['i-app-1', 'i-app-2']);
});

test('the only member stays while it is deployed to, and its Deployment is not told that it left', async ({
  world,
}) => {
  world.host('app-1');
  await world.starts();
  world.deploys({ 'app-1': deploymentHost('app-1', { out: true, change: 1 }) }, { change: 1 });
  await world.passes(30_000);
  assert.equal(world.serving(), ['i-app-1']);
  assert.is(world.moved(), undefined);
});

test('all hosts are exchanged at once: requests are served all the time', async ({ world }) => {
  for (const name of ['app-1', 'app-2']) world.host(name);
  const out = (old: boolean) => ({
    'app-1': deploymentHost('app-1', { out: old, change: 1 }),
    'app-2': deploymentHost('app-2', { out: old, change: 1 }),
    'app-3': deploymentHost('app-3', { out: !old, change: 1 }),
    'app-4': deploymentHost('app-4', { out: !old, change: 1 }),
  });
  world.deploys(out(false), { change: 0 });
  for (const name of ['app-3', 'app-4']) world.host(name);
  await world.starts();
  assert.equal(world.serving(), ['i-app-1', 'i-app-2']);
  world.deploys(out(true), { change: 1 });
  for (let step = 0; step < 60; step += 1) {
    await world.clock.advance(250);
    assert.ok(world.serving().length >= 2, `step ${String(step)}`);
  }
  assert.equal(world.serving(), ['i-app-3', 'i-app-4']);
  assert.is(world.moved(), 1);
});

test('what is down leaves a few at a time', async ({ world }) => {
  for (const name of ['app-1', 'app-2', 'app-3']) world.host(name);
  await world.starts();
  for (const name of ['app-1', 'app-2']) {
    world.fake.sicken(`i-${name}`);
    await world.patch(name, { machine: { state: 'stopped' } });
  }
  await world.passes(60_000);
  assert.is(world.fake.asked.filter((asked) => asked.startsWith('deregister')).length, 1);
  await world.passes(300_000);
  assert.is(world.fake.asked.filter((asked) => asked.startsWith('deregister')).length, 2);
});

test('who may not own the cluster much longer asks for nothing', async ({ world }) => {
  world.left = 10_000;
  world.host('app-1');
  await world.starts();
  assert.equal(world.fake.asked, []);
});
