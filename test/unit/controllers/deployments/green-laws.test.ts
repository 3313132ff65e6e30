import fc from 'fast-check';
import { isEnded } from '../../../../api-types/kinds/deployment.js';
import { ref } from '../../../fake/objects.js';
import { assert, suite } from '../../../suite.js';
import { blueGreen, rolloutOf, withHostsThatCome } from './coming-hosts.js';
import { CLUSTER, worldWith, type World } from './world.js';

const test = suite('deployments: what holds whatever happens to new hosts');

type Happening = 'replaced' | 'slot goes' | 'fails' | 'abort' | 'promote' | 'restart' | 'edit';

interface Case {
  /** What happens to which new host, after how many milliseconds since the one before. */
  readonly happen: readonly { readonly what: Happening; readonly host: number; readonly after: number }[];
}

const cases: fc.Arbitrary<Case> = fc.record({
  happen: fc.array(
    fc.record({
      what: fc.constantFrom<Happening>(
        'replaced',
        'slot goes',
        'fails',
        'abort',
        'promote',
        'restart',
        'edit',
      ),
      host: fc.integer({ min: 3, max: 5 }),
      after: fc.constantFrom(100, 700, 1500, 3000),
    }),
    { maxLength: 6 },
  ),
});

const isThere = (world: World, name: string): boolean => {
  const live = world.objects.get(ref('Instance', CLUSTER, name));
  return live !== null && live.deletion === null && live.status.machine !== undefined;
};

const says = (world: World, word: 'abort' | 'promote'): void => {
  if (!isEnded(world.deployment('d1'))) world.says('d1', word);
};

const HAPPENINGS: Readonly<Record<Happening, (world: World, name: string) => unknown>> = {
  replaced: (world, name) => (isThere(world, name) ? world.replace(name, 1) : null),
  'slot goes': (world, name) => {
    if (isThere(world, name)) world.objects.deleteRaw(ref('Instance', CLUSTER, name));
  },
  fails: (world) => {
    world.behaviour = () => ({ state: 'failed', message: 'no' });
  },
  abort: (world) => {
    says(world, 'abort');
  },
  promote: (world) => {
    says(world, 'promote');
  },
  restart: async (world) => {
    await world.stops();
    await world.starts();
  },
  edit: (world) => {
    world.application({ strategy: { type: 'rolling', batch: 1 }, roles: ['app'] });
  },
};

test('it ends, nobody is told twice, and no Role is left with what it was told', async () => {
  await fc.assert(
    fc.asyncProperty(cases, async ({ happen }) => {
      const world = worldWith(2);
      withHostsThatCome(world);
      world.options.pace = 200;
      await world.starts();
      world.deploy('d1', { ...blueGreen(5), timeoutSeconds: 60 });
      for (const { what, host, after } of happen) {
        await world.passes(after);
        await HAPPENINGS[what](world, `app-${String(host)}`);
      }
      const phase = await world.ends('d1', 3600);
      assert.ok(isEnded(world.deployment('d1')), JSON.stringify(world.deployment('d1')));
      await world.passes(2000);
      assert.is(rolloutOf(world), null);
      assert.is(world.app().current?.number, phase === 'Succeeded' ? 2 : 1);
      const events = world.deployment('d1').events ?? [];
      assert.is(new Set(events).size, events.length);
      await world.stops();
    }),
    { numRuns: 60 },
  );
});
