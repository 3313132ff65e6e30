import { conflict, stalled, transient } from '../../runtime/failure.js';
import { millis } from '../../api-types/units.js';
import { API, type TestServer, shop, testServer } from '../build/server.js';
import { ref } from '../fake/objects.js';
import { assert, suite } from '../suite.js';

const test = suite('writes through the API');
const roles = `${API}/namespaces/shop/roles`;
const app = ref('Role', 'shop', 'app');
const role = (name: string, spec: object = {}, metadata: object = {}): object => ({
  apiVersion: 'scalarium.dev/v1',
  kind: 'Role',
  metadata: { name, ...metadata },
  spec: { type: 'nodejs-app', replicas: 2, ...spec },
});
const merge = 'application/merge-patch+json';

const withServer =
  (body: (server: TestServer) => Promise<void>): (() => Promise<void>) =>
  async () => {
    const server = await testServer();
    try {
      shop(server.objects);
      await body(server);
    } finally {
      await server.running.close();
    }
  };

test(
  'create answers the object with its defaults, a second one 409 AlreadyExists',
  withServer(async ({ ask }) => {
    const made = await ask('POST', roles, { body: role('db', {}, { labels: { tier: 'data' } }) });
    assert.is(made.code, 201, made.text);
    const { metadata, spec } = made.json as unknown as Record<string, Record<string, unknown>>;
    assert.is(metadata?.['namespace'], 'shop');
    assert.is(metadata?.['generation'], 1);
    assert.equal(metadata?.['labels'], { tier: 'data' });
    assert.is(spec?.['shutdownTimeoutSeconds'], 120);
    const again = await ask('POST', roles, { body: role('db') });
    assert.is(again.code, 409);
    assert.is(again.json.reason, 'AlreadyExists');
  }),
);

test(
  'YAML bodies are taken too',
  withServer(async ({ ask }) => {
    const body = 'metadata: { name: db }\nspec:\n  type: db-master\n  replicas: 1\n';
    const made = await ask('POST', roles, { body, type: 'application/yaml; charset=utf-8' });
    assert.is(made.code, 201, made.text);
  }),
);

test(
  'an invalid spec is refused with a cause a field, and nothing is stored',
  withServer(async ({ ask, objects }) => {
    const bad = role('db', { replicas: -1, type: 'mainframe', colour: 'red' });
    const refused = await ask('POST', roles, { body: { ...bad, extra: 1 } });
    assert.is(refused.code, 422);
    assert.is(refused.json.reason, 'Invalid');
    const causes = refused.json.details?.causes ?? [];
    const fields = causes.map(({ field }) => field);
    assert.ok(fields.includes('spec.replicas') && fields.includes('spec.type') && fields.includes('extra'));
    assert.match(causes.find(({ field }) => field === 'spec.replicas')?.message ?? '', 'got -1');
    const unknown = await ask('POST', roles, { body: role('db', { colour: 'red' }) });
    assert.equal(
      unknown.json.details?.causes?.map(({ field }) => field),
      ['spec.colour'],
    );
    assert.is(objects.get(ref('Role', 'shop', 'db')), null);
  }),
);

test(
  'names that are no DNS label, other namespaces, kinds and names than the path says: 422',
  withServer(async ({ ask }) => {
    for (const name of ['', 'A', 'a_b', '-a', 'a'.repeat(64), 'a/b', '../x'])
      assert.is((await ask('POST', roles, { body: role(name) })).code, 422, name);
    const astray = [
      role('db', {}, { namespace: 'other' }),
      { ...role('db'), kind: 'Cluster' },
      { ...role('db'), apiVersion: 'v2' },
    ];
    for (const body of astray) assert.is((await ask('POST', roles, { body })).code, 422);
    assert.is((await ask('PUT', `${roles}/app`, { body: role('other') })).code, 422);
  }),
);

test(
  'what is put into a cluster that is not there, or is going: 404, 409',
  withServer(async ({ ask, objects }) => {
    const nowhere = await ask('POST', `${API}/namespaces/nowhere/roles`, { body: role('db') });
    assert.is(nowhere.code, 404);
    assert.match(nowhere.json.message ?? '', 'namespaces "nowhere" not found');
    objects.deleteRaw(ref('Cluster', null, 'shop'));
    const going = await ask('POST', roles, { body: role('db') });
    assert.is(going.code, 409);
    assert.match(going.json.message ?? '', 'terminating');
  }),
);

