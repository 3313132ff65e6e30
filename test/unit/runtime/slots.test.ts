import { Slots } from '../../../runtime/slots.js';
import { assert, suite } from '../../suite.js';

const test = suite('so many at once');

const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/** Work that ends when it is told, noted when it begins. */
const workIn = (begun: string[], name: string): { work: () => Promise<string>; end: () => void } => {
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const work = async (): Promise<string> => {
    begun.push(name);
    await ended;
    return name;
  };
  return { work, end };
};

test('those who wait have their turn in order, those who leave have none', async () => {
  const slots = new Slots(2);
  const begun: string[] = [];
  const signal = new AbortController().signal;
  const leaving = new AbortController();
  const [a, b, c, d, e] = ['a', 'b', 'c', 'd', 'e'].map((name) => workIn(begun, name));
  if (!a || !b || !c || !d || !e) throw new Error('unreachable');
  const all = [
    slots.within(signal, a.work),
    slots.within(signal, b.work),
    slots.within(leaving.signal, c.work),
    slots.within(signal, d.work),
    slots.within(signal, e.work),
  ];
  await turn();
  assert.equal(begun, ['a', 'b']);
  leaving.abort();
  b.end();
  await turn();
  assert.equal(begun, ['a', 'b', 'd']);
  for (const { end } of [a, d, e]) end();
  assert.equal(await Promise.all(all), ['a', 'b', null, 'd', 'e']);
  assert.is(await slots.within(leaving.signal, c.work), null);
});

test('work that throws leaves its slot', async () => {
  const slots = new Slots(1);
  const { signal } = new AbortController();
  const thrown = await slots.within(signal, () => Promise.reject(new Error('no'))).catch(() => 'no');
  assert.is(thrown, 'no');
  assert.is(await slots.within(signal, () => Promise.resolve('yes')), 'yes');
});
