import { Subject } from 'rxjs';
import { seconds, type Millis } from '../../../../api-types/units.js';
import type { InstanceStatus } from '../../../../api-types/kinds/instance.js';
import { healingController } from '../../../../controllers/healing/controller.js';
import { seededChance } from '../../../../runtime/chance.js';
import type { Hosts, ObservedHost } from '../../../../runtime/hosts.js';
import { silentLog } from '../../../../runtime/log.js';
import { startLoop, type Loop } from '../../../../runtime/loop.js';
import { orThrow } from '../../../../runtime/failure.js';
import { condition, machine } from '../../../build/objects.js';
import { virtualClock } from '../../../fake/clock.js';
import { fakeCloud } from '../../../fake/cloud.js';
import { fakeClouds } from '../../../fake/clouds.js';
import { fakeObjects, ref } from '../../../fake/objects.js';
import { assert, suite } from '../../../suite.js';

const clockStart = '2026-01-01T00:00:00.000Z';

class World {
  readonly clock = virtualClock();
  readonly objects = fakeObjects(() => this.clock.now());
  readonly cloud = fakeCloud({ clock: this.clock, sweepEvery: seconds(10) });
  readonly heard = new Map<string, { at: number; connected: boolean }>();
  readonly hostChanges = new Subject<string>();
  readonly ownershipChanges = new Subject<string>();
  fence = 1;
  private loop: Loop | null = null;
  private readonly ids = new Map<string, string>();

  async bootsEight(): Promise<void> {
    this.objects.has(ref('Cloud', null, 'local'), { spec: { provider: 'local' } });
    this.objects.has(ref('Cluster', null, 'shop'), { spec: { cloud: 'local' } });
    this.objects.has(ref('Role', 'shop', 'app'), { spec: { type: 'nodejs-app', replicas: 8 } });
    const launch = {
      token: 't',
      count: 8,
      zone: 'zone-a',
      subnetId: null,
      imageId: 'ami',
      instanceType: 't',
    };
    const more = { keyName: null, tags: {}, userData: '' };
    const machines = await orThrow(this.cloud.cloud.runInstances({ ...launch, ...more }));
    this.cloud.machines.note(machines);
    machines.forEach(({ id }, index) => {
      const name = `app-${String(index + 1)}`;
      const conditions = { Ready: condition('Ready') };
      const agent = { machine: id, connectedAt: clockStart, address: '10.0.0.1', version: '1' };
      const status = { machine: machine(id, { zone: 'zone-a', launchedAt: clockStart }), agent, conditions };
      this.objects.has(ref('Instance', 'shop', name), { spec: { role: 'app' } }, status);
      this.ids.set(name, id);
      this.beats(name);
    });
  }

  idOf(name: string): string {
    return this.ids.get(name)!;
  }

  beats(name: string): void {
    this.heard.set(this.idOf(name), { at: this.clock.monotonic(), connected: true });
  }

  disconnects(name: string): void {
    this.heard.get(this.idOf(name))!.connected = false;
    this.hostChanges.next(this.idOf(name));
  }

  private hosts(): Hosts {
    return {
      get: (id) => {
        const found = this.heard.get(id);
        if (found === undefined) return null;
        const silentFor = (this.clock.monotonic() - found.at) as Millis;
        return { machine: id, connected: found.connected, silentFor } as ObservedHost;
      },
      changes$: this.hostChanges.asObservable(),
      listeningFor: () => this.clock.monotonic(),
    };
  }

  async starts(): Promise<void> {
    const { clock, objects, ownershipChanges } = this;
    const fence = () => ({
      compare: { key: 'owner', target: 'create' as const, equals: this.fence },
      left: () => 10_000,
    });
    const clouds = fakeClouds({ local: this.cloud.open });
    const ownership = { of: fence, changes$: ownershipChanges };
    const hosts = this.hosts();
    const controller = healingController({ objects, ownership, hosts, clouds, clock, log: silentLog });
    this.loop = startLoop({ controller, clock, chance: seededChance(1), log: silentLog });
    await clock.advance(100);
  }

  /** Heartbeats of all but these, for so long. */
  async passes(secondsLong: number, silent: readonly string[] = []): Promise<void> {
    for (let left = secondsLong; left > 0; left -= 1) {
      for (const name of this.ids.keys()) if (!silent.includes(name)) this.beats(name);
      await this.clock.advance(1000);
    }
  }

  status(name: string): InstanceStatus {
    return this.objects.get(ref('Instance', 'shop', name))!.status;
  }

