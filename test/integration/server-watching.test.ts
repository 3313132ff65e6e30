import * as E from 'fp-ts/lib/Either.js';
import type { Access, Caller } from '../../server/access/access.js';
import { INSTALLATION_CALLER } from '../fake/one-token.js';
import type { ServerOptions } from '../../server/server.js';
import { API, type TestServer, shop, testServer } from '../build/server.js';
import { type Line, type Watch, watch } from '../build/watching.js';
import { virtualClock } from '../fake/clock.js';
import { ref } from '../fake/objects.js';
import { assert, suite } from '../suite.js';

const test = suite('what a watch is asked for');
const roles = `${API}/namespaces/shop/roles`;
const app = ref('Role', 'shop', 'app');
const spec = { type: 'nodejs-app', replicas: 2 };
const TABLE = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' };

const withServer =
  (
    body: (server: TestServer) => Promise<void>,
    options: Partial<ServerOptions> = {},
  ): (() => Promise<void>) =>
  async () => {
    const server = await testServer(options);
    try {
      shop(server.objects);
      await body(server);
    } finally {
      await server.running.close();
    }
  };

const told = (line: Line | null): string => `${line?.type ?? 'end'} ${line?.object.metadata.name ?? ''}`;

const must = async (seen: Watch): Promise<Line> => {
  const line = await seen.next();
  if (line === null) throw new Error('the watch ended');
  return line;
};

/** The metadata of a bookmark, wherever its shape has them. */
const markOf = ({ object }: Line): Line['object']['metadata'] =>
  (object.rows?.[0]?.object ?? object).metadata;

const next = async (seen: Watch, count: number): Promise<readonly string[]> => {
  const lines: string[] = [];
  for (let had = 0; had < count; had += 1) lines.push(told(await seen.next()));
  return lines;
};

test(
  'an object that begins or stops to match is ADDED or DELETED',
  withServer(async ({ objects, running }) => {
    const seen = await watch(running.port, `${roles}?watch=1&labelSelector=tier%20in%20(web)`);
    objects.putRaw(app, { spec, labels: { tier: 'web' } });
    objects.putRaw(app, { spec: { ...spec, replicas: 3 }, labels: { tier: 'web' } });
    objects.putRaw(app, { spec, labels: {} });
    assert.equal(await next(seen, 2), ['ADDED app', 'MODIFIED app']);
    const gone = await seen.next();
    assert.is(gone?.type, 'DELETED');
    assert.is(gone?.object.metadata.resourceVersion, String(objects.revision()));
    seen.end();
  }),
);

test(
  'one object, by its path and by a field selector',
  withServer(async ({ objects, running }) => {
    objects.has(ref('Role', 'shop', 'db'), { spec });
    for (const path of [`${roles}/app?watch=true`, `${roles}?watch=true&fieldSelector=metadata.name%3Dapp`]) {
      const seen = await watch(running.port, path);
      assert.is(told(await seen.next()), 'ADDED app');
      objects.putRaw(ref('Role', 'shop', 'db'), { spec: { ...spec, replicas: objects.revision() } });
      objects.putRaw(app, { spec: { ...spec, replicas: objects.revision() } });
      assert.is(told(await seen.next()), 'MODIFIED app');
      seen.end();
    }
  }),
);

test(
  'sendInitialEvents: all there is, a bookmark that says so, then changes',
  withServer(async ({ objects, running }) => {
    objects.has(ref('Role', 'shop', 'db'), { spec });
    const options = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
    const rows = [
      ['', {}],
      ['&resourceVersion=1', {}],
      ['', TABLE],
    ] as const;
    for (const [more, headers] of rows) {
      const seen = await watch(running.port, `${roles}?watch=true&${options}${more}`, headers);
      assert.is((await must(seen)).type, 'ADDED');
      assert.is((await must(seen)).type, 'ADDED');
      const mark = await must(seen);
      assert.is(mark.type, 'BOOKMARK');
      assert.equal(markOf(mark).annotations, { 'k8s.io/initial-events-end': 'true' });
      assert.is(markOf(mark).resourceVersion, String(objects.revision()));
      objects.putRaw(app, { spec: { ...spec, replicas: objects.revision() } });
      assert.is((await must(seen)).type, 'MODIFIED');
      seen.end();
    }
    const silent = await watch(
      running.port,
      `${roles}?watch=true&sendInitialEvents=false&resourceVersionMatch=NotOlderThan`,
    );
    objects.putRaw(app, { spec: { ...spec, replicas: 1 } });
    assert.is(told(await silent.next()), 'MODIFIED app');
    silent.end();
  }),
);

test(
  'options that make no sense are refused before the watch begins',
  withServer(async ({ ask }) => {
    const rows: readonly (readonly [string, number])[] = [
      ['sendInitialEvents=true', 422],
      ['sendInitialEvents=true&resourceVersionMatch=Exact', 422],
      ['sendInitialEvents=perhaps&resourceVersionMatch=NotOlderThan', 422],
      ['resourceVersionMatch=NotOlderThan', 422],
      ['timeoutSeconds=-1', 400],
      ['fieldSelector=x=y', 400],
      ['resourceVersion=x', 400],
    ];
    for (const [query, code] of rows)
      assert.is((await ask('GET', `${roles}?watch=true&${query}`)).code, code, query);
    assert.is((await ask('HEAD', `${roles}?watch=true`)).code, 405);
    const yaml = { headers: { accept: 'application/yaml' } };
    assert.is((await ask('GET', `${roles}?watch=true`, yaml)).code, 406);
  }),
);

