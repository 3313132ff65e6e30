import { gunzipSync } from 'node:zlib';
import { request } from 'node:http';
import { parse } from 'yaml';
import * as E from 'fp-ts/lib/Either.js';
import { INSTALLATION_CALLER } from '../fake/one-token.js';
import { API, type HttpAnswer, TOKEN, type TestServer, shop, testServer } from '../build/server.js';
import { ref } from '../fake/objects.js';
import { assert, suite } from '../suite.js';

const test = suite('lists');
const roles = `${API}/namespaces/shop/roles`;
const spec = { type: 'nodejs-app', replicas: 2 };
const TABLE = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' };

interface Meta {
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}
interface Item {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly uid: string; readonly labels?: object };
  readonly spec?: { readonly replicas: number };
  readonly status?: unknown;
}

const metaOf = ({ json }: HttpAnswer): Meta => json['metadata'] as Meta;
const itemsOf = ({ json }: HttpAnswer): readonly Item[] => json['items'] as readonly Item[];
const namesOf = (answer: HttpAnswer): readonly string[] =>
  itemsOf(answer).map(({ metadata }) => metadata.name);

const withServer =
  (body: (server: TestServer) => Promise<void>, ringSize?: number): (() => Promise<void>) =>
  async () => {
    const server = await testServer(ringSize === undefined ? {} : { ringSize });
    try {
      shop(server.objects);
      for (const name of ['db', 'eye', 'web']) server.objects.has(ref('Role', 'shop', name), { spec });
      await body(server);
    } finally {
      await server.running.close();
    }
  };

test(
  'pages are of one revision, whatever comes, goes and changes meanwhile',
  withServer(async ({ ask, objects }) => {
    const first = await ask('GET', `${roles}?limit=2`);
    assert.equal(namesOf(first), ['app', 'db']);
    assert.is(metaOf(first).remainingItemCount, 2);
    objects.has(ref('Role', 'shop', 'fox'), { spec });
    objects.putRaw(ref('Role', 'shop', 'web'), { spec: { ...spec, replicas: 9 } });
    objects.putRaw(ref('Role', 'shop', 'web'), { spec: { ...spec, replicas: 8 } });
    const eye = ref('Role', 'shop', 'eye');
    objects.deleteRaw(eye);
    const unchangedSince = objects.get(eye)?.recordRevision ?? 0;
    assert.ok(E.isRight(await objects.write(null, [{ write: 'forget', ref: eye, unchangedSince }])()));
    const token = metaOf(first).continue ?? '';
    const second = await ask('GET', `${roles}?limit=2&continue=${token}`);
    assert.equal(namesOf(second), ['eye', 'web']);
    assert.is(itemsOf(second)[1]?.spec?.replicas, 2);
    assert.equal(metaOf(second), { resourceVersion: metaOf(first).resourceVersion });
    const exact = `resourceVersion=${metaOf(first).resourceVersion}&resourceVersionMatch=Exact`;
    assert.equal(namesOf(await ask('GET', `${roles}?${exact}`)), ['app', 'db', 'eye', 'web']);
    assert.equal(namesOf(await ask('GET', roles)), ['app', 'db', 'fox', 'web']);
  }),
);

test(
  'pages go across clusters and keep to their selector',
  withServer(async ({ ask, objects }) => {
    objects.has(ref('Role', 'abc', 'zoo'), { spec });
    let path = `${API}/roles?fieldSelector=metadata.name!%3Ddb&limit=1`;
    const seen: string[] = [];
    for (let page = 0; page < 10; page += 1) {
      const answer = await ask('GET', path);
      seen.push(...namesOf(answer));
      const { continue: token } = metaOf(answer);
      if (token === undefined) break;
      path = `${API}/roles?fieldSelector=metadata.name!%3Ddb&limit=1&continue=${token}`;
    }
    assert.equal(seen, ['zoo', 'app', 'eye', 'web']);
  }),
);

test(
  'an expired token: 410 with one that goes on with what there is now',
  withServer(async ({ ask, objects }) => {
    const first = await ask('GET', `${roles}?limit=2`);
    for (let count = 1; count < 40; count += 1)
      objects.putRaw(ref('Role', 'shop', 'web'), { spec: { ...spec, replicas: count } });
    const gone = await ask('GET', `${roles}?limit=2&continue=${metaOf(first).continue ?? ''}`);
    assert.is(gone.code, 410);
    assert.is(gone.json.reason, 'Expired');
    const rest = await ask('GET', `${roles}?limit=2&continue=${metaOf(gone).continue ?? ''}`);
    assert.equal(namesOf(rest), ['eye', 'web']);
    assert.is(itemsOf(rest)[1]?.spec?.replicas, 39);
    const exact = `resourceVersion=${metaOf(first).resourceVersion}&resourceVersionMatch=Exact`;
    assert.is((await ask('GET', `${roles}?${exact}`)).code, 410);
  }, 10),
);

