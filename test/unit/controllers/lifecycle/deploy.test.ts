import type { CookbookPack, CookbookSource } from '../../../../api-types/cookbooks.js';
import type { RoleSpec } from '../../../../api-types/kinds/role.js';
import { assert, suite } from '../../../suite.js';
import { World } from './world.js';

const test = suite<{ world: World }>('deploy after setup, and what events wait for', { world: new World() });

test.beforeEach((context) => {
  context.world = new World();
});
test.afterEach(({ world }) => world.stops());

const ROWS: readonly {
  readonly name: string;
  readonly role: Partial<RoleSpec>;
  readonly told: readonly string[];
}[] = [
  { name: 'an application host', role: { type: 'php-app' }, told: ['setup', 'deploy', 'configure'] },
  {
    name: 'a load balancer has nothing to deploy',
    role: { type: 'load-balancer' },
    told: ['setup', 'configure'],
  },
  { name: 'a custom role neither', role: { type: 'custom' }, told: ['setup', 'configure'] },
  {
    name: 'but one with recipes of its own for it',
    role: { type: 'custom', recipes: { deploy: ['shop::deploy'] } },
    told: ['setup', 'deploy', 'configure'],
  },
  {
    name: 'recipes for other events are none for deploy',
    role: { type: 'custom', recipes: { deploy: [], undeploy: ['shop::undeploy'] } },
    told: ['setup', 'configure'],
  },
];

for (const { name, role, told } of ROWS)
  test(name, async ({ world }) => {
    world.role('x', role);
    world.boots('x-1');
    await world.starts();
    await world.runs(3000);
    const first = [...new Set(world.events().map(({ event }) => event))];
    assert.equal(first, told);
    assert.ok(world.isReady('x-1'));
    assert.is(
      world.status('x-1').conditions?.['Deployed']?.status,
      told.includes('deploy') ? 'True' : undefined,
    );
  });

test('a further role brings its deploy along', async ({ world }) => {
  world.role('cache', { type: 'memcached' });
  world.role('app', {});
  world.boots('cache-1', {}, { roles: ['app'] });
  await world.starts();
  await world.runs(3000);
  assert.equal(world.told().slice(0, 3), ['setup cache-1', 'deploy cache-1', 'configure cache-1']);
});

const reason = (world: World, type: string): string | undefined =>
  world.status('app-1').conditions?.[type]?.reason;

test('configure does not wait for the end of deploy, but Ready does; a failed deploy is repeated', async ({
  world,
}) => {
  world.role('app', {});
  world.boots('app-1');
  await world.starts();
  world.answer(world.events()[0]!);
  await world.clock.advance(1000);
  assert.equal(world.told(), ['setup app-1', 'deploy app-1', 'configure app-1']);
  world.answer(world.events()[2]!);
  await world.clock.advance(200);
  assert.is(reason(world, 'Ready'), 'Deploying');
  world.answer(world.events()[1]!, { state: 'failed', message: 'git: no such repository' });
  await world.clock.advance(200);
  assert.equal([reason(world, 'Ready'), reason(world, 'Deployed')], ['DeployFailed', 'DeployFailed']);
  assert.match(world.status('app-1').conditions?.['Deployed']?.message ?? '', /no such repository/);
  await world.clock.advance(58_000);
  assert.is(world.events('deploy').length, 1);
  await world.runs(3000);
  assert.is(world.events('deploy').length, 2);
  assert.ok(world.isReady('app-1'));
  assert.is(reason(world, 'Deployed'), 'Deployed');
});

test('a deploy that nobody answers expires after the time of the role, and is repeated', async ({
  world,
}) => {
  world.role('app', { eventTimeoutSeconds: { deploy: 30, configure: 45 } });
  world.boots('app-1');
  await world.starts();
  world.answer(world.events()[0]!);
  await world.clock.advance(1000);
  assert.equal(
    world.events().map(({ event, timeoutSeconds }) => [event, timeoutSeconds]),
    [
      ['setup', 900],
      ['deploy', 30],
      ['configure', 45],
    ],
  );
  await world.clock.advance(31_000);
  assert.is(world.status('app-1').deploy?.state, 'expired');
  await world.clock.advance(61_000);
  assert.is(world.events('deploy').length, 2);
});

