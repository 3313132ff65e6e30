import { delayAfter } from '../../../agent/back-off.js';
import { millis } from '../../../api-types/units.js';
import { seededChance } from '../../../runtime/chance.js';
import { Orders } from '../../../server/gateway/orders.js';
import { Places } from '../../../server/gateway/places.js';
import { pieces } from '../../../server/gateway/results.js';
import { nextSession } from '../../../server/gateway/sessions.js';
import type { Change } from '../../../store/objects/objects.js';
import { fakeObjects, ref } from '../../fake/objects.js';
import { assert, suite } from '../../suite.js';

const machine = (id: string) => ({
  id,
  batch: 'b',
  zone: 'a',
  instanceType: 't',
  imageId: 'i',
  launchedAt: '',
  state: 'running',
});
const app1 = ref('Instance', 'shop', 'app-1');

const event = (machines: readonly string[], base?: string) => ({
  event: 'configure',
  cause: 'test',
  createdAt: '',
  snapshot: { version: 2, digest: 'new' },
  targets: machines.map((id) => ({ instance: 'app-1', machine: id })),
  ...(base === undefined ? {} : { diff: { base, patch: { a: 1 } } }),
});

const indexes = suite('what a gateway keeps of the records');

indexes('a machine is known while any record names it, doomed ones too', () => {
  const objects = fakeObjects();
  objects.has(app1, { spec: { role: 'app' } }, { machine: machine('i-1') });
  const places = new Places(objects);
  const released: string[] = [];
  objects.changes$.subscribe((changes: readonly Change[]) => {
    released.push(...changes.flatMap((change) => places.take(change)));
  });
  const doomed = { machine: 'i-1', reason: 'Replaced', message: '', at: '', when: 'now' };
  objects.has(app1, { spec: { role: 'app' } }, { machine: machine('i-2'), doomed: [doomed] });
  assert.is(places.get('i-1')?.batch, null);
  assert.is(places.get('i-2')?.batch, 'b');
  objects.has(app1, { spec: { role: 'app' } }, { doomed: [] });
  assert.equal(released, ['i-1']);
  assert.is(places.get('i-1'), null);
});

indexes('a machine gets its events from the cursor on, that revision included, oldest first', () => {
  const objects = fakeObjects();
  const [one, two] = ['e-1', 'e-2'].map((name) =>
    objects.has(ref('LifecycleEvent', 'shop', name), { spec: {} }, event(['i-1'])),
  );
  const orders = new Orders(objects);
  const names = (cursor: number) => orders.from('i-1', cursor).map(({ name }) => name);
  assert.equal(names(0), ['e-1', 'e-2']);
  assert.equal(names(two!.incarnation), ['e-2']);
  assert.equal(names(two!.incarnation + 1), []);
  assert.is(orders.from('i-2', 0).length, 0);
  assert.is(orders.find('i-1', 'e-1')?.revision, one!.incarnation);
});

indexes('an event is serialised once for all hosts, with its diff only for those that can use it', () => {
  const objects = fakeObjects();
  objects.has(ref('LifecycleEvent', 'shop', 'e-1'), { spec: {} }, event(['i-1', 'i-2'], 'old'));
  const orders = new Orders(objects);
  const [order] = orders.from('i-1', 0);
  assert.is(orders.text(order!, true), orders.text(orders.from('i-2', 0)[0]!, true));
  assert.match(String(orders.text(order!, true)), '"base":"old"');
  assert.not.match(String(orders.text(order!, false)), '"base":"old"');
});

indexes('results are cut at 500 hosts and at half a mebibyte a key', () => {
  const delivered = (count: number, message: string) =>
    Array.from({ length: count }, (_, index) => ({
      cluster: 'shop',
      recorded: () => undefined,
      result: {
        event: 'e',
        instance: `app-${String(index)}`,
        machine: `i-${String(index)}`,
        state: 'failed' as const,
        attempt: 1,
        startedAt: '',
        finishedAt: '',
        message,
      },
    }));
  assert.equal(
    pieces(delivered(1_200, '')).map(({ length }) => length),
    [500, 500, 200],
  );
  assert.ok(pieces(delivered(500, 'x'.repeat(4_000))).length >= 4);
});

indexes('a session is greater than all that was heard of, and a wild claim is not believed', () => {
  assert.is(nextSession(0, 0, 40), 40);
  assert.is(nextSession(50, 0, 40), 51);
  assert.is(nextSession(0, 60, 40), 61);
  assert.is(nextSession(9e15, 0, 40), 40);
  assert.is(nextSession(Number.NaN, 0, 40), 40);
});

indexes('back-off is full jitter below a bound that grows and ends', () => {
  const backOff = { first: millis(100), longest: millis(1_000) };
  const chance = seededChance(1);
  const longest = (failures: number) =>
    Math.max(...Array.from({ length: 500 }, () => delayAfter(failures, backOff, chance)));
  assert.ok(longest(0) <= 100 && longest(0) > 90);
  assert.ok(longest(2) <= 400 && longest(2) > 350);
  assert.ok(longest(40) <= 1_000 && longest(40) > 900);
});
