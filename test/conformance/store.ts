/** What every store does, run on each of them: `storeConformance('embedded', open)`. */
import { orThrow } from '../../runtime/failure.js';
import type { Millis } from '../../api-types/units.js';
import { MAX_VALUE_BYTES, type Compare, type Store } from '../../store/store.js';
import { assert, suite, type Suite } from '../suite.js';
import { agreesWithModel } from './store-model.js';
import { del, failureOf, put, revisionOf, see, told, until, valueOf, write, writeIf } from './store-steps.js';
import { watchConformance } from './store-watch.js';

export interface OpenedStore {
  readonly store: Store;
  /** Closes the store and opens it again on the same data, where that is possible. */
  readonly reopen?: () => Promise<Store>;
  readonly close: () => Promise<void>;
}

/** The store under test and a part of it that no other test touches. */
export interface Place {
  store: Store;
  fresh(): string;
}

const writing = (test: Suite<unknown>, place: Place): void => {
  test('all writes of a transaction share the next revision', async () => {
    const { store } = place;
    const root = place.fresh();
    const before = await revisionOf(store);
    const result = await write(store, put(`${root}a`), put(`${root}b`));
    assert.equal(result, { succeeded: true, revision: before + 1 });
    const { items, revision } = await orThrow(store.list(root));
    assert.is(revision, before + 1);
    assert.equal(
      items.map((kv) => [kv.key, kv.createRevision, kv.modRevision, kv.version, kv.lease]),
      [
        [`${root}a`, before + 1, before + 1, 1, null],
        [`${root}b`, before + 1, before + 1, 1, null],
      ],
    );
  });

  test('version counts writes; a key made again has a new createRevision', async () => {
    const { store } = place;
    const key = `${place.fresh()}k`;
    const first = await write(store, put(key, '1'));
    const second = await write(store, put(key, '2'));
    const kv = await orThrow(store.get(key));
    assert.equal([kv?.createRevision, kv?.modRevision, kv?.version], [first.revision, second.revision, 2]);
    await write(store, del(key));
    assert.is(await orThrow(store.get(key)), null);
    const again = await write(store, put(key, '3'));
    const reborn = await orThrow(store.get(key));
    assert.equal([reborn?.createRevision, reborn?.version], [again.revision, 1]);
  });

  test('a transaction that changes nothing has no revision of its own', async () => {
    const { store } = place;
    const root = place.fresh();
    const before = await revisionOf(store);
    assert.equal(await write(store, del(`${root}none`)), { succeeded: true, revision: before });
    assert.equal(await write(store, { op: 'deletePrefix', prefix: root }), {
      succeeded: true,
      revision: before,
    });
    assert.equal(await write(store), { succeeded: true, revision: before });
  });

  test('each compare holds when it should, and when one fails nothing is written', async () => {
    const { store } = place;
    const root = place.fresh();
    const key = `${root}there`;
    const none = `${root}none`;
    const at = (await write(store, put(key, 'old'))).revision;
    const good: readonly Compare[] = [
      { key, target: 'create', equals: at },
      { key, target: 'mod', equals: at },
      { key, target: 'version', equals: 1 },
      { key, target: 'value', equals: 'old' },
      { key: none, target: 'create', equals: 0 },
      { key: none, target: 'mod', equals: 0 },
      { key: none, target: 'version', equals: 0 },
    ];
    const bad: readonly Compare[] = [
      { key, target: 'create', equals: 0 },
      { key, target: 'mod', equals: at - 1 },
      { key, target: 'version', equals: 2 },
      { key, target: 'value', equals: 'other' },
      { key: none, target: 'create', equals: at },
      { key: none, target: 'value', equals: '' },
    ];
    for (const compare of bad) {
      const result = await writeIf(store, [...good, compare], put(key, 'new'), put(`${root}extra`));
      assert.equal(result, { succeeded: false, revision: at }, JSON.stringify(compare));
    }
    assert.is(await valueOf(store, key), 'old');
    assert.is(await valueOf(store, `${root}extra`), null);
    assert.is((await writeIf(store, good, put(key, 'new'))).succeeded, true);
  });

  test('of many who write at once on the same compare, one wins each time', async () => {
    const { store } = place;
    const key = `${place.fresh()}counter`;
    await write(store, put(key, '0'));
    const add = async (): Promise<void> => {
      for (;;) {
        const kv = await orThrow(store.get(key));
        const compare = [{ key, target: 'mod', equals: kv?.modRevision ?? 0 }] as const;
        const won = await writeIf(store, compare, put(key, String(Number(kv?.value) + 1)));
        if (won.succeeded) return;
      }
    };
    await Promise.all(Array.from({ length: 20 }, add));
    assert.is(await valueOf(store, key), '20');
  });

  test('what is too large is refused with its key named', async () => {
    const { store } = place;
    const root = place.fresh();
    const big = 'x'.repeat(MAX_VALUE_BYTES);
    const value = await failureOf(store.txn({ compare: [], then: [put(`${root}big`, `${big}x`)] }));
    assert.equal([value._tag, value.reason], ['Stalled', 'TooLarge']);
    assert.match(value.message, `${root}big`);
    const many = Array.from({ length: 101 }, (_, at) => put(`${root}${String(at)}`));
    const operations = await failureOf(store.txn({ compare: [], then: many }));
    assert.equal([operations._tag, operations.reason], ['Stalled', 'TooLarge']);
    assert.match(operations.message, `${root}0`);
    const two = [put(`${root}one`, big), put(`${root}two`, big)];
    assert.is((await failureOf(store.txn({ compare: [], then: two }))).reason, 'TooLarge');
    assert.equal((await orThrow(store.list(root))).items, []);
    await write(store, put(`${root}fits`, big));
    assert.is((await valueOf(store, `${root}fits`))?.length, MAX_VALUE_BYTES);
    assert.is((await write(store, ...many.slice(1))).succeeded, true);
  });

  test('random transactions do what they do to a plain model', async () => {
    await agreesWithModel(place.store, place.fresh(), 25);
  });
};

