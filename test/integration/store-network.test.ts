import * as E from 'fp-ts/lib/Either.js';
import type { Millis } from '../../api-types/units.js';
import { systemClock } from '../../runtime/clock.js';
import { orThrow, type Failure } from '../../runtime/failure.js';
import { silentLog } from '../../runtime/log.js';
import { openEtcdStore } from '../../store/etcd/etcd.js';
import type { Store } from '../../store/store.js';
import { failureOf, put, see, until, write } from '../conformance/store-steps.js';
import { assert, suite } from '../suite.js';
import { startEtcd, type EtcdServer } from './etcd-server.js';
import { startProxy, type TcpProxy } from './tcp-proxy.js';

const test = suite('etcd store on a bad network');
let server: EtcdServer;
let proxy: TcpProxy;
/** Straight to the server, and through the proxy. */
let direct: Store;
let proxied: Store;

const open = (endpoint: string): Promise<Store> =>
  openEtcdStore({ endpoints: [endpoint], clock: systemClock, log: silentLog });

test.before(async () => {
  server = await startEtcd(['--quota-backend-bytes', String(48 * 1024 * 1024)]);
  proxy = await startProxy(server.port);
  direct = await open(server.endpoint);
  proxied = await open(proxy.endpoint);
});

test.after(async () => {
  await proxied.close();
  await direct.close();
  await proxy.close();
  await server.stop();
});

/** What a control plane does: list, watch, and list again whenever the watch is lost. */
const follow = (store: Store, root: string) => {
  const state = new Map<string, string>();
  const failures: Failure[] = [];
  let stopped = false;
  let unsubscribe = (): void => undefined;
  const watchFrom = (revision: number): Promise<Failure> =>
    new Promise((resolve) => {
      let last = revision;
      const subscription = store.watch(root, revision).subscribe({
        next: ({ revision: at, events }) => {
          assert.ok(at > last, 'a revision came twice or out of order');
          last = at;
          for (const event of events) if (event.type === 'put') state.set(event.kv.key, event.kv.value);
        },
        error: resolve,
      });
      unsubscribe = () => {
        subscription.unsubscribe();
      };
    });
  const run = async (): Promise<void> => {
    while (!stopped) {
      const listing = await store.list(root)();
      if (E.isLeft(listing)) continue;
      for (const { key, value } of listing.right.items) state.set(key, value);
      failures.push(await watchFrom(listing.right.revision));
    }
  };
  void run();
  return {
    state,
    failures,
    stop: () => {
      stopped = true;
      unsubscribe();
    },
  };
};

test('a watch whose connection is cut while writes go on ends with WatchLost; after a new list nothing is missing', async () => {
  const root = '/cut/';
  const following = follow(proxied, root);
  let going = true;
  let written = 0;
  const writer = async (): Promise<void> => {
    while (going) {
      written += 1;
      await write(direct, put(`${root}${String(written)}`, String(written)));
    }
  };
  const writing = writer();
  for (let round = 0; round < 8; round += 1) {
    const before = following.state.size;
    await until('it follows', () => following.state.size > before + 20);
    const failures = following.failures.length;
    proxy.cut();
    await until('the watch is lost', () => following.failures.length > failures);
  }
  going = false;
  await writing;
  await until('everything arrived', () => following.state.size === written);
  assert.equal([...new Set(following.failures.map(({ reason }) => reason))], ['WatchLost']);
  following.stop();
});

test('a connection that goes silent is given up: calls time out, the watch is lost', async () => {
  const { revision } = await write(direct, put('/silent/a'));
  const seen = see(proxied, '/silent/', revision);
  await write(direct, put('/silent/b'));
  await until('the watch works', () => seen.revisions.length === 1);
  proxy.silence(true);
  const since = performance.now();
  const failure = await failureOf(proxied.get('/silent/a'));
  assert.equal([failure._tag, failure.reason], ['Transient', 'StoreUnavailable']);
  assert.ok(performance.now() - since < 15_000, 'a call may not hang');
  const renewal = await failureOf(proxied.renewLease('1234'));
  assert.is(renewal.reason, 'StoreUnavailable');
  await until('the watch is lost', () => seen.failures.length > 0);
  assert.is(seen.failures[0]?.reason, 'WatchLost');
  proxy.silence(false);
  proxy.cut();
  await until('it works again', async () => E.isRight(await proxied.get('/silent/a')()));
});

test('a transaction whose answer is lost is never said to have failed its compare', async () => {
  let written = 0;
  for (let n = 0; n < 20; n += 1) {
    const key = `/maybe/${String(n)}`;
    const compare = [{ key, target: 'create', equals: 0 }] as const;
    await orThrow(proxied.get(key));
    proxy.loseAnswer();
    const failure = await failureOf(proxied.txn({ compare, then: [put(key)] }));
    assert.equal([failure._tag, failure.reason], ['Transient', 'StoreUnavailable']);
    if ((await orThrow(direct.get(key))) !== null) written += 1;
  }
  assert.ok(written > 0, 'nothing was written: this test showed nothing');
});

test('etcd killed and started again: calls fail as StoreUnavailable, then work; the watch is lost', async () => {
  const { revision } = await write(direct, put('/again/a'));
  const seen = see(direct, '/again/', revision);
  await write(direct, put('/again/b'));
  await until('the watch works', () => seen.revisions.length === 1);
  await server.kill();
  await until('the watch is lost', () => seen.failures.length > 0);
  assert.is(seen.failures[0]?.reason, 'WatchLost');
  assert.is(
    (await failureOf(direct.txn({ compare: [], then: [put('/again/c')] }))).reason,
    'StoreUnavailable',
  );
  await server.start();
  await until('it works again', async () => E.isRight(await direct.get('/again/b')()));
  assert.is((await orThrow(direct.get('/again/b')))?.value, 'v');
});

test('a full etcd is StoreFull, with the commands that help', async () => {
  const value = 'x'.repeat(1024 * 1024);
  let failure: Failure | null = null;
  for (let n = 0; n < 80 && failure === null; n += 1) {
    const result = await direct.txn({ compare: [], then: [put('/full/k', value + String(n).slice(0, 0))] })();
    if (E.isLeft(result)) failure = result.left;
  }
  assert.equal([failure?._tag, failure?.reason], ['Stalled', 'StoreFull']);
  assert.match(failure?.message ?? '', 'etcdctl alarm disarm');
  assert.ok((await orThrow(direct.list('/full/'))).items.length > 0, 'reads still work');
});

test('nobody there: one line that says what to do', async () => {
  const free = await startProxy(1);
  await free.close();
  const since = performance.now();
  const said = await open(free.endpoint).then(
    () => 'opened',
    (error: unknown) => (error as Error).message,
  );
  assert.match(said, `cannot reach etcd at ${free.endpoint}`);
  assert.match(said, '--store');
  assert.is(said.split('\n').length, 1);
  assert.ok(performance.now() - since < (15_000 as Millis));
});