test(
  'Tables: a row an event, the columns with the first',
  withServer(async ({ objects, running }) => {
    const seen = await watch(running.port, `${roles}?watch=true`, TABLE);
    const other = await watch(
      running.port,
      `${roles}?watch=true&resourceVersion=${String(objects.revision())}`,
      TABLE,
    );
    const columnsOf = ({ object }: Line): number => (object.columnDefinitions ?? []).length;
    const cellsOf = ({ object }: Line): readonly string[] => object.rows?.[0]?.cells ?? [];
    const first = await must(seen);
    assert.is(first.object.kind, 'Table');
    assert.ok(columnsOf(first) > 0);
    assert.is(cellsOf(first)[0], 'app');
    objects.putRaw(app, { spec: { ...spec, replicas: 7 } });
    const second = await must(seen);
    assert.is(columnsOf(second), 0);
    assert.is(cellsOf(second)[2], '7');
    assert.ok(columnsOf(await must(other)) > 0);
    seen.end();
    other.end();
  }),
);

test('bookmarks every thirty seconds, at the revision of the cache; the timeout ends a watch', async () => {
  const clock = virtualClock();
  await withServer(
    async ({ objects, running }) => {
      const query = 'watch=true&allowWatchBookmarks=true&timeoutSeconds=45';
      const seen = await watch(running.port, `${roles}?${query}`);
      assert.is(told(await seen.next()), 'ADDED app');
      objects.has(ref('Cluster', null, 'other'), { spec: { cloud: 'local' } });
      await clock.advance(31_000);
      const mark = await must(seen);
      assert.is(mark.type, 'BOOKMARK');
      assert.is(mark.object.kind, 'Role');
      assert.is(markOf(mark).resourceVersion, String(objects.revision()));
      const plain = await watch(running.port, `${roles}?watch=true&timeoutSeconds=45`);
      assert.is(told(await plain.next()), 'ADDED app');
      await clock.advance(50_000);
      assert.is(await seen.next(), null);
      assert.is(await plain.next(), null);
    },
    { clock },
  )();
});

const people = (access: Partial<Access>, caller: Partial<Caller> = {}): Partial<ServerOptions> => ({
  access: {
    logins: null,
    authenticate: () => Promise.resolve(E.right({ ...INSTALLATION_CALLER, ...caller })),
    decide: () => ({ allowed: true, reason: '' }),
    sees: () => true,
    admits: () => null,
    ...access,
  },
});

test('what a caller may see is asked for each event; when rights change it is to be begun anew', async () => {
  let hidden = 'db';
  let valid = true;
  const options = people({ sees: (_caller, live) => live.ref.name !== hidden }, { valid: () => valid });
  await withServer(async ({ objects, running }) => {
    const seen = await watch(running.port, `${roles}?watch=true`);
    assert.is(told(await seen.next()), 'ADDED app');
    objects.has(ref('Role', 'shop', 'db'), { spec });
    hidden = 'app';
    objects.putRaw(app, { spec: { ...spec, replicas: 3 } });
    objects.putRaw(ref('Role', 'shop', 'db'), { spec: { ...spec, replicas: 3 } });
    assert.is(told(await seen.next()), 'MODIFIED db');
    valid = false;
    objects.putRaw(ref('Role', 'shop', 'db'), { spec: { ...spec, replicas: 4 } });
    const error = await seen.next();
    assert.is(error?.type, 'ERROR');
    assert.equal([error?.object.code, error?.object.reason], [410, 'Expired']);
    assert.is(await seen.next(), null);
  }, options)();
});

test(
  'as many watches as one client may have, then 429; one that ends makes room; they are counted',
  withServer(
    async ({ running, ask }) => {
      const open = await Promise.all([1, 2, 3].map(() => watch(running.port, `${roles}?watch=true`)));
      const refused = await ask('GET', `${roles}?watch=true`);
      assert.is(refused.code, 429);
      assert.is(refused.json.reason, 'TooManyRequests');
      assert.is(refused.headers['retry-after'], '10');
      assert.is((await ask('GET', roles)).code, 200);
      const metrics = (await ask('GET', '/metrics')).text;
      assert.match(metrics, 'scalarium_watches 3');
      assert.match(metrics, 'scalarium_watches_refused_total 1');
      open[0]?.end();
      for (;;) {
        const again = await watch(running.port, `${roles}?watch=true`);
        again.end();
        if (again.code === 200) break;
      }
      for (const one of open) one.end();
    },
    { mostWatches: 3 },
  ),
);

test(
  'a change reaches every watcher, whatever its shape and place in the turn',
  withServer(async ({ objects, running }) => {
    const shapes = [{}, TABLE, { accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' }];
    const from = String(objects.revision());
    const open = await Promise.all(
      Array.from({ length: 450 }, (_none, index) =>
        watch(running.port, `${roles}?watch=true&resourceVersion=${from}`, shapes[index % 3]),
      ),
    );
    objects.putRaw(app, { spec: { ...spec, replicas: 5 } });
    await new Promise((resolve) => setImmediate(resolve));
    objects.putRaw(app, { spec: { ...spec, replicas: 6 } });
    for (const [index, seen] of open.entries()) {
      const types = [(await seen.next())?.type, (await seen.next())?.type];
      assert.equal(types, ['MODIFIED', 'MODIFIED'], String(index));
      seen.end();
    }
  }),
);
