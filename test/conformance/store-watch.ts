/** What a watch promises, on every store. */
import { orThrow } from '../../runtime/failure.js';
import { assert, type Suite } from '../suite.js';
import type { Place } from './store.js';
import { del, failureOf, put, revisionOf, see, told, until, write } from './store-steps.js';

export const watchConformance = (test: Suite<unknown>, place: Place): void => {
  test('a watch gives the past and the present, below its prefix only', async () => {
    const { store } = place;
    const root = place.fresh();
    const start = await revisionOf(store);
    await write(store, put(`${root}p/a`), put(`${root}q/a`));
    await write(store, put(`${root}q/b`));
    await write(store, del(`${root}p/a`), put(`${root}p/b`));
    const seen = see(store, `${root}p/`, start);
    await until('the past arrives', () => seen.revisions.length === 2);
    const last = await write(store, put(`${root}p/c`, 'ü'));
    await until('the present arrives', () => seen.revisions.length === 3);
    assert.equal(
      told(seen).map((lines) => [...lines].sort()),
      [[`put ${root}p/a`], [`delete ${root}p/a`, `put ${root}p/b`], [`put ${root}p/c`]],
    );
    assert.equal(seen.revisions.at(-1)?.events, [
      { type: 'put', kv: await orThrow(store.get(`${root}p/c`)) },
    ]);
    assert.is(seen.revisions.at(-1)?.revision, last.revision);
    seen.subscription.unsubscribe();
  });

  test('no gap, no repeat, and each revision in one piece, whenever a watch begins', async () => {
    const { store } = place;
    const root = place.fresh();
    const start = await revisionOf(store);
    const keys = Array.from({ length: 60 }, (_, at) => `${root}${String(at)}`);
    const value = 'x'.repeat(300);
    const first = see(store, root, start);
    const seen = [first];
    const writer = async (): Promise<void> => {
      for (let n = 0; n < 30; n += 1) await write(store, ...keys.map((key) => put(key, value + String(n))));
    };
    const all = [writer(), writer(), writer()];
    await until('some are there', () => first.revisions.length > 10);
    seen.push(see(store, root, start), see(store, root, first.revisions[4]?.revision ?? 0));
    await Promise.all(all);
    for (const [at, one] of seen.entries()) {
      const wanted = at === 2 ? 85 : 90;
      await until('all revisions arrive', () => one.revisions.length >= wanted);
      assert.is(one.revisions.length, wanted);
      assert.ok(
        one.revisions.every(({ events }) => events.length === 60),
        'a revision was split',
      );
      const numbers = one.revisions.map(({ revision }) => revision);
      assert.equal(
        numbers,
        [...new Set(numbers)].sort((a, b) => a - b),
      );
      assert.equal(one.failures, []);
      one.subscription.unsubscribe();
    }
  });

  test('deleting by prefix is one revision, however many keys', async () => {
    const { store } = place;
    const root = place.fresh();
    for (let at = 0; at < 300; at += 100) {
      const keys = Array.from({ length: 100 }, (_, n) => `${root}d/${String(at + n)}`);
      await write(store, ...keys.map((key) => put(key)));
    }
    const { revision } = await write(store, put(`${root}e`));
    const seen = see(store, root, revision);
    await write(store, { op: 'deletePrefix', prefix: `${root}d/` });
    await until('the deletion arrives', () => seen.revisions.length > 0);
    assert.equal(
      seen.revisions.map(({ events }) => events.length),
      [300],
    );
    assert.is((await orThrow(store.list(root))).items.length, 1);
    seen.subscription.unsubscribe();
  });

  test('a watch that is given up gets nothing more', async () => {
    const { store } = place;
    const root = place.fresh();
    const start = await revisionOf(store);
    const left = see(store, root, start);
    const stays = see(store, root, start);
    await write(store, put(`${root}a`));
    await until('both see it', () => left.revisions.length + stays.revisions.length === 2);
    left.subscription.unsubscribe();
    await write(store, put(`${root}b`));
    await until('one sees it', () => stays.revisions.length === 2);
    assert.is(left.revisions.length, 1);
    stays.subscription.unsubscribe();
  });

  test('a watch from a revision that does not exist yet is lost at once', async () => {
    const { store } = place;
    const seen = see(store, place.fresh(), (await revisionOf(store)) + 1000);
    await until('it is lost', () => seen.failures.length > 0);
    assert.is(seen.failures[0]?.reason, 'WatchLost');
  });

  test('history that was compacted cannot be watched; what came after can', async () => {
    const { store } = place;
    const root = place.fresh();
    await write(store, put(`${root}a`, '1'));
    const second = await write(store, put(`${root}a`, '2'));
    const third = await write(store, del(`${root}a`));
    const live = see(store, root, second.revision);
    await write(store, put(`${root}b`));
    await until('the live one is up to date', () => live.revisions.length === 2);
    await orThrow(store.compact(third.revision));
    await orThrow(store.compact(third.revision));
    assert.is((await orThrow(store.status())).compactedRevision, third.revision);
    const late = see(store, root, second.revision);
    await until('it says so', () => late.failures.length > 0);
    assert.equal([late.failures[0]?.reason, late.revisions.length], ['Compacted', 0]);
    const well = see(store, root, third.revision);
    await until('the rest arrives', () => well.revisions.length === 1);
    await write(store, put(`${root}c`));
    await until('both go on', () => live.revisions.length === 3 && well.revisions.length === 2);
    assert.equal([...live.failures, ...well.failures], []);
    assert.equal(
      (await orThrow(store.list(root))).items.map(({ key }) => key),
      [`${root}b`, `${root}c`],
    );
    const future = await failureOf(store.compact((await revisionOf(store)) + 1000));
    assert.is(future.reason, 'FutureRevision');
    live.subscription.unsubscribe();
    well.subscription.unsubscribe();
  });
};