test('hosts of several time-outs are told in an event each, with their own inputs', async ({ world }) => {
  world.role('lb', { type: 'load-balancer', eventTimeoutSeconds: { configure: 45 } });
  world.role('cache', { type: 'memcached' });
  for (const name of ['lb-1', 'cache-1']) world.boots(name);
  await world.starts();
  await world.runs(3000);
  const told = world
    .events('configure')
    .map(({ targets, timeoutSeconds }) => [targets[0]?.instance, timeoutSeconds]);
  assert.equal(told.sort(), [
    ['cache-1', 600],
    ['lb-1', 45],
  ]);
  assert.ok(world.isReady('lb-1') && world.isReady('cache-1'));
});

test('a host that was Ready before its role had a deploy is not deployed to', async ({ world }) => {
  world.role('x', { type: 'custom' });
  world.boots('x-1');
  await world.starts();
  await world.runs(3000);
  world.role('x', { type: 'custom', recipes: { deploy: ['shop::deploy'] } });
  await world.runs(3000);
  await world.sick('x-1', true);
  await world.sick('x-1', false);
  await world.runs(3000);
  assert.equal(world.events('deploy'), []);
  assert.ok(world.isReady('x-1'));
  world.boots('x-2');
  await world.runs(3000);
  assert.equal(
    world.told().filter((told) => told.startsWith('deploy')),
    ['deploy x-2'],
  );
});

test('applications are not deployed while their database is away, nor configured before', async ({
  world,
}) => {
  world.role('app', { dependsOn: ['db'] });
  world.role('db', { type: 'db-master' });
  world.boots('db-1');
  await world.starts();
  await world.runs(3000);
  world.boots('app-1');
  await world.clock.advance(1000);
  await world.sick('db-1', true);
  world.answer(world.events('setup').at(-1)!);
  await world.clock.advance(5000);
  assert.equal(world.events('deploy'), []);
  assert.equal(
    world.told().filter((told) => told === 'configure app-1'),
    [],
  );
  assert.is(world.status('app-1').setup?.state, 'succeeded');
  await world.sick('db-1', false);
  await world.runs(3000);
  assert.ok(world.isReady('app-1'));
});

test('a host does not wait for a role that is its own; it waits for those of its further roles', async ({
  world,
}) => {
  world.role('app', { dependsOn: ['db'] });
  world.role('db', { type: 'db-master' });
  world.role('x', { type: 'custom' });
  world.boots('app-1', {}, { roles: ['db'] });
  world.boots('x-1', {}, { roles: ['app'] });
  await world.starts();
  assert.equal(world.told(), ['setup app-1']);
  await world.runs(3000);
  assert.ok(world.isReady('app-1') && world.isReady('x-1'));
});

const SOURCE: CookbookSource = { name: 'shop', type: 'git', url: 'https://git.example/shop.git' };
const PACK: CookbookPack = { name: 'shop', revision: 'abc', digest: 'd1' };

test('setup waits for cookbooks that were not resolved yet, where recipes are used', async ({ world }) => {
  world.cluster({ cookbooks: [SOURCE] });
  world.role('x', { type: 'custom', recipes: { configure: ['shop::site'] } });
  world.role('lb', { type: 'load-balancer' });
  for (const name of ['x-1', 'lb-1']) world.boots(name);
  await world.starts();
  await world.clock.advance(12_000);
  assert.equal(world.told(), ['setup lb-1']);
  const { Ready } = world.status('x-1').conditions ?? {};
  assert.is(Ready?.reason, 'WaitingForCookbooks');
  assert.match(Ready?.message ?? '', /cookbooks of shop/);
  world.cluster({ cookbooks: [SOURCE] }, [PACK]);
  await world.runs(3000);
  assert.ok(world.isReady('x-1'));
});

