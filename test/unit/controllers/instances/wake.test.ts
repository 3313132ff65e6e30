import { NEVER } from 'rxjs';
import { createBlindness } from '../../../../controllers/instances/blindness.js';
import { createFleets } from '../../../../controllers/instances/fleets.js';
import { createMemory } from '../../../../controllers/instances/memory.js';
import { createPace } from '../../../../runtime/pace.js';
import { DEFAULT_SETTINGS } from '../../../../controllers/instances/view.js';
import { wakes } from '../../../../controllers/instances/wake.js';
import { millis } from '../../../../api-types/units.js';
import { virtualClock } from '../../../fake/clock.js';
import { fakeClouds } from '../../../fake/clouds.js';
import { fakeObjects, ref } from '../../../fake/objects.js';
import { assert, suite } from '../../../suite.js';

const test = suite('what wakes the instances controller');

const SHOP = ref('Cluster', null, 'shop');
const GRANT = ref('Grant', 'shop', 'ann');

/** The keys that are woken when the grant of a cluster goes. */
const wokenByGrant = async (leaving: boolean): Promise<readonly string[]> => {
  const clock = virtualClock();
  const objects = fakeObjects(() => clock.now());
  objects.has(SHOP, { spec: { cloud: 'local' } });
  objects.has(GRANT, { spec: { user: 'ann', level: 'manage' } });
  const sources = {
    objects,
    clouds: fakeClouds({}),
    hosts: { get: () => null, changes$: NEVER, listeningFor: () => millis(0) },
    clock,
    installationKey: Buffer.alloc(32),
    gateways: () => [],
    authority: null,
    release: () => null,
    settings: DEFAULT_SETTINGS,
    memory: createMemory(),
    blindness: createBlindness(),
    fleets: createFleets(objects),
    pace: createPace(),
  };
  const fence = { compare: { key: 'owner', target: 'create', equals: 1 }, left: () => 1000 } as const;
  let woken: string[] = [];
  const subscription = wakes(sources, { of: () => fence, changes$: NEVER }).subscribe((key) => {
    woken.push(key);
  });
  if (leaving) objects.deleteRaw(SHOP);
  await clock.advance(1000);
  woken = [];
  objects.deleteRaw(GRANT);
  await clock.advance(1000);
  subscription.unsubscribe();
  return woken;
};

test('the last grant of a cluster that goes: its end', async () => {
  assert.equal(await wokenByGrant(true), ['shop']);
});

test('a grant of a cluster that stays: nothing', async () => {
  assert.equal(await wokenByGrant(false), []);
});
