/** Secrets over HTTP on both stores: what is stored, shown, told and written down. */
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { LAST_APPLIED } from '../../api-types/kinds/secret.js';
import { systemChance } from '../../runtime/chance.js';
import { systemClock } from '../../runtime/clock.js';
import { orThrow } from '../../runtime/failure.js';
import { silentLog } from '../../runtime/log.js';
import { winstonLog } from '../../runtime/log-winston.js';
import type { Access } from '../../server/access/access.js';
import { bearerOf } from '../../server/access/bearer.js';
import { INSTALLATION_CALLER, oneToken } from '../fake/one-token.js';
import { openAuditLog } from '../../server/audit/log.js';
import { unauthorized } from '../../server/statuses.js';
import { openEmbeddedStore } from '../../store/embedded/embedded.js';
import { openEtcdStore } from '../../store/etcd/etcd.js';
import { ROOT, specKey } from '../../store/keys.js';
import type { Store } from '../../store/store.js';
import { API, type HttpAnswer, type TestServer, testServer } from '../build/server.js';
import { cli } from '../build/cli.js';
import { WORLD_SEALER, eventually, put, startPlane, type Plane } from '../conformance/objects-world.js';
import { ref } from '../fake/objects.js';
import { assert, suite } from '../suite.js';
import { startEtcd } from './etcd-server.js';

/** `admin` may do everything, `deployer` everything but reveal. */
const twoTokens: Access = {
  ...oneToken('a-token'),
  authenticate: (request) => {
    const user = bearerOf(request);
    if (!['a-token', 'deployer'].includes(user)) return Promise.resolve(E.left(unauthorized()));
    return Promise.resolve(E.right({ ...INSTALLATION_CALLER, user }));
  },
  decide: ({ user }, { verb }) => ({ allowed: user === 'a-token' || verb !== 'reveal', reason: 'a test' }),
};

interface Bench {
  store: Store;
  plane: Plane;
  server: TestServer;
  directory: string;
  /** Everything that was answered to anybody but by a reveal. */
  said: string[];
}

const PLAIN = ['correct-horse-1', 'correct-horse-2', 'correct-horse-3', 'correct-horse-4'] as const;
const NOTHING = /correct-horse/;
const SECRETS = `${API}/namespaces/shop/secrets`;
const DB = `${SECRETS}/db`;
const MERGE = 'application/merge-patch+json';

const dataOf = ({ json }: HttpAnswer): unknown => (json['spec'] as { data?: unknown } | undefined)?.data;

/** As somebody sends it who does not mind that the keeper notes an edit meanwhile. */
const unversioned = (object: HttpAnswer['json']): HttpAnswer['json'] => {
  return { ...object, metadata: { ...(object['metadata'] as object), resourceVersion: undefined } };
};

const filesBelow = (directory: string): readonly string[] =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile());

