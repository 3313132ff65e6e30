import { plannerOver } from '../../../../controllers/plan.js';
import { roleDefaults } from '../../../../api-types/kinds/role.js';
import type { Manifest } from '../../../../api-types/plan.js';
import { assert, suite } from '../../../suite.js';
import { SHOP, createWorld } from './world.js';

const test = suite('scalarium plan: what documents would do');

const manifest = (replicas: number, name = 'app'): Manifest => ({
  apiVersion: 'scalarium.dev/v1',
  kind: 'Role',
  metadata: { name, namespace: SHOP },
  spec: roleDefaults({ type: 'nodejs-app', replicas }),
});

const planned = async (documents: readonly Manifest[]): Promise<readonly string[]> => {
  const world = createWorld({ replicas: 4 });
  await world.ticks(8);
  return plannerOver(world.objects)(documents).map(
    ({ action, object, requiresConsent }) =>
      `${action} ${object.kind} ${object.name}${requiresConsent ? ' (consent)' : ''}`,
  );
};

test('the same document: nothing', async () => {
  assert.equal(await planned([manifest(4)]), []);
});

test('more hosts: launches', async () => {
  assert.equal(await planned([manifest(5)]), ['change Role app', 'launch Instance app-5']);
});

test('a few less: terminations', async () => {
  assert.equal(await planned([manifest(3)]), ['change Role app', 'terminate Instance app-4']);
});

test('many less: terminations that need consent', async () => {
  assert.equal(await planned([manifest(1)]), [
    'change Role app',
    'terminate Instance app-2 (consent)',
    'terminate Instance app-3 (consent)',
    'terminate Instance app-4 (consent)',
  ]);
});

test('a new role', async () => {
  assert.equal(await planned([manifest(1, 'web')]), ['create Role web', 'launch Instance web-1']);
});
