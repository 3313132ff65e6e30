import { KINDS } from '../../api-types/kinds.js';
import { INSTALLATION_CALLER, oneToken } from '../fake/one-token.js';
import { forbidden } from '../../server/statuses.js';
import { API, TOKEN, type TestServer, shop, testServer } from '../build/server.js';
import { ref } from '../fake/objects.js';
import { assert, suite } from '../suite.js';

const test = suite('options and subresources of writes');
const roles = `${API}/namespaces/shop/roles`;
const app = ref('Role', 'shop', 'app');
const merge = 'application/merge-patch+json';
const json = 'application/json-patch+json';
const role = (name: string, spec: object = {}, metadata: object = {}): object => ({
  apiVersion: 'scalarium.dev/v1',
  kind: 'Role',
  metadata: { name, ...metadata },
  spec: { type: 'nodejs-app', replicas: 2, ...spec },
});

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
  'a dry run answers what would be, and stores nothing',
  withServer(async ({ ask, objects }) => {
    const before = objects.revision();
    const made = await ask('POST', `${roles}?dryRun=All`, { body: role('web') });
    assert.is(made.code, 201, made.text);
    assert.match(made.text, '"shutdownTimeoutSeconds":120');
    assert.not.match(made.text, 'resourceVersion');
    const put = await ask('PUT', `${roles}/app?dryRun=All`, { body: role('app', { replicas: 9 }) });
    assert.is((put.json['metadata'] as { readonly generation: number }).generation, 2);
    assert.is((put.json['spec'] as { readonly replicas: number }).replicas, 9);
    const patch = { body: { spec: { replicas: 8 } }, type: merge };
    assert.match((await ask('PATCH', `${roles}/app?dryRun=All`, patch)).text, '"replicas":8');
    const apply = { body: role('app', { replicas: 7 }), type: 'application/apply-patch+yaml' };
    const query = 'dryRun=All&fieldManager=me&force=true';
    assert.match((await ask('PATCH', `${roles}/app?${query}`, apply)).text, '"replicas":7');
    assert.is((await ask('DELETE', `${roles}/app?dryRun=All`)).code, 200);
    assert.is((await ask('DELETE', `${roles}/app`, { body: { dryRun: ['All'] } })).code, 200);
    assert.is((await ask('DELETE', `${roles}?dryRun=All`)).code, 200);
    assert.is((await ask('POST', `${roles}?dryRun=All`, { body: role('Bad') })).code, 422);
    assert.is((await ask('POST', `${roles}?dryRun=All`, { body: role('app') })).code, 409);
    assert.is((await ask('DELETE', `${roles}/app?dryRun=Some`)).code, 422);
    assert.is((await ask('DELETE', `${roles}/app`, { body: { dryRun: ['Some'] } })).code, 422);
    assert.is(objects.revision(), before);
  }),
);

test(
  'unknown fields: refused unless told, dropped with a warning each, or dropped',
  withServer(async ({ ask, objects }) => {
    const bad = role('web', { colour: 'red', healing: { 'a.b': 1 } }, { nickname: 'w' });
    for (const query of ['', '?fieldValidation=Strict'])
      assert.is((await ask('POST', `${roles}${query}`, { body: bad })).code, 422);
    assert.is((await ask('POST', `${roles}?fieldValidation=Maybe`, { body: bad })).code, 422);
    const warned = await ask('POST', `${roles}?fieldValidation=Warn`, { body: bad });
    assert.is(warned.code, 201, warned.text);
    for (const field of ['metadata.nickname', 'spec.colour', 'spec.healing.a.b'])
      assert.match(String(warned.headers['warning']), `unknown field '${field}'`);
    assert.not.match(warned.text, 'colour');
    const ignored = await ask('PUT', `${roles}/web?fieldValidation=Ignore`, {
      body: { ...bad, spec: { type: 'custom', replicas: 1, colour: 'red' } },
    });
    assert.is(ignored.code, 200, ignored.text);
    assert.is(ignored.headers['warning'], undefined);
    assert.is(objects.get(ref('Role', 'shop', 'web'))?.spec.replicas, 1);
    const wrong = await ask('POST', `${roles}?fieldValidation=Ignore`, {
      body: role('wrong', { colour: 'red', replicas: -1 }),
    });
    assert.is(wrong.code, 422, 'what is wrong is still wrong');
    const twice = 'metadata: {name: two}\nspec: {type: custom, replicas: 1, replicas: 2}\n';
    const type = 'application/yaml';
    assert.is((await ask('POST', roles, { body: twice, type })).code, 400);
    const last = await ask('POST', `${roles}?fieldValidation=Warn`, { body: twice, type });
    assert.is(last.code, 201, last.text);
    assert.match(String(last.headers['warning']), 'duplicate field');
    const inJson = '{"metadata":{"name":"three"},"spec":{"type":"custom","replicas":1,"replicas":2}}';
    const refused = await ask('POST', roles, { body: inJson });
    assert.is(refused.code, 400);
    assert.match(refused.text, 'duplicate field: \\"replicas\\"');
    const taken = await ask('POST', `${roles}?fieldValidation=Warn`, { body: inJson });
    assert.is(taken.code, 201, taken.text);
    assert.match(String(taken.headers['warning']), "duplicate field: 'replicas'");
    const quiet = await ask('PUT', `${roles}/three?fieldValidation=Ignore`, { body: inJson });
    assert.equal([quiet.code, quiet.headers['warning']], [200, undefined]);
  }),
);

