import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemChance } from '../../../../runtime/chance.js';
import { systemClock } from '../../../../runtime/clock.js';
import { orThrow } from '../../../../runtime/failure.js';
import { silentLog } from '../../../../runtime/log.js';
import { openEmbeddedStore } from '../../../../store/embedded/embedded.js';
import type { Store } from '../../../../store/store.js';
import { failureOf, put, see, until, write } from '../../../conformance/store-steps.js';
import { assert, suite } from '../../../suite.js';

const test = suite('embedded store');
const home = mkdtempSync(join(tmpdir(), 'scalarium-embedded-'));
let directories = 0;

const open = (directory: string): Promise<Store> =>
  openEmbeddedStore({ directory, clock: systemClock, chance: systemChance, log: silentLog });

const fresh = (): Promise<Store> => {
  directories += 1;
  return open(join(home, String(directories), 'made', 'on', 'the', 'way'));
};

const refusal = (directory: string): Promise<string> =>
  open(directory).then(
    () => 'opened',
    (error: unknown) => (error as Error).message,
  );

test('a directory that is open already is refused, under any of its names', async () => {
  const directory = join(home, 'locked');
  const store = await open(directory);
  assert.match(await refusal(directory), `in use by process ${String(process.pid)}`);
  assert.match(await refusal(join(home, 'x', '..', 'locked', '.')), 'choose another directory with --data');
  await store.close();
  await (await open(directory)).close();
});

test('a place that cannot be a directory is refused in one line', async () => {
  const file = join(home, 'file');
  writeFileSync(file, '');
  for (const place of [file, join(file, 'below'), '/proc/nope', '/proc/self']) {
    const message = await refusal(place);
    assert.match(message, place);
    assert.match(message, '--data');
    assert.is(message.split('\n').length, 1);
  }
});

test('a file that is no store of ours is refused, not overwritten', async () => {
  const directory = join(home, 'foreign');
  mkdirSync(directory);
  writeFileSync(join(directory, 'store.mdb'), 'x'.repeat(20_000));
  assert.match(await refusal(directory), `cannot open the store in ${directory}`);
});

test('transactions that are submitted together keep their order and see each other', async () => {
  const store = await fresh();
  const results = await Promise.all(
    Array.from({ length: 1000 }, (_, n) => {
      const key = '/o/k';
      const compare = n === 0 ? [] : [{ key, target: 'value', equals: String(n - 1) } as const];
      return orThrow(store.txn({ compare, then: [put(key, String(n))] }));
    }),
  );
  assert.ok(results.every(({ succeeded }, n) => succeeded && results[n]?.revision === n + 2));
  await store.close();
});

test('watchers see a revision no later than its writer, and only once it can be read', async () => {
  const store = await fresh();
  const seen = see(store, '/w/', 1);
  let early = 0;
  store.watch('/w/', 1).subscribe(({ revision }) => {
    void orThrow(store.status()).then((status) => {
      if (status.revision < revision) early += 1;
    });
  });
  for (let n = 0; n < 50; n += 1) await write(store, put('/w/k', String(n)));
  await until('all are seen', () => seen.revisions.length === 50);
  assert.is(early, 0);
  await store.close();
});

test('a closed store completes its watches and fails what comes later', async () => {
  const store = await fresh();
  let completed = false;
  store.watch('/c/', 1).subscribe({
    complete: () => {
      completed = true;
    },
  });
  const last = orThrow(store.txn({ compare: [], then: [put('/c/k')] }));
  await store.close();
  await store.close();
  assert.is((await last).revision, 2);
  assert.ok(completed);
  assert.is((await failureOf(store.txn({ compare: [], then: [put('/c/k')] }))).reason, 'StoreUnavailable');
  assert.is((await failureOf(store.get('/c/k'))).reason, 'StoreUnavailable');
});

test('a key written twice in one transaction, or a prefix without its slash, is our own mistake: it throws', async () => {
  const store = await fresh();
  const thrown = async (run: () => unknown): Promise<string> => {
    try {
      await run();
      return 'nothing';
    } catch (error) {
      return (error as Error).message;
    }
  };
  const twice = store.txn({ compare: [], then: [put('/t/a'), put('/t/a')] });
  assert.match(await thrown(twice), '/t/a is written twice');
  const below = store.txn({ compare: [], then: [put('/t/a'), { op: 'deletePrefix', prefix: '/t/' }] });
  assert.match(await thrown(below), '/t/a is written twice');
  assert.match(await thrown(() => store.list('/t')), 'does not end in "/"');
  assert.match(await thrown(() => store.watch('/t', 0)), 'does not end in "/"');
  await store.close();
});

test.after(() => {
  rmSync(home, { recursive: true, force: true });
});
