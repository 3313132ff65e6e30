import { plannerOver } from '../../../../controllers/plan.js';
import { type KindName, kindEntry } from '../../../../api-types/kinds.js';
import { roleDefaults } from '../../../../api-types/kinds/role.js';
import type { Manifest } from '../../../../api-types/plan.js';
import { ref } from '../../../fake/objects.js';
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

const document = (kind: KindName, name: string, spec: object): Manifest => ({
  apiVersion: 'scalarium.dev/v1',
  kind,
  metadata: kind === 'User' ? { name } : { name, namespace: SHOP },
  spec: kindEntry(kind).defaults(spec),
});

test('users, grants and secrets: by name, without what is in them', () => {
  const { objects } = createWorld();
  objects.has(ref('User', null, 'ann'), { spec: { email: 'old@example.org' } });
  objects.has(ref('Grant', SHOP, 'ann'), { spec: { user: 'ann', level: 'show' } });
  objects.has(ref('Secret', SHOP, 'db'), { spec: { sealed: {} } });
  const changes = plannerOver(objects)([
    document('User', 'ann', { email: 'new@example.org' }),
    document('User', 'bob', { email: 'bob@example.org' }),
    document('Grant', 'ann', { user: 'ann', level: 'show' }),
    document('Grant', 'bob', { user: 'bob', level: 'deploy' }),
    document('Secret', 'db', { data: { password: 'a-secret' } }),
    document('Secret', 'new', { data: { password: 'a-secret' } }),
  ]);
  assert.equal(
    changes.map(({ action, object }) => `${action} ${object.kind} ${object.name}`),
    ['change User ann', 'create User bob', 'create Grant bob', 'change Secret db', 'create Secret new'],
  );
  assert.not.match(JSON.stringify(changes), /example|deploy|a-secret/);
});
