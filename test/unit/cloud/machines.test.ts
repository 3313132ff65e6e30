import { millis, seconds } from '../../../api-types/units.js';
import { TAGS, type LaunchRequest, type Machine } from '../../../cloud/cloud.js';
import { openMachines, type OpenMachines } from '../../../cloud/machines.js';
import { createSightings } from '../../../cloud/sightings.js';
import { seededChance } from '../../../runtime/chance.js';
import { orThrow, transient } from '../../../runtime/failure.js';
import { silentLog } from '../../../runtime/log.js';
import { virtualClock, type VirtualClock } from '../../fake/clock.js';
import { fakeCloud, type FakeCloud } from '../../fake/cloud.js';
import { assert, suite } from '../../suite.js';

const request = (token: string, count: number): LaunchRequest => ({
  token,
  count,
  zone: 'zone-a',
  subnetId: null,
  imageId: 'ami-1',
  instanceType: 'm5.large',
  keyName: null,
  tags: { [TAGS.installation]: 'inst', [TAGS.cluster]: 'shop' },
  userData: '',
});

const opened = (): { clock: VirtualClock; fake: FakeCloud; machines: OpenMachines } => {
  const clock = virtualClock();
  const fake = fakeCloud({ clock });
  const machines = openMachines({
    cloud: fake.cloud,
    installation: 'inst',
    clock,
    chance: seededChance(1),
    log: silentLog,
  });
  return { clock, fake, machines };
};

const launchOne = async (fake: FakeCloud): Promise<string> => {
  const [machine] = await orThrow(fake.cloud.runInstances(request('t', 1)));
  return machine!.id;
};

const test = suite('machines: the view of an endpoint');

test('a sweep finds what bears our tag, and tells that it changed', async () => {
  const { clock, fake, machines } = opened();
  const id = await launchOne(fake);
  const told: string[] = [];
  machines.changes$.subscribe((changed) => told.push(changed));
  assert.is(machines.lastFullSweep(), null);
  await clock.advance(1);
  assert.is(machines.get(id)?.state, 'running');
  assert.equal(told, [id]);
  assert.equal(
    machines.ofBatch('t').map((machine) => machine.id),
    [id],
  );
  machines.close();
  assert.is(clock.pending(), 0);
});

test('a machine that changes nothing is told of once, however often it is swept', async () => {
  const { clock, fake, machines } = opened();
  await launchOne(fake);
  let told = 0;
  machines.changes$.subscribe(() => (told += 1));
  await clock.advance(60_000);
  assert.is(told, 1);
  assert.ok((fake.cloud.calls()['DescribeInstances'] ?? 0) >= 6);
  machines.close();
});

test('a failed sweep changes nothing and is no sweep', async () => {
  const { clock, fake, machines } = opened();
  const id = await launchOne(fake);
  await clock.advance(1);
  const before = machines.lastFullSweep();
  fake.failNext('DescribeInstances', transient('Throttled', 'slow down', { retryAfter: seconds(30) }));
  await clock.advance(29_000);
  assert.is(machines.lastFullSweep(), before);
  assert.is(machines.get(id)?.state, 'running');
  await clock.advance(15_000);
  assert.ok((machines.lastFullSweep() ?? 0) > (before ?? 0));
  machines.close();
});

test('a machine left out of listings is gone only after the window and two sweeps', async () => {
  const { clock, fake, machines } = opened();
  const id = await launchOne(fake);
  await clock.advance(1);
  fake.omit([id]);
  await clock.advance(45_000);
  assert.is(machines.gone(id), false);
  assert.is(machines.get(id)?.state, 'running');
  await clock.advance(30_000);
  assert.is(machines.gone(id), true);
  assert.is(machines.get(id), null);
  assert.equal(machines.ofBatch('t'), []);
  fake.omit([]);
  await clock.advance(11_000);
  assert.is(machines.gone(id), false);
  assert.is(machines.get(id)?.state, 'running');
  machines.close();
});