const listing = (test: Suite<unknown>, place: Place): void => {
  test('a list is everything below the prefix, in order of bytes, and nothing beside it', async () => {
    const { store } = place;
    const root = place.fresh();
    const names = ['Ω', 'a', 'a/b', 'a0', 'z', 'é', '\u{FFFD}', '\u{1F600}', '雪/人'];
    await write(store, ...names.map((name) => put(`${root}p/${name}`, `${name} "ü" \u{1F680}\n`)));
    await write(store, put(`${root}p`), put(`${root}p0`), put(`${root}pp/x`));
    const { items } = await orThrow(store.list(`${root}p/`));
    const wanted = names.map((name) => `${root}p/${name}`);
    wanted.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    assert.equal(
      items.map(({ key }) => key),
      wanted,
    );
    assert.equal(items.find(({ key }) => key.endsWith('人'))?.value, '雪/人 "ü" \u{1F680}\n');
  });

  test('a list of more than 1000 keys is as of one revision while others write', async () => {
    const { store } = place;
    const root = place.fresh();
    const keys = Array.from({ length: 1300 }, (_, at) => `${root}${String(at).padStart(5, '0')}`);
    for (let at = 0; at < keys.length; at += 100)
      await write(store, ...keys.slice(at, at + 100).map((key) => put(key, '0')));
    const ends = [keys[0] ?? '', keys[700] ?? '', keys.at(-1) ?? ''];
    let going = true;
    const writer = async (): Promise<void> => {
      for (let n = 1; going; n += 1) await write(store, ...ends.map((key) => put(key, String(n))));
    };
    const written = writer();
    for (let round = 0; round < 10; round += 1) {
      const { items, revision } = await orThrow(store.list(root));
      assert.is(items.length, 1300);
      const values = items.filter(({ key }) => ends.includes(key)).map(({ value }) => value);
      assert.is(new Set(values).size, 1, `one revision, but ${values.join(', ')}`);
      assert.ok(items.every(({ modRevision }) => modRevision <= revision));
    }
    going = false;
    await written;
  });
};

