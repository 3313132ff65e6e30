/** Crashed before and after every single call and write of a life: bring-up, a death, a scale-down, a deletion. */
import { assert, suite } from '../../../suite.js';
import { oneMachineASlot } from '../../../expect/fleet.js';
import { conflict, transient } from '../../../../runtime/failure.js';
import { Crash, SHOP, createWorld, type World, type WorldOptions } from './world.js';

const test = suite('a crash at any point leaks nothing and launches nothing twice');

/** Runs the story with a crash at the `at`-th gate; gives whether there was one. */
const live = async (world: World, at: number): Promise<boolean> => {
  let passed = 0;
  let crashed = false;
  world.gate = () => {
    passed += 1;
    if (passed !== at) return;
    crashed = true;
    throw new Crash('killed');
  };
  const tick = async (): Promise<void> => {
    await world.tick().catch(async (error: unknown) => {
      if (!(error instanceof Crash)) throw error;
      world.restart();
      await world.clock.advance(1000);
    });
  };
  const ticks = async (count: number): Promise<void> => {
    for (let done = 0; done < count; done += 1) await tick();
  };
  await ticks(6);
  const [first] = world.cloud.alive();
  if (first !== undefined) world.cloud.kill(first.id);
  await ticks(14);
  world.setReplicas(2);
  await ticks(6);
  return crashed;
};

const everywhere = async (options: WorldOptions, most: number): Promise<void> => {
  for (let at = 1; ; at += 1) {
    const world = createWorld({ replicas: 3, ...options });
    const crashed = await live(world, at);
    await world.rest(2);
    oneMachineASlot(world.objects, world.cloud, SHOP, 2);
    const launched = world.cloud.launched().length;
    assert.ok(launched <= most, `crash at gate ${String(at)}: ${String(launched)} machines were launched`);
    if (!crashed) {
      assert.ok(at > 20, 'the story passes many gates');
      return;
    }
  }
};

test('on an endpoint that honours client tokens', async () => {
  await everywhere({}, 4);
});

test('on an endpoint that ignores them', async () => {
  await everywhere({ cloud: { honoursTokens: false } }, 4);
});

test('every write conflicts once', async () => {
  for (let at = 0; at < 12; at += 1) {
    const world = createWorld({ replicas: 3 });
    for (let tick = 0; tick < 20; tick += 1) {
      if (tick === at) world.objects.failNext(conflict('somebody was faster'), 2);
      await world.tick();
    }
    oneMachineASlot(world.objects, world.cloud, SHOP, 3);
    assert.is(world.cloud.launched().length, 3);
  }
});

test('no tokens and the answer lost after the effect: found by tag, not launched again', async () => {
  const world = createWorld({ replicas: 3, cloud: { honoursTokens: false } });
  world.cloud.failNext('RunInstances', transient('CloudUnavailable', 'lost'), { afterEffect: true });
  world.cloud.failNext('RunInstances', transient('CloudUnavailable', 'lost'), { afterEffect: true });
  await world.ticks(60);
  oneMachineASlot(world.objects, world.cloud, SHOP, 3);
  assert.is(world.cloud.launched().length, 3);
});

test('no tokens and the call lost before any effect: repeated after proven absence', async () => {
  const world = createWorld({ replicas: 2, cloud: { honoursTokens: false } });
  world.cloud.failNext('RunInstances', transient('CloudUnavailable', 'lost'));
  await world.ticks(5);
  const calls = world.cloud.history().filter(({ action }) => action === 'RunInstances').length;
  assert.is(calls, 2, 'one call a zone, none repeated yet');
  await world.ticks(60);
  oneMachineASlot(world.objects, world.cloud, SHOP, 2);
  assert.is(world.cloud.launched().length, 2);
});

test('a short answer frees its other slots only when the batch is proven closed', async () => {
  const world = createWorld({ replicas: 4, cloud: { zones: ['zone-a'] } });
  world.cloud.shortNext(1);
  await world.ticks(8);
  assert.is(world.cloud.launched().length, 1);
  await world.ticks(200);
  oneMachineASlot(world.objects, world.cloud, SHOP, 4);
  assert.is(world.cloud.launched().length, 4);
});

test('a control plane without the lease writes nothing and calls nothing', async () => {
  const world = createWorld({ replicas: 2 });
  await world.ticks(1);
  world.ownership.lost = true;
  const before = world.objects.written.length;
  await world.ticks(5);
  assert.is(world.objects.written.length, before);
  assert.is(world.cloud.history().length, 0);
});