const secretsOn = (
  name: string,
  open: (directory: string) => Promise<{ store: Store; end: () => Promise<void> }>,
) => {
  const test = suite<Bench & { end: () => Promise<void> }>(`Secrets on ${name}`, {} as never);

  test.before(async (bench) => {
    bench.directory = mkdtempSync(join(tmpdir(), 'scalarium-secrets-'));
    const { store, end } = await open(join(bench.directory, 'store'));
    const log = winstonLog({ level: 'debug', clock: systemClock, file: join(bench.directory, 'log.jsonl') });
    const audit = openAuditLog({ directory: join(bench.directory, 'audit'), clock: systemClock, log });
    bench.store = store;
    bench.said = [];
    bench.plane = await startPlane(store);
    const { objects } = bench.plane;
    const server = await testServer({ objects, sealer: WORLD_SEALER, audit, log, access: twoTokens });
    const ask: TestServer['ask'] = async (...request) => {
      const answer = await server.ask(...request);
      bench.said.push(answer.text, JSON.stringify(answer.headers));
      return answer;
    };
    bench.server = { ...server, ask };
    bench.end = async () => {
      await server.running.close();
      await audit.close();
      await log.close();
      await bench.plane.stop();
      await end();
      rmSync(bench.directory, { recursive: true, force: true });
    };
    await put(store, ref('Cluster', null, 'shop'), { spec: { cloud: 'local' } });
    await eventually('the cluster is there', () => objects.get(ref('Cluster', null, 'shop')));
  });
  test.after((bench) => bench.end());

  const reveal = async ({ server, said }: Bench, path = DB): Promise<unknown> => {
    const answer = await server.ask('GET', path);
    said.splice(-2);
    return dataOf(answer);
  };

  test('create, patch, apply and replace take texts and answer with masks', async (bench) => {
    const { ask } = bench.server;
    const made = await ask('POST', SECRETS, {
      body: {
        metadata: { name: 'db', annotations: { [LAST_APPLIED]: PLAIN[0] } },
        spec: { data: { password: PLAIN[0], user: 'web' } },
      },
    });
    assert.is(made.code, 201, made.text);
    assert.equal(dataOf(made), { password: '(hidden)', user: '(hidden)' });
    assert.match(String(made.headers['warning']), /--server-side/);
    assert.equal(await reveal(bench), { password: PLAIN[0], user: 'web' });

    const patched = await ask('PATCH', DB, { type: MERGE, body: { spec: { data: { password: PLAIN[1] } } } });
    assert.is(patched.code, 200, patched.text);
    assert.equal(await reveal(bench), { password: PLAIN[1], user: 'web' });

    const config = {
      apiVersion: 'scalarium.dev/v1',
      kind: 'Secret',
      metadata: { name: 'db', namespace: 'shop' },
      spec: { data: { token: PLAIN[2] } },
    };
    const how = { type: 'application/apply-patch+yaml', body: config };
    const applied = await ask('PATCH', `${DB}?fieldManager=ci`, how);
    assert.is(applied.code, 200, applied.text);
    assert.equal(await reveal(bench), { password: PLAIN[1], user: 'web', token: PLAIN[2] });

    const shown = unversioned((await ask('GET', DB, { token: 'deployer' })).json);
    assert.equal(shown['spec'], { data: { password: '(hidden)', user: '(hidden)', token: '(hidden)' } });
    const edited = { ...shown, spec: { data: { password: '(hidden)', token: PLAIN[3] } } };
    const replaced = await ask('PUT', DB, { body: edited, token: 'deployer' });
    assert.is(replaced.code, 200, replaced.text);
    assert.equal(await reveal(bench), { password: PLAIN[1], token: PLAIN[3] });
  });

  test('what changes nothing writes nothing', async (bench) => {
    const { ask } = bench.server;
    const json = unversioned((await ask('GET', DB, { token: 'deployer' })).json);
    const same = [
      await ask('PATCH', DB, { type: MERGE, body: { spec: { data: { password: PLAIN[1] } } } }),
      await ask('PUT', DB, { body: json }),
      await ask('PATCH', `${DB}?fieldManager=ci`, {
        type: 'application/apply-patch+yaml',
        body: {
          apiVersion: 'scalarium.dev/v1',
          kind: 'Secret',
          metadata: { name: 'db' },
          spec: { data: { token: PLAIN[3] } },
        },
      }),
    ];
    assert.equal(
      same.map(({ code }) => code),
      [200, 200, 200],
      same.map(({ text }) => text).join(),
    );
    assert.is(bench.plane.objects.get(ref('Secret', 'shop', 'db'))?.generation, 4);
  });

  test('nobody gets at a value by listing, watching, tables, patches or mistakes', async (bench) => {
    const { ask } = bench.server;
    const table = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
    await ask('GET', SECRETS);
    await ask('GET', `${API}/secrets`);
    await ask('GET', `${SECRETS}?includeObject=Object`, { headers: table });
    await ask('GET', `${DB}?includeObject=Object`, { headers: table });
    await ask('GET', `${SECRETS}?watch=true&timeoutSeconds=1`);
    const copy = [{ op: 'copy', from: '/spec/data/password', path: '/metadata/annotations' }];
    const move = [{ op: 'copy', from: '/spec/data/password', path: '/metadata/labels/x' }];
    const guess = [{ op: 'test', path: '/spec/data/password', value: PLAIN[1] }];
    for (const body of [copy, move, guess])
      await ask('PATCH', DB, { type: 'application/json-patch+json', body, token: 'deployer' });
    const bad = [
      { spec: { data: { password: { value: PLAIN[0] } } } },
      { spec: { data: [PLAIN[0]] } },
      { spec: { sealed: { password: PLAIN[0] } } },
      { spec: PLAIN[0] },
      { spec: {}, metadata: { annotations: { [LAST_APPLIED]: [PLAIN[0]] } } },
    ];
    for (const body of bad) {
      const answer = await ask('POST', SECRETS, { body: { metadata: { name: 'bad' }, ...body } });
      assert.is(answer.code, 422, answer.text);
    }
    await ask('POST', `${API}/plan`, {
      body: {
        kind: 'Secret',
        apiVersion: 'scalarium.dev/v1',
        metadata: { name: 'db', namespace: 'shop' },
        spec: { data: { password: PLAIN[0] } },
      },
    });
    const unmasked = bench.said.filter((text) => NOTHING.test(text));
    assert.equal(unmasked, []);
    // no revision that ever was had one, as nothing has come past the API yet
    for (const path of filesBelow(bench.directory))
      assert.not.match(readFileSync(path, 'latin1'), NOTHING, path);
  });

  test('the installation’s own are where no Cluster is; other kinds are not', async ({ server: { ask } }) => {
    const own = `${API}/namespaces/scalarium-system`;
    const made = await ask('POST', `${own}/secrets`, {
      body: { metadata: { name: 'aws' }, spec: { data: { accessKeyId: 'a' } } },
    });
    assert.is(made.code, 201, made.text);
    const role = { metadata: { name: 'app' }, spec: { type: 'custom', replicas: 1 } };
    assert.is((await ask('POST', `${own}/roles`, { body: role })).code, 404);
    const cluster = { metadata: { name: 'scalarium-system' }, spec: { cloud: 'local' } };
    assert.is((await ask('POST', `${API}/clusters`, { body: cluster })).code, 422);
  });

  test('put by etcdctl: never shown in plain, sealed at once', async (bench) => {
    const { server, store, plane } = bench;
    const raw = ref('Secret', 'shop', 'raw');
    const revision = await put(store, raw, { spec: { data: { password: PLAIN[0] } } });
    await plane.objects.caughtUp(revision);
    const first = await server.ask('GET', `${SECRETS}/raw`, { token: 'deployer' });
    assert.equal(dataOf(first), { password: '(hidden)' });
    await eventually('it is sealed', () => plane.objects.get(raw)?.spec.sealed);
    assert.equal(await reveal(bench, `${SECRETS}/raw`), { password: PLAIN[0] });
  });

  test('people set values with the command, and see names', async ({ server, directory }) => {
    const { url } = server.running;
    const file = join(directory, 'key.pem');
    writeFileSync(file, `${PLAIN[2]}\n`);
    const at = { url, stdin: `${PLAIN[3]}\n` };
    const made = await cli(at, 'secret', 'set', 'tls', `key=@${file}`, 'pass=-', '-n', 'shop');
    rmSync(file);
    assert.equal(made, { out: 'secret/tls created: key, pass\n', err: '', code: 0 });
    const more = await cli({ url }, 'secret', 'set', 'tls', 'user=web', '-n', 'shop');
    assert.equal(more, { out: 'secret/tls configured: user\n', err: '', code: 0 });
    const list = await cli({ url }, 'secret', 'list', '-n', 'shop');
    assert.match(list.out, /tls +key,pass,user/);
    const wrong = await cli({ url }, 'secret', 'set', 'tls', PLAIN[0], '-n', 'shop');
    assert.is(wrong.code === 0, false);
    assert.not.match(JSON.stringify([list, wrong]), NOTHING);
  });

  test('every write and every reveal is in the audit log', async ({ server }) => {
    await server.ask('GET', DB, { token: null });
    const { json } = await server.ask('GET', `${API}/audit?kind=Secret&cluster=shop&limit=1000`);
    const lines = json['items'] as readonly { verb: string; user: string; name: string; after: unknown }[];
    const told = lines.map(({ verb, user, name: of }) => `${verb} ${of} ${user}`);
    assert.ok(told.includes('reveal db a-token'), told.join());
    assert.ok(told.includes('update db deployer'), told.join());
    assert.not.ok(
      told.some((line) => /^(get|list|watch)/.test(line)),
      told.join(),
    );
    const updated = lines.find(({ verb }) => verb === 'update');
    assert.equal((updated?.after as { spec?: unknown }).spec, {
      data: { password: '(hidden)', token: '(hidden)' },
    });
    const refused = await cli({ url: server.running.url }, 'audit', '--limit', '3', '-o', 'json');
    assert.match(refused.out, /"code": 401/);
    const bad = await server.ask('GET', `${API}/audit?since=yesterday`);
    assert.is(bad.code, 400);
  });

  test('no value is in the store, in the log or in the audit log', async (bench) => {
    const items = JSON.stringify((await orThrow(bench.store.list(ROOT))).items);
    assert.match(items, /v1:/);
    assert.not.match(items, NOTHING);
    assert.match(items, new RegExp(specKey(ref('Secret', 'shop', 'db'))));
    const files = filesBelow(bench.directory).filter(
      (path) => !path.startsWith(join(bench.directory, 'store')),
    );
    assert.ok(files.length >= 2, 'the log and the audit log');
    for (const path of files) assert.not.match(readFileSync(path, 'latin1'), NOTHING, path);
    assert.equal(
      bench.said.filter((text) => NOTHING.test(text)),
      [],
    );
  });
};

secretsOn('the embedded store', async (directory) => {
  const store = await openEmbeddedStore({
    directory,
    clock: systemClock,
    chance: systemChance,
    log: silentLog,
  });
  return { store, end: () => store.close() };
});

secretsOn('etcd', async () => {
  const server = await startEtcd();
  const store = await openEtcdStore({ endpoints: [server.endpoint], clock: systemClock, log: silentLog });
  const end = async (): Promise<void> => {
    await store.close();
    await server.stop();
  };
  return { store, end };
});
