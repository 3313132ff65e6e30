import type { GrantSpec } from '../../../../api-types/kinds/grant.js';
import type { UserSpec } from '../../../../api-types/kinds/user.js';
import { ref } from '../../../fake/objects.js';
import { assert, suite } from '../../../suite.js';
import { World } from './world.js';

const test = suite<{ world: World }>('grants and keys are told to the hosts they concern', {
  world: new World(),
});

const KEY = 'ssh-ed25519 AAAAone';

const user = (world: World, spec: UserSpec, name = 'jane'): Promise<void> => {
  world.objects.putRaw(ref('User', null, name), { spec });
  return world.clock.settle();
};

const grant = (world: World, spec: Partial<GrantSpec>, name = 'jane'): Promise<void> => {
  world.objects.putRaw(ref('Grant', 'shop', name), {
    spec: { level: 'show', ...(spec.group === undefined ? { user: 'jane' } : {}), ...spec },
  });
  return world.clock.settle();
};

test.beforeEach(async (context) => {
  const world = new World();
  context.world = world;
  world.role('app', { type: 'nodejs-app', replicas: 2 });
  world.role('db', { type: 'db-master' });
  for (const name of ['app-1', 'app-2', 'db-1']) world.boots(name);
  await user(world, { sshKeys: [KEY], groups: ['ops'] });
  await user(world, { sshKeys: [KEY] }, 'bob');
  await world.starts();
  await world.runs(5000);
});
test.afterEach(({ world }) => world.stops());

/** Who was told because of `change`, within a second. */
const toldAfter = async (world: World, change: () => unknown): Promise<readonly string[]> => {
  const before = world.told().length;
  await change();
  await world.runs(1000);
  return world.told().slice(before);
};

const EVERYBODY = ['configure app-1 app-2 db-1'];
const APP = ['configure app-1 app-2'];

test('a grant wakes every host of the cluster, narrowed to a role only its hosts', async ({ world }) => {
  assert.equal(await toldAfter(world, () => grant(world, { ssh: true })), EVERYBODY);
  assert.equal(await toldAfter(world, () => grant(world, { ssh: true, roles: ['app'] })), ['configure db-1']);
  assert.equal(await toldAfter(world, () => grant(world, { sudo: true, roles: ['app'] })), APP);
});

test('a grant that goes, and a user that goes', async ({ world }) => {
  await toldAfter(world, () => grant(world, { ssh: true, roles: ['app'] }));
  const gone = (): void => {
    world.objects.deleteRaw(ref('Grant', 'shop', 'jane'));
  };
  assert.equal(await toldAfter(world, gone), APP);
  await toldAfter(world, () => grant(world, { ssh: true }));
  const left = (): void => {
    world.objects.deleteRaw(ref('User', null, 'jane'));
  };
  assert.equal(await toldAfter(world, left), EVERYBODY);
});

test('a key, disabling, and a group of the user', async ({ world }) => {
  await toldAfter(world, () => grant(world, { group: 'ops', ssh: true, roles: ['app'] }));
  const keys = { sshKeys: [KEY, 'ssh-rsa AAAAtwo'], groups: ['ops'] };
  assert.equal(await toldAfter(world, () => user(world, keys)), APP);
  assert.equal(await toldAfter(world, () => user(world, { ...keys, disabled: true })), APP);
  assert.equal(await toldAfter(world, () => user(world, keys)), APP);
  assert.equal(await toldAfter(world, () => user(world, { ...keys, groups: [] })), APP);
  assert.equal(await toldAfter(world, () => user(world, keys)), APP);
});

test('what hosts do not see wakes nobody', async ({ world }) => {
  await toldAfter(world, () => grant(world, { ssh: true }));
  const seen = { sshKeys: [`${KEY} a new comment`], groups: ['ops', 'more'], email: 'jane@example.com' };
  assert.equal(await toldAfter(world, () => user(world, seen)), []);
  assert.equal(await toldAfter(world, () => user(world, { sshKeys: [] }, 'bob')), []);
  assert.equal(await toldAfter(world, () => grant(world, { level: 'manage', ssh: true })), []);
  assert.equal(await toldAfter(world, () => grant(world, { level: 'manage' }, 'more')), []);
});

test('what a host could not do is a condition that names it; the host stays Ready', async ({ world }) => {
  await grant(world, { ssh: true, roles: ['db'] });
  await world.clock.advance(1000);
  world.answer(world.events().at(-1)!, { warning: 'account jane: the name is taken' });
  await world.clock.advance(1000);
  const told = world.status('db-1').conditions?.['Accounts'];
  assert.is(world.isReady('db-1'), true);
  assert.is(told?.message, 'account jane: the name is taken');
  assert.is(told?.status, 'False');
  const before = world.told().length;
  await world.runs(660_000);
  assert.equal(world.told().slice(before), ['configure db-1']);
  assert.is(world.status('db-1').conditions?.['Accounts']?.status, 'True');
});