  health(name: string): string | undefined {
    const found = this.status(name).conditions?.['Healthy'];
    return found === undefined ? undefined : `${found.status} ${found.reason}`;
  }

  allowed(): string | undefined {
    return this.objects.get(ref('Cluster', null, 'shop'))!.status.conditions?.['HealingAllowed']?.reason;
  }

  async stops(): Promise<void> {
    await this.loop?.drain();
  }
}

const test = suite<{ world: World }>('healing watches hosts', { world: new World() });

test.beforeEach(async (context) => {
  context.world = new World();
  await context.world.bootsEight();
});
test.afterEach(({ world }) => world.stops());

test('a healthy cluster has nothing written', async ({ world }) => {
  await world.starts();
  const { length } = world.objects.written;
  await world.passes(120);
  assert.is(world.objects.written.length, length);
});

test('a machine killed: seen within two seconds of the disconnect, and asked to be replaced', async ({
  world,
}) => {
  await world.starts();
  await world.passes(60);
  world.cloud.kill(world.idOf('app-3'));
  world.disconnects('app-3');
  await world.passes(2, ['app-3']);
  assert.is(world.health('app-3'), 'False CloudGone');
  assert.is(world.status('app-3').remediation?.action, 'replace');
  const replacements = world.objects.get(ref('Role', 'shop', 'app'))!.status.replacements;
  assert.is(replacements?.length, 1);
  assert.is(world.objects.list('Event', 'shop').length, 1);
});

test('silence alone: said, rebooted, replaced; and taken back when heard again', async ({ world }) => {
  await world.starts();
  await world.passes(60);
  await world.passes(32, ['app-1']);
  assert.is(world.health('app-1'), 'False Silent');
  assert.is(world.status('app-1').remediation, undefined);
  await world.passes(160, ['app-1']);
  assert.is(world.status('app-1').remediation?.action, 'reboot');
  await world.passes(8);
  assert.is(world.health('app-1'), 'True Heard');
  assert.is(world.status('app-1').remediation, undefined);
  await world.passes(610, ['app-1']);
  assert.is(world.status('app-1').remediation?.action, 'replace');
});

test('silent and impaired: replaced', async ({ world }) => {
  await world.starts();
  await world.passes(60);
  world.cloud.setStatusChecks(world.idOf('app-2'), 'impaired');
  await world.passes(35, ['app-2']);
  assert.is(world.health('app-2'), 'False StatusCheckFailed');
  assert.is(world.status('app-2').remediation?.action, 'replace');
});

test('all silent together: nothing is done, and it says so until they are back', async ({ world }) => {
  const all = Array.from({ length: 8 }, (_value, index) => `app-${String(index + 1)}`);
  await world.starts();
  await world.passes(60);
  await world.passes(700, all);
  assert.is(world.allowed(), 'Breaker');
  assert.ok(all.every((name) => world.status(name).remediation === undefined));
  await world.passes(10);
  assert.is(world.allowed(), 'Allowed');
});

test('a new control plane judges nobody before it has listened long enough', async ({ world }) => {
  world.heard.clear();
  await world.starts();
  await world.clock.advance(30_000);
  assert.is(world.health('app-1'), undefined);
  assert.is(world.allowed(), 'StartingUp');
  await world.passes(10);
  assert.is(world.health('app-1'), undefined);
  await world.passes(10);
  assert.is(world.allowed(), 'Allowed');
});

test('a cluster won back is listened to anew', async ({ world }) => {
  await world.starts();
  await world.passes(60);
  world.cloud.setStatusChecks(world.idOf('app-1'), 'impaired');
  await world.passes(20, ['app-1']);
  world.fence = 2;
  world.ownershipChanges.next('shop');
  await world.passes(15, ['app-1']);
  assert.is(world.status('app-1').remediation, undefined);
  await world.passes(25, ['app-1']);
  assert.is(world.status('app-1').remediation?.action, 'replace');
});

test('missing from listings while its agent talks: left alone', async ({ world }) => {
  await world.starts();
  await world.passes(30);
  world.cloud.omit([world.idOf('app-4')]);
  await world.passes(600);
  assert.is(world.status('app-4').remediation, undefined);
});

test('stopped from outside: replaced once it is silent', async ({ world }) => {
  await world.starts();
  await world.passes(60);
  world.cloud.setState(world.idOf('app-5'), 'stopped');
  world.disconnects('app-5');
  await world.passes(20, ['app-5']);
  assert.is(world.status('app-5').remediation, undefined);
  await world.passes(15, ['app-5']);
  assert.is(world.health('app-5'), 'False CloudStopped');
  assert.is(world.status('app-5').remediation?.action, 'replace');
});