test(
  'tokens that are wrong or of another list, and options that contradict each other, are refused with a reason',
  withServer(async ({ ask }) => {
    const token = metaOf(await ask('GET', `${roles}?limit=2`)).continue ?? '';
    const rows: readonly (readonly [string, number])[] = [
      [`${roles}?continue=${token}&labelSelector=a`, 400],
      [`${API}/roles?continue=${token}`, 400],
      [`${roles}?continue=abc`, 400],
      [`${roles}?continue=${Buffer.from('[1]').toString('base64url')}`, 400],
      [`${roles}?continue=${Buffer.from('null').toString('base64url')}`, 400],
      [`${roles}?continue=${token}&resourceVersion=5`, 400],
      [`${roles}?continue=${token}&resourceVersion=0`, 200],
      [`${roles}?limit=-1`, 400],
      [`${roles}?limit=x`, 400],
      [`${roles}?limit=0`, 200],
      [`${roles}?resourceVersionMatch=Exact`, 422],
      [`${roles}?resourceVersionMatch=Newest&resourceVersion=1`, 422],
      [`${roles}?resourceVersionMatch=Exact&resourceVersion=0`, 422],
      [`${roles}?resourceVersionMatch=NotOlderThan&resourceVersion=1`, 200],
      [`${roles}?sendInitialEvents=true`, 422],
      [`${roles}?includeObject=All`, 400],
      [`${roles}?resourceVersionMatch=NotOlderThan&resourceVersion=1&continue=${token}`, 422],
    ];
    for (const [path, code] of rows) {
      const answer = await ask('GET', path);
      assert.is(answer.code, code, `${path}: ${answer.text.slice(0, 200)}`);
      if (code !== 200) assert.is(answer.json['kind'], 'Status', path);
    }
  }),
);

test(
  'Tables, metadata alone and YAML, for one and for many',
  withServer(async ({ ask }) => {
    const table = await ask('GET', roles, { headers: TABLE });
    assert.is(table.json['kind'], 'Table');
    const rows = table.json['rows'] as readonly {
      readonly cells: readonly string[];
      readonly object: Item;
    }[];
    assert.equal(rows[0]?.cells.slice(0, 3), ['app', 'nodejs-app', '2']);
    assert.is(rows[0]?.object.kind, 'PartialObjectMetadata');
    const whole = await ask('GET', `${roles}/app?includeObject=Object`, { headers: TABLE });
    assert.is((whole.json['rows'] as typeof rows)[0]?.object.spec?.replicas, 2);
    const partial = { accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io' };
    const bare = await ask('GET', roles, { headers: partial });
    assert.is(bare.json['kind'], 'PartialObjectMetadataList');
    assert.equal(Object.keys(itemsOf(bare)[0] ?? {}).sort(), ['apiVersion', 'kind', 'metadata']);
    const yaml = await ask('GET', roles, { headers: { accept: 'application/yaml' } });
    assert.is(yaml.headers['content-type'], 'application/yaml');
    assert.equal(parse(yaml.text), (await ask('GET', roles)).json);
    const empty = await ask('GET', `${API}/grants`, { headers: { accept: 'application/yaml' } });
    assert.equal((parse(empty.text) as { readonly items: unknown }).items, []);
    const one = await ask('GET', `${roles}/app`, { headers: { accept: 'application/yaml' } });
    assert.is((parse(one.text) as Item).kind, 'Role');
    for (const accept of ['application/vnd.kubernetes.protobuf', 'application/cbor'])
      assert.is((await ask('GET', roles, { headers: { accept } })).json.reason, 'NotAcceptable');
  }),
);

const raw = (port: number, method: string, path: string, headers: object) =>
  new Promise<{ readonly headers: Readonly<Record<string, unknown>>; readonly body: Buffer }>(
    (resolve, reject) => {
      const all = { authorization: `Bearer ${TOKEN}`, ...headers };
      const asking = request(
        { host: '127.0.0.1', port, method, path, headers: all, agent: false },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () => {
            resolve({ headers: response.headers, body: Buffer.concat(chunks) });
          });
        },
      );
      asking.on('error', reject);
      asking.end();
    },
  );

test(
  'long answers are compressed for those who take it, short ones are not; HEAD has no body',
  withServer(async ({ objects, running, ask }) => {
    const gzip = { 'accept-encoding': 'br, gzip;q=0.5' };
    const short = await raw(running.port, 'GET', roles, gzip);
    assert.is(short.headers['content-encoding'], undefined);
    for (let count = 0; count < 400; count += 1)
      objects.has(ref('Role', 'big', `r-${String(count)}`), { spec });
    const plain = await ask('GET', `${API}/roles`);
    const long = await raw(running.port, 'GET', `${API}/roles`, gzip);
    assert.is(long.headers['content-encoding'], 'gzip');
    assert.is(gunzipSync(long.body).toString(), plain.text);
    assert.is(itemsOf(plain).length, 404);
    const refused = await raw(running.port, 'GET', `${API}/roles`, { 'accept-encoding': 'gzip;q=0' });
    assert.is(refused.body.toString(), plain.text);
    for (const path of [roles, `${API}/roles`, `${roles}/app`]) {
      const head = await raw(running.port, 'HEAD', path, gzip);
      assert.is(head.body.length, 0, path);
    }
  }),
);

