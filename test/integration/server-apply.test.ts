import { API, type HttpAnswer, type Sent, type TestServer, shop, testServer } from '../build/server.js';
import { ref } from '../fake/objects.js';
import { assert, suite } from '../suite.js';

const test = suite('server-side apply');
const roles = `${API}/namespaces/shop/roles`;
const web = ref('Role', 'shop', 'web');
const type = 'application/apply-patch+yaml';

interface Entry {
  readonly manager: string;
  readonly operation: string;
  readonly fieldsV1: { readonly 'f:spec'?: object; readonly 'f:metadata'?: object };
}

const role = (spec: object, metadata: object = {}): object => ({
  apiVersion: 'scalarium.dev/v1',
  kind: 'Role',
  metadata: { name: 'web', ...metadata },
  spec,
});

interface Applying {
  readonly server: TestServer;
  readonly apply: (manager: string, body: object | string, query?: string) => Promise<HttpAnswer>;
  readonly patch: (body: unknown, sent?: Sent) => Promise<HttpAnswer>;
  readonly owners: () => Promise<Readonly<Record<string, object>>>;
}

const withServer =
  (body: (world: Applying) => Promise<void>): (() => Promise<void>) =>
  async () => {
    const server = await testServer();
    const { ask } = server;
    try {
      shop(server.objects);
      await body({
        server,
        apply: (manager, config, query = '') =>
          ask('PATCH', `${roles}/web?fieldManager=${manager}${query}`, { type, body: config }),
        patch: (patch, sent) =>
          ask('PATCH', `${roles}/web?fieldManager=editor`, {
            body: JSON.stringify(patch),
            type: 'application/merge-patch+json',
            ...sent,
          }),
        owners: async () => {
          const { json } = await ask('GET', `${roles}/web`);
          const { managedFields = [] } = json['metadata'] as { readonly managedFields?: readonly Entry[] };
          return Object.fromEntries(
            managedFields.map(({ manager, operation, fieldsV1 }) => [`${manager} ${operation}`, fieldsV1]),
          );
        },
      });
    } finally {
      await server.running.close();
    }
  };

const causes = (answer: HttpAnswer): unknown => answer.json.details?.causes?.map(({ field }) => field);

test(
  'creates what is not there, changes it, and writes nothing when nothing changes',
  withServer(async ({ server: { objects }, apply, owners }) => {
    const made = await apply('flux', role({ type: 'nodejs-app', replicas: 2 }, { labels: { a: 'b' } }));
    assert.is(made.code, 201, made.text);
    assert.is(objects.get(web)?.spec.shutdownTimeoutSeconds, 120, 'with its defaults');
    assert.equal(await owners(), {
      'flux Apply': {
        'f:metadata': { 'f:labels': { 'f:a': {} } },
        'f:spec': { 'f:replicas': {}, 'f:type': {} },
      },
    });
    const before = objects.revision();
    const same = await apply('flux', role({ type: 'nodejs-app', replicas: 2 }, { labels: { a: 'b' } }));
    assert.is(same.code, 200, same.text);
    assert.is(objects.revision(), before);
    const yaml = 'metadata: {name: web, labels: {a: b}}\nspec: {type: nodejs-app, replicas: 3}\n';
    assert.is((await apply('flux', yaml)).code, 200);
    assert.is(objects.get(web)?.spec.replicas, 3);
  }),
);

