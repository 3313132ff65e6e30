import type { RunSpec, RunStatus } from '../../../../api-types/kinds/run.js';
import { ref } from '../../../fake/objects.js';
import { assert, suite } from '../../../suite.js';
import { type SentEvent, World } from './world.js';

const test = suite<{ world: World }>('a Run is carried out once, on the hosts that it names', {
  world: new World(),
});

test.beforeEach(async (context) => {
  const world = new World();
  context.world = world;
  world.role('lb', { type: 'load-balancer' });
  world.role('app', { replicas: 2 });
  for (const name of ['app-1', 'app-2', 'lb-1']) world.boots(name);
  await world.starts();
  await world.runs(5000);
});
test.afterEach(({ world }) => world.stops());

const asks = async (world: World, spec: Partial<RunSpec>, name = 'now'): Promise<void> => {
  const event = spec.recipes === undefined ? { event: 'configure' as const } : {};
  world.objects.has(ref('Run', 'shop', name), { spec: { ...event, ...spec } });
  await world.clock.advance(200);
};

const statusOf = (world: World, name = 'now'): RunStatus =>
  world.objects.get(ref('Run', 'shop', name))!.status;

const eventsOf = (world: World): readonly SentEvent[] =>
  world.events().filter(({ run }) => run !== undefined);

const told = (world: World): readonly string[] =>
  eventsOf(world).map(({ event, targets }) =>
    [event, ...targets.map(({ instance }) => instance).sort()].join(' '),
  );

const conditions = (status: RunStatus): string =>
  Object.entries(status.conditions ?? {})
    .filter(([, { status: holds }]) => holds === 'True')
    .map(([type, { reason }]) => `${type}:${reason}`)
    .sort()
    .join(' ');

const ROWS: readonly { readonly name: string; readonly spec: Partial<RunSpec>; readonly told: string }[] = [
  { name: 'nothing named: all hosts', spec: {}, told: 'configure app-1 app-2 lb-1' },
  { name: 'a role', spec: { roles: ['app'] }, told: 'configure app-1 app-2' },
  { name: 'hosts', spec: { event: 'setup', instances: ['app-2'] }, told: 'setup app-2' },
  {
    name: 'a role and a host',
    spec: { roles: ['lb'], instances: ['app-1'] },
    told: 'configure app-1 lb-1',
  },
];

for (const event of ['deploy', 'undeploy'] as const)
  test(`${event}: once, and no progress of the host`, async ({ world }) => {
    const before = world.status('app-1');
    await asks(world, { event, roles: ['app'] });
    assert.equal(told(world), [`${event} app-1 app-2`]);
    world.answer(eventsOf(world)[0]!);
    await world.clock.advance(120_000);
    assert.is(statusOf(world).phase, 'Succeeded');
    assert.equal(world.status('app-1').deploy, before.deploy);
    assert.equal(told(world), [`${event} app-1 app-2`]);
  });

test('recipes: told as configure, with nothing else to run', async ({ world }) => {
  const before = world.status('app-1').configure;
  await asks(world, { recipes: ['shop::a', 'shop::b'], roles: ['app'], dryRun: true });
  const [event] = eventsOf(world);
  assert.equal([event?.event, event?.recipes, event?.dryRun], ['configure', ['shop::a', 'shop::b'], true]);
  assert.equal(statusOf(world).events, [event?.name]);
  assert.match(event?.cause ?? '', /of shop::a, shop::b/);
  world.answer(event!);
  await world.clock.advance(1000);
  assert.equal(world.status('app-1').configure, before);
});

const HOSTS_FILE = { resource: 'file[/etc/hosts]', diff: '-a\n+b\n' };