test('a machine launched just now and not listed yet is not gone', async () => {
  const { clock, fake, machines } = opened();
  await clock.advance(60_000);
  fake.setLag(30_000);
  machines.note(await orThrow(fake.cloud.runInstances(request('late', 1))));
  const id = fake.launched()[0]!.id;
  await clock.advance(25_000);
  assert.is(machines.gone(id), false);
  assert.is(machines.get(id)?.state, 'running');
  await clock.advance(60_000);
  assert.is(machines.gone(id), false);
  machines.close();
});

test('terminated is gone at once, and an id nobody ever listed after the window', async () => {
  const { clock, fake, machines } = opened();
  const id = await launchOne(fake);
  fake.kill(id);
  await clock.advance(1);
  assert.is(machines.gone(id), true);
  assert.is(machines.gone('i-never'), false);
  await clock.advance(30_000);
  assert.is(machines.gone('i-never'), false);
  await clock.advance(60_000);
  assert.is(machines.gone('i-never'), true);
  machines.close();
});

test('many looks make one call, about 100 ms later', async () => {
  const { clock, fake, machines } = opened();
  await clock.advance(1);
  const launched = await orThrow(fake.cloud.runInstances(request('t', 3)));
  for (const { id } of launched) machines.look([id]);
  const calls = fake.cloud.calls()['DescribeInstances'] ?? 0;
  await clock.advance(101);
  assert.is(fake.cloud.calls()['DescribeInstances'], calls + 1);
  assert.is(machines.ofBatch('t').length, 3);
  machines.close();
});

test('an answer that was long on its way does not overwrite a fresher one', async () => {
  const { clock, fake, machines } = opened();
  const id = await launchOne(fake);
  const held = fake.holdNext('DescribeInstances');
  await clock.advance(1);
  const fresh = { ...fake.launched()[0]!, state: 'shutting-down' as const };
  machines.note([fresh]);
  held.release();
  await clock.advance(1);
  assert.is(machines.get(id)?.state, 'shutting-down');
  machines.close();
});

const machine = (changes: Partial<Machine>): Machine => ({
  id: 'i-1',
  state: 'running',
  zone: 'a',
  instanceType: 't',
  imageId: 'ami',
  launchedAt: '2026-01-01T00:00:00.000Z',
  launchIndex: 0,
  privateAddress: null,
  publicAddress: null,
  clientToken: null,
  tags: { [TAGS.cluster]: 'shop' },
  stateReason: null,
  ...changes,
});

const books = suite('sightings: freshness');

books('nothing comes back from its end', () => {
  const sightings = createSightings();
  sightings.see([machine({ state: 'terminated' })], millis(10));
  assert.equal(sightings.see([machine({ state: 'running' })], millis(20)), []);
  assert.is(sightings.get('i-1')?.state, 'terminated');
});

books('an older description is dropped, and an older sweep does not count its absence', () => {
  const sightings = createSightings();
  sightings.see([machine({ state: 'running' })], millis(100));
  assert.equal(sightings.see([machine({ state: 'pending' })], millis(50)), []);
  assert.equal(sightings.sweep([], millis(90)), []);
  assert.equal(sightings.sweep([], millis(110)), ['i-1']);
});

books('two sweeps within the window, or one after it, are not enough', () => {
  const sightings = createSightings();
  sightings.see([machine({})], millis(0));
  sightings.sweep([], millis(10_000));
  sightings.sweep([], millis(20_000));
  assert.is(sightings.gone('i-1', millis(20_000)), false);
  const other = createSightings();
  other.see([machine({})], millis(0));
  other.sweep([], millis(90_000));
  assert.is(other.gone('i-1', millis(90_000)), false);
  other.sweep([], millis(100_000));
  assert.is(other.gone('i-1', millis(100_000)), true);
});

books('what went is forgotten after two hours', () => {
  const sightings = createSightings();
  sightings.see([machine({ state: 'terminated' })], millis(0));
  sightings.sweep([], millis(3_600_000));
  assert.is(sightings.get('i-1')?.state, 'terminated');
  sightings.sweep([], millis(7_300_000));
  assert.is(sightings.get('i-1'), null);
});