test(
  'a field of another is a conflict that names it; by force it is taken over',
  withServer(async ({ server: { objects }, apply, patch, owners }) => {
    await apply('flux', role({ type: 'nodejs-app', replicas: 2 }));
    await patch({ spec: { replicas: 7 } });
    const refused = await apply('flux', role({ type: 'nodejs-app', replicas: 2 }));
    assert.is(refused.code, 409);
    assert.is(refused.json.reason, 'Conflict');
    assert.match(
      refused.json.message ?? '',
      /^Apply failed with 1 conflict: conflict with "editor" using scalarium/,
    );
    assert.equal(causes(refused), ['.spec.replicas']);
    assert.match(refused.text, 'FieldManagerConflict');
    assert.is(objects.get(web)?.spec.replicas, 7);
    assert.is((await apply('flux', role({ type: 'nodejs-app', replicas: 7 }))).code, 200, 'the same value');
    const forced = await apply('flux', role({ type: 'nodejs-app', replicas: 2 }), '&force=true');
    assert.is(forced.code, 200, forced.text);
    assert.is(objects.get(web)?.spec.replicas, 2);
    assert.equal(Object.keys(await owners()), ['flux Apply']);
  }),
);

test(
  'a field that is no longer given goes back to its default, unless another owns it',
  withServer(async ({ server: { objects }, apply }) => {
    const base = { type: 'nodejs-app', replicas: 2 };
    await apply('flux', role({ ...base, shutdownTimeoutSeconds: 9, attributes: { a: 1, b: 2 } }));
    await apply('argo', role({ attributes: { b: 2, c: 3 } }));
    assert.is((await apply('flux', role(base))).code, 200);
    assert.is(objects.get(web)?.spec.shutdownTimeoutSeconds, 120);
    assert.equal(objects.get(web)?.spec.attributes, { b: 2, c: 3 });
    const gone = await apply('flux', role({ replicas: 2 }));
    assert.is(gone.code, 422, 'a field that has no default and must be there');
  }),
);

test(
  'an edit past the API conflicts instead of being undone',
  withServer(async ({ server: { objects }, apply, owners }) => {
    await apply('flux', role({ type: 'nodejs-app', replicas: 2 }));
    objects.putRaw(web, { spec: { type: 'nodejs-app', replicas: 9 } });
    const refused = await apply('flux', role({ type: 'nodejs-app', replicas: 3 }));
    assert.is(refused.code, 409);
    assert.match(refused.json.message ?? '', 'conflict with "etcdctl"');
    assert.equal((await owners())['etcdctl Update'], { 'f:spec': { 'f:replicas': {} } });
    objects.putRaw(web, { spec: { type: 'nodejs-app', replicas: -9 } });
    assert.is((await apply('flux', role({ type: 'nodejs-app', replicas: 3 }), '&force=1')).code, 200);
    assert.is(objects.get(web)?.frozen, null, 'an apply frees what was frozen');
  }),
);

test(
  'what an apply must say and must not: fieldManager, managedFields, another name, a revision of what is not there',
  withServer(async ({ server, apply }) => {
    const config = role({ type: 'nodejs-app', replicas: 2 });
    assert.is((await server.ask('PATCH', `${roles}/web`, { type, body: config })).code, 422);
    assert.is((await apply('', config)).code, 422);
    assert.is((await apply('x'.repeat(129), config)).code, 422);
    assert.is((await apply('a%07b', config)).code, 422);
    assert.is((await apply('me', config, '&force=maybe')).code, 422);
    assert.is((await apply('me', role({}, { managedFields: [] }))).code, 400);
    assert.is((await apply('me', role({ type: 'nodejs-app', replicas: 2 }, { name: 'other' }))).code, 422);
    assert.is((await apply('me', role({}, { labels: 5 }))).code, 422);
    assert.is((await apply('me', '[]')).code, 400);
    assert.is((await apply('me', 'a: b\n---\nc: d\n')).code, 400);
    const pinned = role({ type: 'nodejs-app', replicas: 2 }, { uid: 'u' });
    assert.is((await apply('me', pinned)).code, 409);
    assert.is(server.objects.get(web), null);
    await apply('me', config);
    const stale = role({ type: 'nodejs-app', replicas: 5 }, { resourceVersion: '1' });
    assert.is((await apply('me', stale)).code, 409);
    const cluster = `${API}/namespaces/nowhere/roles/web?fieldManager=me`;
    assert.is((await server.ask('PATCH', cluster, { type, body: config })).code, 404);
  }),
);