test(
  'a replace with a stale resourceVersion or another uid: 409; with the right one, or none: done',
  withServer(async ({ ask, objects }) => {
    const stale = String(objects.get(app)?.resourceVersion);
    objects.putRaw(app, { spec: { type: 'nodejs-app', replicas: 3 } });
    const old = await ask('PUT', `${roles}/app`, {
      body: role('app', { replicas: 9 }, { resourceVersion: stale }),
    });
    assert.is(old.code, 409);
    assert.is(old.json.reason, 'Conflict');
    assert.is((await ask('PUT', `${roles}/app`, { body: role('app', {}, { uid: 'x' }) })).code, 409);
    assert.is(objects.get(app)?.spec.replicas, 3);
    const resourceVersion = String(objects.get(app)?.resourceVersion);
    const now = await ask('PUT', `${roles}/app`, {
      body: role('app', { replicas: 9 }, { resourceVersion }),
    });
    assert.is(now.code, 200, now.text);
    assert.is(objects.get(app)?.spec.replicas, 9);
    assert.is((await ask('PUT', `${roles}/app`, { body: role('app', { replicas: 4 }) })).code, 200);
    assert.is((await ask('PUT', `${roles}/none`, { body: role('none') })).code, 404);
  }),
);

test(
  'a replace that changes nothing writes nothing; owner survives one that names none',
  withServer(async ({ ask, objects }) => {
    const owner = { kind: 'Role', name: 'app', uid: 'u' };
    const slot = ref('Instance', 'shop', 'app-1');
    objects.has(slot, { owner, spec: { role: 'app' } });
    const before = objects.revision();
    const body = { metadata: { name: 'app-1' }, spec: { role: 'app' } };
    assert.is((await ask('PUT', `${API}/namespaces/shop/instances/app-1`, { body })).code, 200);
    assert.is(objects.revision(), before);
    const stopped = { ...body, spec: { role: 'app', desired: 'Stopped' } };
    await ask('PUT', `${API}/namespaces/shop/instances/app-1`, { body: stopped });
    assert.is(objects.get(slot)?.spec.desired, 'Stopped');
    assert.equal(objects.get(slot)?.owner, owner);
  }),
);

test(
  'a merge patch changes what it names and removes what it nulls; other patches are 415',
  withServer(async ({ ask, objects }) => {
    const body = { metadata: { labels: { a: 'b' } }, spec: { replicas: 7, healing: { enabled: false } } };
    const done = await ask('PATCH', `${roles}/app`, { body, type: merge });
    assert.is(done.code, 200, done.text);
    assert.is(objects.get(app)?.spec.replicas, 7);
    assert.is(objects.get(app)?.spec.healing?.enabled, false);
    assert.is(objects.get(app)?.spec.healing?.silentSeconds, 25);
    assert.equal(objects.get(app)?.labels, { a: 'b' });
    await ask('PATCH', `${roles}/app`, { body: { metadata: { labels: { a: null } } }, type: merge });
    assert.equal(objects.get(app)?.labels, {});
    const bad = await ask('PATCH', `${roles}/app`, { body: { spec: { replicas: 'many' } }, type: merge });
    assert.is(bad.code, 422);
    for (const type of ['application/json', 'application/strategic-merge-patch+json', 'text/plain'])
      assert.is((await ask('PATCH', `${roles}/app`, { body: '{}', type })).code, 415);
    assert.is((await ask('PATCH', `${roles}/app`, { body: '[]', type: merge })).code, 400);
  }),
);

test(
  'a patch that lost a race is tried again, a replace that named its revision is not',
  withServer(async ({ ask, objects }) => {
    objects.failNext(conflict('lost'), 2);
    const patched = await ask('PATCH', `${roles}/app`, { body: { spec: { replicas: 5 } }, type: merge });
    assert.is(patched.code, 200, patched.text);
    objects.failNext(conflict('lost'));
    const resourceVersion = String(objects.get(app)?.resourceVersion);
    const put = await ask('PUT', `${roles}/app`, {
      body: role('app', { replicas: 6 }, { resourceVersion }),
    });
    assert.is(put.code, 409);
  }),
);