const leases = (test: Suite<unknown>, place: Place): void => {
  test('the keys of a lease go in one revision when it ends by itself', async () => {
    const { store } = place;
    const root = place.fresh();
    const lease = await orThrow(store.grantLease(1000 as Millis));
    const at = await write(
      store,
      put(`${root}a`, '1', lease.id),
      put(`${root}b`, '1', lease.id),
      put(`${root}c`),
    );
    assert.is((await orThrow(store.get(`${root}a`)))?.lease, lease.id);
    const seen = see(store, root, at.revision);
    await until('the lease ends', () => seen.revisions.length > 0);
    assert.equal(
      told(seen).map((lines) => [...lines].sort()),
      [[`delete ${root}a`, `delete ${root}b`]],
    );
    assert.is(await orThrow(store.renewLease(lease.id)), false);
    assert.equal(
      (await orThrow(store.list(root))).items.map(({ key }) => key),
      [`${root}c`],
    );
    seen.subscription.unsubscribe();
  });

  test('a renewed lease stays; a key that was put without it stays for good', async () => {
    const { store } = place;
    const root = place.fresh();
    const lease = await orThrow(store.grantLease(2000 as Millis));
    await write(store, put(`${root}a`, '1', lease.id), put(`${root}b`, '1', lease.id));
    await write(store, put(`${root}b`, '2'));
    const since = performance.now();
    while (performance.now() - since < lease.ttl * 1.5) {
      assert.is(await orThrow(store.renewLease(lease.id)), true);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    assert.is(await valueOf(store, `${root}a`), '1');
    await orThrow(store.revokeLease(lease.id));
    assert.is(await valueOf(store, `${root}a`), null);
    assert.is(await valueOf(store, `${root}b`), '2');
  });

  test('with a lease that has ended nothing is written; ending it twice is fine', async () => {
    const { store } = place;
    const root = place.fresh();
    const lease = await orThrow(store.grantLease(60_000 as Millis));
    await orThrow(store.revokeLease(lease.id));
    await orThrow(store.revokeLease(lease.id));
    const failure = await failureOf(
      store.txn({ compare: [], then: [put(`${root}x`), put(`${root}a`, '1', lease.id)] }),
    );
    assert.equal([failure._tag, failure.reason], ['Transient', 'LeaseEnded']);
    assert.equal((await orThrow(store.list(root))).items, []);
  });
};

const keeping = (test: Suite<unknown>, place: Place, reopen: () => Promise<Store | null>): void => {
  test('what was there is there when the store is opened again', async () => {
    const root = place.fresh();
    const { revision: before } = await write(place.store, put(`${root}a`, 'ü'), put(`${root}b`));
    await write(place.store, del(`${root}b`));
    const lease = await orThrow(place.store.grantLease(60_000 as Millis));
    await write(place.store, put(`${root}c`, '1', lease.id));
    const then = await orThrow(place.store.list(root));
    const store = await reopen();
    if (store === null) return;
    assert.equal(await orThrow(store.list(root)), then);
    assert.is(await orThrow(store.renewLease(lease.id)), true);
    const seen = see(store, root, before - 1);
    await until('the history is there', () => seen.revisions.length === 3);
    assert.is((await write(store, put(`${root}d`))).revision, then.revision + 1);
    await orThrow(store.revokeLease(lease.id));
    assert.is(await valueOf(store, `${root}c`), null);
    seen.subscription.unsubscribe();
  });
};

/** Registers the suite; `open` is called once, before the first test. */
export const storeConformance = (name: string, open: () => Promise<OpenedStore>): void => {
  const test = suite<unknown>(`${name} store`);
  let opened: OpenedStore | null = null;
  let places = 0;
  const place: Place = {
    get store(): Store {
      throw new Error('the store is not open');
    },
    fresh: () => {
      places += 1;
      return `/conformance/${String(places)}/`;
    },
  };
  const use = (store: Store): void => {
    Object.defineProperty(place, 'store', { value: store, configurable: true });
  };
  test.before(async () => {
    opened = await open();
    use(opened.store);
  });
  test.after(async () => {
    await opened?.close();
  });
  writing(test, place);
  listing(test, place);
  watchConformance(test, place);
  leases(test, place);
  keeping(test, place, async () => {
    const store = (await opened?.reopen?.()) ?? null;
    if (store !== null) use(store);
    return store;
  });
};