test(
  'JSON patches: all or nothing, and bounded',
  withServer(async ({ ask, objects }) => {
    const patch = (operations: unknown) =>
      ask('PATCH', `${roles}/app`, { body: JSON.stringify(operations), type: json });
    const done = await patch([
      { op: 'test', path: '/spec/replicas', value: 2 },
      { op: 'replace', path: '/spec/replicas', value: 4 },
      { op: 'add', path: '/metadata/labels', value: { a: 'b' } },
      { op: 'add', path: '/spec/dependsOn/-', value: 'db' },
    ]);
    assert.is(done.code, 200, done.text);
    assert.is(objects.get(app)?.spec.replicas, 4);
    assert.equal(objects.get(app)?.spec.dependsOn, ['db']);
    const before = objects.revision();
    const failed = await patch([
      { op: 'replace', path: '/spec/replicas', value: 5 },
      { op: 'test', path: '/metadata/labels/a', value: 'c' },
    ]);
    assert.is(failed.code, 422);
    assert.match(failed.json.message ?? '', 'the test failed');
    for (const [code, operations] of [
      [422, [{ op: 'remove', path: '/spec/nope' }]],
      [422, [{ op: 'add', path: '/spec/no/where', value: 1 }]],
      [422, [{ op: 'replace', path: '/spec/replicas', value: 'many' }]],
      [422, [{ op: 'replace', path: '', value: {} }]],
      [400, [{ op: 'add', path: '/__proto__/polluted', value: 1 }]],
      [400, [{ op: 'add', path: 'spec', value: 1 }]],
      [400, [{ op: 'add', path: '/spec/x~2', value: 1 }]],
      [400, [{ op: 'toString', path: '/spec' }]],
      [400, [{ op: 'add', path: '/spec/a' }]],
      [400, ['x']],
      [400, { op: 'add' }],
      [413, Array.from({ length: 1001 }, () => ({ op: 'test', path: '/kind', value: 'Role' }))],
    ] as const)
      assert.is((await patch(operations)).code, code, JSON.stringify(operations).slice(0, 80));
    const big = [
      { op: 'add', path: '/spec/attributes/a', value: 'x'.repeat(300_000) },
      ...Array.from({ length: 30 }, (_none, index) => ({
        op: 'copy',
        from: '/spec/attributes',
        path: `/spec/attributes/b${String(index)}`,
      })),
    ];
    assert.is((await patch(big)).code, 413, 'copies of copies');
    assert.is(objects.revision(), before);
    const strategic = { body: {}, type: 'application/strategic-merge-patch+json' };
    const refused = await ask('PATCH', `${roles}/app`, strategic);
    assert.is(refused.code, 415);
    assert.match(refused.json.message ?? '', '--type merge');
  }),
);

test(
  'delete: policies, preconditions, grace; what has nothing behind it is gone at once',
  withServer(async ({ ask, objects }) => {
    const remove = (body: object) => ask('DELETE', `${roles}/app`, { body });
    for (const bad of [
      { propagationPolicy: 'Orphan' },
      { orphanDependents: true },
      { propagationPolicy: 'Sideways' },
      { preconditions: { uid: 5 } },
      { preconditions: 'x' },
      { gracePeriodSeconds: -1 },
      { dryRun: 5 },
    ])
      assert.is((await remove(bad)).code, 422, JSON.stringify(bad));
    assert.is((await remove({ preconditions: { resourceVersion: '1' } })).code, 409);
    assert.is(objects.get(app)?.deletion, null);
    const gone = await remove({ propagationPolicy: 'Background', gracePeriodSeconds: 0 });
    assert.is(gone.code, 200, gone.text);
    assert.is(gone.json['kind'], 'Role');
    assert.match(String(gone.headers['warning']), 'shutdownTimeoutSeconds');
    const user = await ask('POST', `${API}/users`, { body: { metadata: { name: 'ann' }, spec: {} } });
    assert.is(user.code, 201, user.text);
    const { uid } = user.json['metadata'] as { readonly uid: string };
    const removed = await ask('DELETE', `${API}/users/ann`);
    assert.is(removed.json['status'], 'Success');
    assert.equal(removed.json.details, { name: 'ann', kind: 'users', uid });
  }),
);

