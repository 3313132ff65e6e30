import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Millis } from '../../../../api-types/units.js';
import { seededChance } from '../../../../runtime/chance.js';
import { orThrow } from '../../../../runtime/failure.js';
import { silentLog } from '../../../../runtime/log.js';
import { openEmbeddedStore } from '../../../../store/embedded/embedded.js';
import type { Store } from '../../../../store/store.js';
import { put, until, valueOf, write } from '../../../conformance/store-steps.js';
import { virtualClock } from '../../../fake/clock.js';
import { assert, suite } from '../../../suite.js';

const test = suite('leases of the embedded store');
const TTL = 10_000 as Millis;
const directories: string[] = [];
const chance = seededChance(1);

const opened = async () => {
  const directory = mkdtempSync(join(tmpdir(), 'scalarium-leases-'));
  directories.push(directory);
  const clock = virtualClock();
  const open = (): Promise<Store> => openEmbeddedStore({ directory, clock, chance, log: silentLog });
  return { clock, open, store: await open() };
};

const leased = async (store: Store, key: string): Promise<string> => {
  const lease = await orThrow(store.grantLease(TTL));
  await write(store, put(key, '1', lease.id));
  return lease.id;
};

const gone = (store: Store, key: string): Promise<void> =>
  until(`${key} goes`, async () => (await valueOf(store, key)) === null);

test('a lease ends when its time is over, not before, and renewing gives it all of it again', async () => {
  const { clock, store } = await opened();
  const id = await leased(store, '/l/a');
  await clock.advance(TTL - 1);
  assert.is(await orThrow(store.renewLease(id)), true);
  await clock.advance(TTL - 1);
  assert.is(await valueOf(store, '/l/a'), '1');
  await clock.advance(1);
  await gone(store, '/l/a');
  assert.is(await orThrow(store.renewLease(id)), false);
  await store.close();
});

test('a process that slept past the end cannot renew, though no timer has run yet', async () => {
  const { clock, store } = await opened();
  const id = await leased(store, '/l/a');
  clock.jump(TTL);
  assert.is(await orThrow(store.renewLease(id)), false);
  await clock.advance(1);
  await gone(store, '/l/a');
  await store.close();
});

test('after opening again a lease has its full time, then ends', async () => {
  const { clock, open, store } = await opened();
  const id = await leased(store, '/l/a');
  await clock.advance(TTL - 1);
  await store.close();
  assert.is(clock.pending(), 0);
  const again = await open();
  await clock.advance(TTL - 1);
  assert.is(await valueOf(again, '/l/a'), '1');
  await clock.advance(1);
  await gone(again, '/l/a');
  assert.is(await orThrow(again.renewLease(id)), false);
  await again.close();
});

test('a key that was deleted and made again without the lease outlives it', async () => {
  const { clock, store } = await opened();
  await leased(store, '/l/a');
  await write(store, { op: 'delete', key: '/l/a' });
  await write(store, put('/l/a', '2'), put('/l/b', '2'));
  const id = await leased(store, '/l/c');
  await write(store, put('/l/b', '3', id));
  await clock.advance(TTL);
  await gone(store, '/l/c');
  await gone(store, '/l/b');
  assert.is(await valueOf(store, '/l/a'), '2');
  await store.close();
});

test.after(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});
