import { connect } from 'node:net';
import { API, TOKEN, type TestServer, shop, testServer } from '../build/server.js';
import { type Line, watch } from '../build/watching.js';
import { type FakeObjects, ref } from '../fake/objects.js';
import { assert, suite } from '../suite.js';

const test = suite('reads and watches');
const roles = `${API}/namespaces/shop/roles`;
const app = ref('Role', 'shop', 'app');

const withServer =
  (body: (server: TestServer) => Promise<void>, ringSize?: number): (() => Promise<void>) =>
  async () => {
    const server = await testServer(ringSize === undefined ? {} : { ringSize });
    try {
      shop(server.objects);
      await body(server);
    } finally {
      await server.running.close();
    }
  };

const forgotten = async (objects: FakeObjects): Promise<void> => {
  const unchangedSince = objects.get(app)?.recordRevision ?? 0;
  await objects.write(null, [{ write: 'forget', ref: app, unchangedSince }])();
};

const spec = { type: 'nodejs-app', replicas: 2 };

test(
  'a list carries the revision of the cache; selectors choose; all clusters can be listed',
  withServer(async ({ ask, objects }) => {
    objects.has(ref('Role', 'shop', 'db'), { spec, labels: { tier: 'data' } });
    objects.has(ref('Role', 'other', 'app'), { spec });
    const names = async (path: string): Promise<readonly string[]> => {
      const { json } = await ask('GET', path);
      return (json['items'] as Line['object'][]).map(({ metadata }) => metadata.name);
    };
    const all = await ask('GET', roles);
    assert.is(
      (all.json['metadata'] as { readonly resourceVersion: string }).resourceVersion,
      String(objects.revision()),
    );
    assert.is(all.json['kind'], 'RoleList');
    assert.equal(await names(roles), ['app', 'db']);
    assert.is((await names(`${API}/roles`)).length, 3);
    assert.equal(await names(`${roles}?labelSelector=tier%3Ddata`), ['db']);
    assert.equal(await names(`${roles}?labelSelector=tier!=data`), ['app']);
    assert.equal(await names(`${roles}?labelSelector=!tier`), ['app']);
    assert.equal(await names(`${roles}?fieldSelector=metadata.name%3Dapp`), ['app']);
    assert.equal(await names(`${API}/namespaces/none/roles`), []);
  }),
);

test(
  'conditions are served as a list, instances with their phase, events without a spec',
  withServer(async ({ ask, objects }) => {
    const condition = { type: 'Ready', status: 'True', reason: 'Up', message: '', lastTransitionTime: '' };
    objects.has(
      ref('Instance', 'shop', 'app-1'),
      { spec: { role: 'app' } },
      { conditions: { Ready: condition } },
    );
    const { json } = await ask('GET', `${API}/namespaces/shop/instances/app-1`);
    const status = json['status'] as { readonly phase: string; readonly conditions: unknown };
    assert.equal(status.conditions, [condition]);
    assert.is(status.phase, 'requested');
    objects.has(ref('Event', 'shop', 'x'), { spec: undefined }, { reason: 'Launched' });
    const event = await ask('GET', `${API}/namespaces/shop/events/x`);
    assert.is('spec' in event.json, false);
  }),
);

test(
  'a watch from a listed revision tells what came after it, once, in order',
  withServer(async ({ ask, objects, running }) => {
    const list = await ask('GET', roles);
    const { resourceVersion } = list.json['metadata'] as { readonly resourceVersion: string };
    objects.has(ref('Role', 'shop', 'db'), { spec });
    objects.has(ref('Role', 'other', 'db'), { spec });
    const seen = await watch(running.port, `${roles}?watch=true&resourceVersion=${resourceVersion}`);
    const added = await seen.next();
    assert.is(added?.type, 'ADDED');
    assert.is(added?.object.metadata.name, 'db');
    objects.putRaw(app, { spec: { ...spec, replicas: 3 } });
    assert.is((await seen.next())?.type, 'MODIFIED');
    seen.end();
  }),
);

test(
  'an object that goes and comes again is DELETED, then ADDED with another uid',
  withServer(async ({ objects, running }) => {
    const uid = objects.get(app)?.uid;
    const seen = await watch(running.port, `${roles}?watch=true`);
    assert.is((await seen.next())?.type, 'ADDED');
    objects.deleteRaw(app);
    objects.putRaw(app, { spec });
    await forgotten(objects);
    assert.is((await seen.next())?.type, 'MODIFIED');
    assert.is((await seen.next())?.type, 'MODIFIED');
    const gone = await seen.next();
    assert.is(gone?.type, 'DELETED');
    assert.is(gone?.object.metadata.uid, uid);
    const back = await seen.next();
    assert.is(back?.type, 'ADDED');
    assert.is.not(back?.object.metadata.uid, uid);
    seen.end();
  }),
);

test(
  'a revision that has left the ring: ERROR 410',
  withServer(async ({ objects, running }) => {
    const old = objects.revision();
    for (let count = 1; count <= 30; count += 1) objects.putRaw(app, { spec: { ...spec, replicas: count } });
    const seen = await watch(running.port, `${roles}?watch=true&resourceVersion=${String(old)}`);
    const error = await seen.next();
    assert.is(error?.type, 'ERROR');
    assert.is(error?.object.code, 410);
    assert.is(await seen.next(), null);
  }, 10),
);

test(
  'a watch ends at its timeout, and when the server closes',
  withServer(async ({ running }) => {
    const short = await watch(running.port, `${roles}?watch=true&timeoutSeconds=1`);
    assert.is((await short.next())?.type, 'ADDED');
    assert.is(await short.next(), null);
    const long = await watch(running.port, `${roles}?watch=true`);
    assert.is((await long.next())?.type, 'ADDED');
    const closed = running.close();
    assert.is(await long.next(), null);
    await closed;
  }),
);

test(
  'a client that does not read is dropped when the ring has left it behind, and costs no memory until then',
  withServer(async ({ objects, running }) => {
    const socket = connect(running.port, '127.0.0.1');
    socket.pause();
    socket.write(`GET ${roles}?watch=true HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`);
    const attributes = { text: 'x'.repeat(100_000) };
    for (let count = 0; count < 400; count += 1) {
      objects.putRaw(app, { spec: { ...spec, replicas: count, attributes } });
      if (count % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    let text = '';
    const ended = new Promise((resolve) => socket.on('close', resolve));
    socket.on('data', (chunk: Buffer) => (text = (text + chunk.toString()).slice(-2000)));
    socket.resume();
    await ended;
    assert.match(text, '"code":410');
  }, 50),
);