test('deletecollection takes what the selectors take and the caller sees', async () => {
  const access = {
    ...oneToken(TOKEN),
    sees: (_caller: unknown, { ref: { name } }: { readonly ref: { readonly name: string } }) =>
      name !== 'hidden',
  };
  const { running, ask, objects } = await testServer({ access });
  try {
    shop(objects);
    for (const name of ['a', 'b', 'hidden'])
      await ask('POST', roles, { body: role(name, {}, { labels: { x: 'y' } }) });
    const done = await ask('DELETE', `${roles}?labelSelector=x%3Dy`);
    assert.is(done.code, 200, done.text);
    assert.is(done.json['kind'], 'RoleList');
    const deleting = objects.list('Role', 'shop').filter(({ deletion }) => deletion !== null);
    assert.equal(
      deleting.map(({ ref: { name } }) => name),
      ['a', 'b'],
    );
  } finally {
    await running.close();
  }
});

test(
  'scale: read, replaced, patched; stale and impossible ones refused',
  withServer(async ({ ask, objects }) => {
    const path = `${roles}/app/scale`;
    const read = await ask('GET', path);
    assert.is(read.code, 200, read.text);
    assert.is(read.json['kind'], 'Scale');
    assert.equal(read.json['spec'], { replicas: 2 });
    const put = await ask('PUT', path, { body: { ...read.json, spec: { replicas: 3 } } });
    assert.is(put.code, 200, put.text);
    assert.equal(put.json['spec'], { replicas: 3 });
    assert.is((await ask('PUT', path, { body: { ...read.json, spec: { replicas: 4 } } })).code, 409);
    const test = [{ op: 'test', path: '/spec/replicas', value: 2 }];
    assert.is((await ask('PATCH', path, { body: JSON.stringify(test), type: json })).code, 422);
    for (const replicas of [-1, 'x', null, 1.5])
      assert.is((await ask('PATCH', path, { body: { spec: { replicas } }, type: merge })).code, 422);
    const other = { kind: 'Role', spec: { replicas: 1 } };
    assert.is((await ask('PUT', path, { body: other })).code, 400);
    assert.is((await ask('GET', `${roles}/none/scale`)).code, 404);
    assert.is((await ask('DELETE', path)).code, 405);
    assert.is((await ask('GET', `${API}/clusters/shop/scale`)).code, 404);
    assert.is(objects.get(app)?.spec.replicas, 3);
  }),
);

test(
  'status is read like the object and written by nobody; generateName; lists are sent item by item',
  withServer(async ({ ask }) => {
    assert.is((await ask('GET', `${roles}/app/status`)).code, 200);
    for (const method of ['PUT', 'PATCH', 'POST', 'DELETE'])
      assert.is((await ask(method, `${roles}/app/status`, { body: {}, type: merge })).code, 405, method);
    const named = { ...role('x'), metadata: { generateName: 'web-' } };
    const names = await Promise.all([1, 2, 3].map(() => ask('POST', roles, { body: named })));
    const made = names.map(({ json: { metadata } }) => (metadata as { readonly name: string }).name);
    for (const name of made) assert.match(name, /^web-[b-z2-9]{5}$/);
    assert.is(new Set(made).size, 3);
    const list = { apiVersion: 'scalarium.dev/v1', kind: 'RoleList', items: [role('a')] };
    const refused = await ask('POST', roles, { body: list });
    assert.is(refused.code, 400);
    assert.match(refused.json.message ?? '', 'one by one');
  }),
);

test('every write is looked at again with what it makes of the object, and an apply that creates is a create', async () => {
  const looked: string[] = [];
  const access = {
    ...oneToken(TOKEN),
    decide: (_caller: unknown, { verb }: { readonly verb: string }) => ({
      allowed: verb !== 'create',
      reason: 'no',
    }),
    admits: (
      _caller: unknown,
      { before, after }: { readonly before: object | null; readonly after: object | null },
    ) => {
      looked.push(`${before === null ? '-' : 'b'}${after === null ? '-' : 'a'}`);
      return forbidden(INSTALLATION_CALLER.user, 'that', 'a test');
    },
  };
  const { running, ask, objects } = await testServer({ access });
  try {
    shop(objects);
    const before = objects.revision();
    const apply = 'application/apply-patch+yaml';
    const patched = { body: { spec: { replicas: 9 } }, type: merge };
    const body = role('app', { replicas: 9 });
    for (const [method, path, sent] of [
      ['PUT', `${roles}/app`, { body }],
      ['PATCH', `${roles}/app`, patched],
      ['PATCH', `${roles}/app?fieldManager=me&force=true`, { body, type: apply }],
      ['PATCH', `${roles}/app/scale`, patched],
      ['DELETE', `${roles}/app`, {}],
      ['DELETE', roles, {}],
    ] as const)
      assert.is((await ask(method, path, sent)).code, 403, `${method} ${path}`);
    assert.equal(looked, ['ba', 'ba', 'ba', 'ba', 'b-', 'b-']);
    const created = await ask('PATCH', `${roles}/web?fieldManager=me`, { body: role('web'), type: apply });
    assert.is(created.code, 403);
    assert.match(created.json.message ?? '', `create ${KINDS.Role.plural} "web"`);
    assert.is(objects.revision(), before);
  } finally {
    await running.close();
  }
});