test(
  'an edit of what was read before the status moved on is no conflict; one of an older spec is',
  withServer(async ({ server: { ask, objects } }) => {
    const made = await ask('POST', roles, { body: role({ type: 'nodejs-app', replicas: 2 }) });
    const { resourceVersion } = made.json['metadata'] as { readonly resourceVersion: string };
    await objects.write(null, [{ write: 'status', ref: web, patch: { replicas: 1 } }])();
    const edit = (replicas: number) => ({
      body: role({ type: 'nodejs-app', replicas }, { resourceVersion }),
    });
    assert.is((await ask('PUT', `${roles}/web`, edit(3))).code, 200);
    assert.is((await ask('PUT', `${roles}/web`, edit(4))).code, 409);
  }),
);

test(
  'kubectl moves from its client-side to its server-side apply by patching managedFields',
  withServer(async ({ server: { ask, objects }, patch, owners }) => {
    const made = await ask('POST', `${roles}?fieldManager=kubectl-client-side-apply`, {
      body: role({ type: 'nodejs-app', replicas: 2 }),
    });
    assert.is(made.code, 201);
    const { resourceVersion } = made.json['metadata'] as { readonly resourceVersion: string };
    const moved = {
      manager: 'kubectl',
      operation: 'Apply',
      apiVersion: 'scalarium.dev/v1',
      time: '2026-01-01T00:00:00Z',
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:spec': { 'f:replicas': {}, 'f:type': {} } },
    };
    const operations = [
      { op: 'replace', path: '/metadata/managedFields', value: [moved] },
      { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion },
    ];
    const json = { type: 'application/json-patch+json' };
    const generation = objects.get(web)?.generation;
    const done = await patch(operations, json);
    assert.is(done.code, 200, done.text);
    assert.equal(await owners(), { 'kubectl Apply': moved.fieldsV1 });
    assert.is(objects.get(web)?.generation, generation, 'the spec was not written');
    assert.is((await patch(operations, json)).code, 200, 'it is as wanted: nothing to do');
    const late = [{ op: 'replace', path: '/metadata/managedFields', value: [{}] }, ...operations.slice(1)];
    assert.is((await patch(late, json)).code, 409, 'the revision is an old one now');
    await patch([{ op: 'replace', path: '/metadata/managedFields', value: [] }], json);
    assert.equal(Object.keys(await owners()), ['kubectl Apply'], 'an empty list is no wish');
    await patch([{ op: 'replace', path: '/metadata/managedFields', value: [{}] }], json);
    assert.equal(await owners(), {}, 'one empty entry forgets them');
  }),
);

test(
  'who makes what: the program where no manager is given, controllers, scale',
  withServer(async ({ server: { ask, objects }, owners }) => {
    const headers = { 'user-agent': 'terraform/1.2 (linux)' };
    await ask('POST', roles, { headers, body: role({ type: 'nodejs-app', replicas: 2 }) });
    assert.equal(Object.keys(await owners()), ['terraform Update']);
    const scale = { spec: { replicas: 5 } };
    const merge = 'application/merge-patch+json';
    const scaled = await ask('PATCH', `${roles}/web/scale`, { headers, body: scale, type: merge });
    assert.is(scaled.code, 200, scaled.text);
    assert.is(objects.get(web)?.spec.replicas, 5);
    const { json } = await ask('GET', `${roles}/web`);
    assert.match(JSON.stringify(json['metadata']), '"subresource":"scale"');
    const owner = { kind: 'Role', name: 'app', uid: 'u' };
    objects.has(ref('Instance', 'shop', 'app-1'), { owner, spec: { role: 'app' } });
    const made = await ask('GET', `${API}/namespaces/shop/instances/app-1`);
    assert.match(made.text, '"manager":"scalarium"');
  }),
);