test('a new revision of a cookbook reaches hosts with recipes by configure, and no others', async ({
  world,
}) => {
  world.cluster({ cookbooks: [SOURCE] }, [PACK]);
  world.role('x', { type: 'custom', recipes: { configure: ['shop::site'] } });
  world.role('lb', { type: 'load-balancer' });
  for (const name of ['x-1', 'lb-1']) world.boots(name);
  await world.starts();
  await world.runs(10_000);
  const before = world.told().length;
  world.cluster({ cookbooks: [SOURCE] }, [{ ...PACK, revision: 'def', digest: 'd2' }]);
  await world.runs(3000);
  assert.equal(world.told().slice(before), ['configure x-1']);
});

test('recipes that want a reboot: noted once, and what comes next waits for it', async ({ world }) => {
  world.role('app', {});
  world.boots('app-1');
  await world.starts();
  const [setup] = world.events();
  world.answer(setup!, { reboot: true });
  await world.clock.advance(2000);
  const wish = world.status('app-1').rebootWish;
  assert.equal([wish?.machine, wish?.event], ['i-app-1', setup?.name]);
  assert.is(world.status('app-1').setup?.state, 'succeeded');
  assert.equal(world.told(), ['setup app-1']);
  await world.patch('app-1', {
    wishRestart: { askedAt: setup?.name, machine: 'i-app-1', calledAt: world.time(), doneAt: world.time() },
  });
  await world.runs(3000);
  assert.equal(world.told(), ['setup app-1', 'deploy app-1', 'configure app-1']);
  assert.ok(world.isReady('app-1'));
});

test('configure of a host without deploy waits for the reboot, too', async ({ world }) => {
  world.role('lb', { type: 'load-balancer' });
  world.boots('lb-1');
  await world.starts();
  const [setup] = world.events();
  world.answer(setup!, { reboot: true });
  await world.clock.advance(3000);
  assert.equal(world.told(), ['setup lb-1']);
  const done = { askedAt: setup?.name, machine: 'i-lb-1', calledAt: world.time(), doneAt: world.time() };
  await world.patch('lb-1', { wishRestart: done });
  await world.runs(3000);
  assert.ok(world.isReady('lb-1'));
});

test('the newest wish counts, of the machine that is in the slot', async ({ world }) => {
  world.role('app', {});
  world.boots('app-1');
  await world.starts();
  await world.runs(3000);
  const [setup, deploy, configure] = world.events();
  const at = (second: number) => `2026-01-01T00:00:0${String(second)}.000Z`;
  const wish = () => world.status('app-1').rebootWish?.event;
  world.answer(deploy!, { reboot: true, finishedAt: at(5) });
  await world.clock.advance(200);
  assert.is(wish(), deploy?.name);
  world.answer(setup!, { reboot: true, finishedAt: at(4) });
  await world.clock.advance(200);
  assert.is(wish(), deploy?.name, 'an answer that is read once more');
  world.answer(configure!, { reboot: true, finishedAt: at(6), machine: 'i-before' });
  await world.clock.advance(200);
  assert.is(wish(), deploy?.name, 'of a machine that is gone');
});

test('a deploy that a shutdown overtook counts for nothing; one with a warning is not repeated', async ({
  world,
}) => {
  world.role('app', {});
  for (const name of ['app-1', 'app-2']) world.boots(name);
  await world.starts();
  world.answer(world.events()[0]!);
  await world.clock.advance(200);
  const [deploy] = world.events('deploy');
  world.answer(deploy!, { state: 'superseded' }, ['app-1']);
  world.answer(deploy!, { warning: 'left undone' }, ['app-2']);
  await world.clock.advance(200);
  assert.equal([world.status('app-1').deploy, world.status('app-2').deploy?.state], [undefined, 'succeeded']);
  await world.clock.advance(1_300_000);
  const again = world.events('deploy').slice(1);
  assert.ok(again.length > 0);
  for (const { targets } of again)
    assert.equal(
      targets.map(({ instance }) => instance),
      ['app-1'],
    );
});

test('a reboot that never comes holds nobody up for ever', async ({ world }) => {
  world.role('app', {});
  world.boots('app-1');
  await world.starts();
  world.answer(world.events()[0]!, { reboot: true });
  await world.clock.advance(1000);
  await world.runs(601_000);
  assert.ok(world.isReady('app-1'));
});