test(
  'namespaces: one for each Cluster, and those that are always there; to be written as Clusters',
  withServer(async ({ ask, objects }) => {
    assert.equal(namesOf(await ask('GET', '/api/v1/namespaces')), ['default', 'scalarium-system', 'shop']);
    const one = (await ask('GET', '/api/v1/namespaces/shop')).json as unknown as Item;
    assert.is(one.kind, 'Namespace');
    assert.equal(one.status, { phase: 'Active' });
    assert.equal(one.metadata.labels, { 'kubernetes.io/metadata.name': 'shop' });
    assert.is((await ask('GET', '/api/v1/namespaces/default')).code, 200);
    assert.is((await ask('GET', '/api/v1/namespaces/none')).code, 404);
    const labelled = '/api/v1/namespaces?labelSelector=kubernetes.io/metadata.name%20in%20(shop,x)';
    assert.equal(namesOf(await ask('GET', labelled)), ['shop']);
    objects.deleteRaw(ref('Cluster', null, 'shop'));
    const ending = await ask('GET', '/api/v1/namespaces?fieldSelector=status.phase%3DTerminating');
    assert.equal(namesOf(ending), ['shop']);
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'x' } };
    for (const [method, path] of [
      ['POST', '/api/v1/namespaces'],
      ['PUT', '/api/v1/namespaces/shop'],
      ['DELETE', '/api/v1/namespaces/default'],
      ['DELETE', '/api/v1/namespaces'],
    ] as const) {
      const refused = await ask(method, path, { body });
      assert.is(refused.code, 405, method);
      assert.match(refused.json.message ?? '', 'edit the Cluster');
    }
    const patch = { body: {}, type: 'application/merge-patch+json' };
    assert.is((await ask('PATCH', '/api/v1/namespaces/shop', patch)).code, 405);
  }),
);

test(
  'events in the shapes Kubernetes clients read',
  withServer(async ({ ask, objects }) => {
    const seen = { firstSeen: '2026-01-01T00:00:00.000Z', lastSeen: '2026-01-01T00:05:00.123Z', count: 4 };
    const status = {
      type: 'Warning',
      reason: 'Frozen',
      message: 'does not decode',
      source: 'roles',
      regarding: { kind: 'Role', name: 'app', namespace: 'shop', uid: 'u-1' },
    };
    objects.has(ref('Event', 'shop', 'x'), { spec: undefined }, { ...status, ...seen });
    const find =
      'fieldSelector=involvedObject.kind%3DRole,involvedObject.uid%3Du-1,involvedObject.name%3Dapp';
    const core = itemsOf(await ask('GET', `/api/v1/namespaces/shop/events?${find}`))[0];
    const involvedObject = { apiVersion: 'scalarium.dev/v1', ...status.regarding };
    assert.equal(core, {
      metadata: core?.metadata,
      apiVersion: 'v1',
      kind: 'Event',
      involvedObject,
      reason: 'Frozen',
      message: 'does not decode',
      type: 'Warning',
      source: { component: 'roles' },
      firstTimestamp: seen.firstSeen,
      lastTimestamp: seen.lastSeen,
      count: 4,
      eventTime: null,
      reportingComponent: 'roles',
      reportingInstance: '',
    });
    const events = '/apis/events.k8s.io/v1/events';
    const newer = itemsOf(await ask('GET', `${events}?fieldSelector=regarding.name%3Dapp`))[0];
    const { eventTime, series, regarding, note } = newer as unknown as Readonly<Record<string, unknown>>;
    assert.equal(
      { eventTime, series, regarding, note },
      {
        eventTime: '2026-01-01T00:00:00.000000Z',
        series: { count: 4, lastObservedTime: '2026-01-01T00:05:00.123000Z' },
        regarding: involvedObject,
        note: 'does not decode',
      },
    );
    assert.is((await ask('DELETE', '/api/v1/namespaces/shop/events/x')).code, 405);
  }),
);

test('a list holds what its caller may see, page by page too', async () => {
  let hidden = 'web';
  const server = await testServer({
    access: {
      logins: null,
      authenticate: () => Promise.resolve(E.right(INSTALLATION_CALLER)),
      decide: () => ({ allowed: true, reason: '' }),
      sees: (_caller, { ref: { name } }) => name !== hidden,
      admits: () => null,
    },
  });
  try {
    shop(server.objects);
    for (const name of ['db', 'web']) server.objects.has(ref('Role', 'shop', name), { spec });
    const first = await server.ask('GET', `${roles}?limit=1`);
    assert.is(metaOf(first).remainingItemCount, 1);
    hidden = 'db';
    const second = await server.ask('GET', `${roles}?limit=5&continue=${metaOf(first).continue ?? ''}`);
    assert.equal(namesOf(second), ['web']);
  } finally {
    await server.running.close();
  }
});