test('a dry run: what would change, once for all hosts where it is the same', async ({ world }) => {
  await asks(world, { dryRun: true });
  const [event] = eventsOf(world);
  world.answer(event!, { changed: ['file[/etc/hosts]'], diffs: [HOSTS_FILE] }, ['app-1']);
  await world.clock.advance(200);
  const changed = ['file[/etc/hosts]', 'package[x]'];
  world.answer(event!, { changed, diffs: [HOSTS_FILE] }, ['app-2']);
  world.answer(event!, {}, ['lb-1']);
  await world.clock.advance(200);
  const { phase, changed: counts, diffs, diffsLeftOut } = statusOf(world);
  assert.equal([phase, counts, diffsLeftOut], ['Succeeded', { 'app-1': 1, 'app-2': 2 }, undefined]);
  assert.equal(diffs, [
    { ...HOSTS_FILE, instances: ['app-1', 'app-2'] },
    { resource: 'package[x]', diff: '', instances: ['app-2'] },
  ]);
});

test('differences that there is no room for are counted; a real run shows none', async ({ world }) => {
  const large = (name: string) => ({ resource: `file[/${name}]`, diff: name.repeat(150 * 1024) });
  await asks(world, { dryRun: true });
  await asks(world, { event: 'setup' }, 'real');
  const [dry, real] = eventsOf(world);
  world.answer(dry!, { diffs: [large('a'), large('b'), HOSTS_FILE] }, ['app-1']);
  world.answer(real!, { changed: ['file[/a]'] }, ['app-1']);
  await world.clock.advance(200);
  assert.equal(
    statusOf(world).diffs?.map(({ resource }) => resource),
    ['file[/a]', 'file[/etc/hosts]'],
  );
  assert.equal([statusOf(world).diffsLeftOut, statusOf(world).changed], [1, { 'app-1': 3 }]);
  assert.equal([statusOf(world, 'real').diffs, statusOf(world, 'real').changed], [undefined, { 'app-1': 1 }]);
});

test('a recipe of a Run that wants a reboot has its host rebooted', async ({ world }) => {
  await asks(world, { recipes: ['shop::kernel'], instances: ['app-1'] });
  const [event] = eventsOf(world);
  world.answer(event!, { reboot: true });
  await world.clock.advance(200);
  assert.is(statusOf(world).phase, 'Succeeded');
  assert.is(world.status('app-1').rebootWish?.event, event?.name);
});

for (const { name, spec, told: expected } of ROWS)
  test(`${name}, though their input has not changed`, async ({ world }) => {
    await asks(world, spec);
    assert.equal(told(world), [expected]);
    assert.is(statusOf(world).phase, 'Running');
    assert.is(conditions(statusOf(world)), 'Reconciling:Running');
    world.answer(eventsOf(world)[0]!);
    await world.clock.advance(200);
    const { phase, total, succeeded, failed, finishedAt } = statusOf(world);
    assert.equal([phase, succeeded, failed], ['Succeeded', total, 0]);
    assert.type(finishedAt, 'string');
    assert.is(conditions(statusOf(world)), 'Complete:Succeeded Ready:Succeeded');
    await world.clock.advance(120_000);
    assert.equal(told(world), [expected], 'and not a second time');
  });

test('hosts are counted as they answer; a failure is told, and is no trouble of the host', async ({
  world,
}) => {
  await asks(world, { event: 'setup' });
  const event = eventsOf(world)[0]!;
  world.answer(event, {}, ['app-1']);
  await world.clock.advance(200);
  assert.equal(statusOf(world).hosts, { 'app-1': 'succeeded', 'app-2': 'pending', 'lb-1': 'pending' });
  world.answer(event, { state: 'failed', message: 'apt broke' }, ['app-2']);
  world.answer(event, {}, ['lb-1']);
  await world.clock.advance(200);
  const status = statusOf(world);
  assert.equal([status.phase, status.succeeded, status.failed], ['Failed', 2, 1]);
  assert.equal(status.failures, [{ instance: 'app-2', message: 'apt broke' }]);
  assert.is(conditions(status), 'Complete:HostsFailed Stalled:HostsFailed');
  assert.is(world.status('app-2').setup?.state, 'succeeded');
  assert.ok(world.isReady('app-2'));
});

test('a control plane that comes back goes on, and counts what it missed', async ({ world }) => {
  await asks(world, {});
  const event = eventsOf(world)[0]!;
  world.answer(event, {}, ['app-1']);
  await world.clock.advance(200);
  await world.stops();
  world.answer(event, {}, ['app-2', 'lb-1']);
  await world.starts();
  await world.clock.advance(1000);
  assert.is(statusOf(world).phase, 'Succeeded');
  assert.is(told(world).length, 1);
});