test(
  'delete stamps; create is refused while it lasts, replace stores the next incarnation with a warning',
  withServer(async ({ ask, objects }) => {
    const uid = objects.get(app)?.uid ?? '';
    const other = { preconditions: { uid: 'other' } };
    assert.is((await ask('DELETE', `${roles}/app`, { body: other })).code, 409);
    const gone = await ask('DELETE', `${roles}/app`, { body: { preconditions: { uid } } });
    assert.is(gone.code, 200);
    assert.ok((gone.json['metadata'] as Record<string, unknown>)['deletionTimestamp']);
    assert.is((await ask('DELETE', `${roles}/app`)).code, 200, 'asked again');
    const create = await ask('POST', roles, { body: role('app') });
    assert.is(create.code, 409);
    assert.match(create.json.message ?? '', 'terminating');
    const next = await ask('PUT', `${roles}/app`, { body: role('app', { replicas: 8 }) });
    assert.is(next.code, 200);
    assert.match(String(next.headers['warning']), 'being deleted');
    assert.is(objects.get(app)?.succeeded, true);
    const patch = await ask('PATCH', `${roles}/app`, { body: { spec: { replicas: 1 } }, type: merge });
    assert.is(patch.code, 409);
    assert.is((await ask('DELETE', `${roles}/app`)).code, 200);
    assert.is(objects.get(app)?.succeeded, false, 'the next incarnation is withdrawn');
    assert.is((await ask('DELETE', `${roles}/none`)).code, 404);
  }),
);

test(
  'a store that is unreachable: 503 with Retry-After; full: 503; too large: 413',
  withServer(async ({ ask, objects }) => {
    objects.failNext(transient('StoreUnavailable', 'no leader', { retryAfter: millis(2500) }));
    const away = await ask('POST', roles, { body: role('db') });
    assert.is(away.code, 503);
    assert.is(away.headers['retry-after'], '3');
    objects.failNext(stalled('StoreFull', 'the store is full'));
    assert.is((await ask('POST', roles, { body: role('db') })).code, 503);
    objects.failNext(stalled('TooLarge', 'the record is too large'));
    assert.is((await ask('POST', roles, { body: role('db') })).code, 413);
  }),
);

test(
  'record-only kinds and whole collections cannot be written',
  withServer(async ({ ask, objects }) => {
    const events = `${API}/namespaces/shop/events`;
    assert.is((await ask('POST', events, { body: { metadata: { name: 'x' } } })).code, 405);
    assert.is((await ask('DELETE', `${events}/x`)).code, 405);
    for (const method of ['PUT', 'PATCH']) assert.is((await ask(method, roles)).code, 405);
    assert.is((await ask('DELETE', `${API}/roles`)).code, 405, 'across clusters');
    assert.is((await ask('POST', `${roles}/app`, { body: role('app') })).code, 405);
    assert.is((await ask('POST', `${API}/roles`, { body: role('db') })).code, 405);
    assert.is(objects.get(app)?.deletion, null);
  }),
);

test(
  'consent notes the revision of the edit or deletion, unless it was edited since',
  withServer(async ({ ask, objects }) => {
    const live = objects.get(app);
    const consented = (): number => objects.get(app)?.status.consentRevision ?? 0;
    const old = await ask('POST', `${roles}/app/consent`, { body: { generation: 7 } });
    assert.is(old.code, 409);
    const dry = await ask('POST', `${roles}/app/consent?dryRun=All`);
    assert.equal([dry.code, consented()], [200, 0], 'a dry run terminates nothing');
    const given = await ask('POST', `${roles}/app/consent`, {
      body: { uid: live?.uid, generation: live?.generation },
    });
    assert.is(given.code, 200, given.text);
    assert.ok(consented() >= Number(live?.specRevision));
    objects.deleteRaw(app);
    await ask('POST', `${roles}/app/consent`);
    const { deletion } = objects.get(app) ?? {};
    assert.ok(consented() >= Number(deletion?.revision));
    assert.is((await ask('POST', `${API}/clusters/shop/consent`)).code, 200);
    assert.is((await ask('POST', `${API}/clouds/local/consent`)).code, 404);
    assert.is((await ask('GET', `${roles}/app/consent`)).code, 405);
  }),
);
