import type { DeploymentSpec } from '../../../../api-types/kinds/deployment.js';
import { release } from '../../../build/releases.js';
import { assert, suite } from '../../../suite.js';
import { Scene, type Behaviour } from './scene.js';

const test = suite('a Deployment, as those see it who ask for something meanwhile');

const ready = async (seed: number, apps: number, behaviour: Behaviour = {}): Promise<Scene> => {
  const scene = new Scene(seed, behaviour);
  scene.boots(2, apps, release(1));
  await scene.starts();
  await scene.passes(5000);
  scene.lost.length = 0;
  return scene;
};

const all = (apps: number, number: number): Readonly<Record<string, number>> =>
  Object.fromEntries(Array.from({ length: apps }, (_, at) => [`app-${String(at + 1)}`, number]));

interface Row {
  readonly name: string;
  readonly apps: number;
  readonly spec?: Partial<DeploymentSpec>;
  readonly behaviour?: Behaviour;
  /** Both controllers are ended and begun anew this often. */
  readonly restarts?: number;
  readonly ends: string;
  readonly runs: number;
}

const ROWS: readonly Row[] = [
  { name: 'in batches', apps: 4, ends: 'Succeeded', runs: 2 },
  {
    name: 'half of them at a time',
    apps: 6,
    spec: { strategy: { type: 'rolling', batch: '50%' } },
    ends: 'Succeeded',
    runs: 2,
  },
  { name: 'one host alone: side by side', apps: 1, ends: 'Succeeded', runs: 2 },
  {
    name: 'all at once: side by side',
    apps: 3,
    spec: { strategy: { type: 'all-at-once' } },
    ends: 'Succeeded',
    runs: 2,
  },
  {
    name: 'a host whose health check never passes: all go back',
    apps: 4,
    spec: { strategy: { type: 'rolling', batch: 1 } },
    behaviour: { failing: ['app-3'] },
    ends: 'Failed',
    runs: 1,
  },
  {
    name: 'load balancers that fail now and then',
    apps: 3,
    behaviour: { balancersFail: 20 },
    ends: '',
    runs: 0,
  },
  { name: 'control planes that end and begin', apps: 4, restarts: 12, ends: 'Succeeded', runs: 2 },
  { name: 'the same with one host alone', apps: 1, restarts: 8, ends: 'Succeeded', runs: 2 },
];

for (const { name, apps, spec = {}, behaviour, restarts = 0, ends, runs } of ROWS)
  for (const seed of [1, 2, 3])
    test(`${name}: no request is lost (${String(seed)})`, async () => {
      const scene = await ready(seed, apps, behaviour);
      const before = scene.routed();
      scene.deploys('web-2', spec);
      for (let times = restarts; times > 0; times -= 1) {
        await scene.passes(60 + ((times * 37 + seed * 53) % 400));
        await scene.stops();
        await scene.starts();
      }
      const phase = await scene.ends('web-2');
      await scene.passes(5000);
      assert.equal(scene.lost, []);
      if (ends !== '') {
        assert.is(phase, ends);
        assert.equal(scene.running(), all(apps, runs));
        assert.equal(scene.routed(), before);
      }
      await scene.stops();
    });

for (const [what, wait] of [
  ['before it has confirmed', 250],
  ['in the middle', 900],
] as const)
  test(`a load balancer dies ${what}: the Deployment goes on without it`, async () => {
    const scene = await ready(1, 4);
    scene.deploys('web-2', {});
    await scene.passes(wait);
    await scene.dies('lb-2');
    assert.is(await scene.ends('web-2'), 'Succeeded');
    assert.equal(scene.lost, []);
    assert.equal(scene.running(), all(4, 2));
    await scene.stops();
  });

test('a host dies in the middle: the others go on', async () => {
  const scene = await ready(1, 4);
  scene.deploys('web-2', { strategy: { type: 'rolling', batch: 1 } });
  await scene.passes(700);
  await scene.dies('app-3');
  assert.is(await scene.ends('web-2'), 'Succeeded');
  await scene.passes(2000);
  // what it had when it died is lost; nobody gives it anything afterwards
  assert.ok(
    scene.routed().every((hosts) => hosts === 'app-1 app-2 app-4'),
    scene.routed().join(', '),
  );
  assert.is(scene.deployment('web-2').hosts?.['app-3']?.stage, 'skipped');
  await scene.stops();
});