test('a host that does not answer in time counts as failed', async ({ world }) => {
  await asks(world, { instances: ['app-1', 'app-2'], timeoutSeconds: 60 });
  world.answer(eventsOf(world)[0]!, {}, ['app-1']);
  await world.clock.advance(80_000);
  assert.is(statusOf(world).phase, 'Running');
  await world.clock.advance(20_000);
  assert.equal(statusOf(world).failures, [{ instance: 'app-2', message: 'no answer within 60 s' }]);
  assert.is(statusOf(world).phase, 'Failed');
});

test('a host whose machine goes is not waited for', async ({ world }) => {
  await asks(world, { instances: ['app-1'] });
  await world.patch('app-1', { machine: null });
  await world.clock.advance(200);
  const message = 'its machine i-app-1 went before it answered';
  assert.equal(statusOf(world).failures, [{ instance: 'app-1', message }]);
});

test('a named host that is not online counts as failed; one of a role is left out', async ({ world }) => {
  await world.sick('app-2', true);
  await asks(world, { roles: ['app'] }, 'role');
  await asks(world, { instances: ['app-1', 'app-2'] }, 'named');
  for (const event of eventsOf(world)) world.answer(event);
  await world.clock.advance(200);
  assert.equal([statusOf(world, 'role').phase, statusOf(world, 'role').total], ['Succeeded', 1]);
  const message = 'it was not online when the run began';
  assert.equal(statusOf(world, 'named').failures, [{ instance: 'app-2', message }]);
});

test('hosts that are not there: nothing is run, and it says so', async ({ world }) => {
  await asks(world, { instances: ['app-1', 'app-9'] }, 'unknown');
  await asks(world, { roles: ['db'] }, 'nobody');
  assert.equal(told(world), []);
  assert.is(conditions(statusOf(world, 'unknown')), 'Complete:HostNotFound Stalled:HostNotFound');
  assert.match(statusOf(world, 'unknown').conditions?.['Stalled']?.message ?? '', /app-9/);
  assert.is(conditions(statusOf(world, 'nobody')), 'Complete:NoHostOnline Stalled:NoHostOnline');
  assert.is(statusOf(world, 'nobody').phase, 'Failed');
});

for (const restarts of [false, true])
  test(`a setup that nobody answers is the Run's trouble, not the host's${restarts ? ', after a restart too' : ''}`, async ({
    world,
  }) => {
    await asks(world, { event: 'setup', instances: ['app-1'], timeoutSeconds: 60 });
    if (restarts) {
      await world.stops();
      await world.starts();
    }
    await world.clock.advance(1_000_000);
    assert.is(statusOf(world).phase, 'Failed');
    assert.is(world.status('app-1').setup?.state, 'succeeded');
    assert.ok(world.isReady('app-1'));
  });

test('a host is not Ready while a person has it rebooted, and others are told', async ({ world }) => {
  const restart = { askedAt: world.time(), machine: 'i-app-1', calledAt: world.time() };
  const before = world.told().length;
  await world.patch('app-1', { restart });
  await world.runs(2000);
  assert.is(world.status('app-1').conditions?.['Ready']?.reason, 'Rebooting');
  assert.equal(world.told().slice(before), ['configure lb-1']);
  await asks(world, { roles: ['app'] });
  assert.equal(told(world), ['configure app-2'], 'nor is it online for a Run');
  await world.patch('app-1', { restart: { doneAt: world.time() } });
  await world.runs(2000);
  assert.ok(world.isReady('app-1'));
});

test('a Run that is deleted is not written any more', async ({ world }) => {
  await asks(world, {});
  world.objects.deleteRaw(ref('Run', 'shop', 'now'));
  const { length } = world.objects.written;
  world.answer(eventsOf(world)[0]!);
  await world.clock.advance(60_000);
  assert.is(world.objects.written.length, length);
});
