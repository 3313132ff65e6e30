import { once } from 'node:events';
import { connect } from 'node:net';
import { millis } from '../../api-types/units.js';
import { PATIENCE } from '../../server/patience.js';
import { until, untilTrue } from '../build/gateways.js';
import { PATIENCE_MS } from '../build/patience.js';
import { API, TOKEN, type TestServer, ask, shop, testServer } from '../build/server.js';
import { ref } from '../fake/objects.js';
import { assert, suite } from '../suite.js';

const test = suite('bad input at the door');
const roles = `${API}/namespaces/shop/roles`;
const yaml = 'application/yaml';

let server: TestServer;
test.before(async () => {
  server = await testServer({ metrics: () => [{ name: 'queue_depth', labels: { q: 'a"b' }, value: 3 }] });
  shop(server.objects);
});
test.after(() => server.running.close());

/** Whatever was sent, the server lives and nothing was stored. */
test.afterEach(async () => {
  assert.is((await server.ask('GET', '/healthz', { token: null })).code, 200);
  assert.is(server.objects.list('Role').length, 1);
});

test('a token is asked for everywhere but for health', async () => {
  for (const path of ['/version', '/metrics', roles, '/apis', '/nowhere']) {
    for (const token of [null, 'wrong', '']) {
      const answer = await server.ask('GET', path, { token });
      assert.is(answer.code, 401, path);
      assert.is(answer.json.reason, 'Unauthorized');
      assert.is(answer.json['kind'], 'Status');
    }
  }
  assert.is((await server.ask('GET', '/readyz', { token: null })).code, 200);
  assert.is((await server.ask('GET', '/version')).code, 200);
});

test('bodies that are no JSON, no YAML, no UTF-8 or no object', async () => {
  const texts = ['', '{', '[1,2', '{"a":}', 'null', '7', '"x"', '[]', '\u0000'];
  for (const body of texts) {
    const { code } = await server.ask('POST', roles, { body });
    assert.ok(code === 400 || code === 422, `${JSON.stringify(body)} → ${String(code)}`);
  }
  for (const body of ['a: [', 'a: b: c', '\t- x', '- &a *a', '? {', '--- a\n--- b\n', 'a: 1\na: 2'])
    assert.is((await server.ask('POST', roles, { body, type: yaml })).code, 400, body);
  const head = `POST ${roles} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Length: 1\r\n\r\n`;
  const answer = await server.raw(Buffer.concat([Buffer.from(head), Buffer.from([0xff])]));
  assert.match(answer, 'not UTF-8');
});

test('YAML bombs: aliases that multiply, depth by brackets and by dashes', async () => {
  const laughs = ['a0: &a0 [x,x,x,x,x,x,x,x,x,x]'];
  for (let level = 1; level < 12; level += 1)
    laughs.push(
      `a${String(level)}: &a${String(level)} [${`*a${String(level - 1)},`.repeat(10).slice(0, -1)}]`,
    );
  const bombs = [laughs.join('\n'), '['.repeat(20_000), '- '.repeat(20_000), `${'{a: '.repeat(5000)}1`];
  for (const body of bombs) {
    const answer = await server.ask('POST', roles, { body, type: yaml });
    assert.is(answer.code, 400, body.slice(0, 40));
    assert.is(answer.json.reason, 'BadRequest');
  }
});

test('deep JSON and __proto__', async () => {
  const deep = `${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}`;
  assert.is((await server.ask('POST', roles, { body: deep })).code, 400);
  const mild = `{"metadata":{"name":"db"},"spec":{"type":"custom","replicas":1,"attributes":${'['.repeat(100)}${']'.repeat(100)}}}`;
  assert.is((await server.ask('POST', roles, { body: mild })).code, 400);
  const proto =
    '{"metadata":{"name":"db"},"spec":{"type":"custom","replicas":1,"attributes":{"__proto__":{"x":1}}}}';
  assert.is((await server.ask('POST', roles, { body: proto })).code, 400);
});

test('a body over 3 MiB: 413, told or streamed; a spec over 512 KiB: 422 that names it', async () => {
  const huge = `{"x":"${'y'.repeat(3 * 1024 * 1024)}"}`;
  assert.is((await server.ask('POST', roles, { body: huge })).code, 413);
  const headers = { 'transfer-encoding': 'chunked' };
  const streamed = await ask(server.running.port, 'POST', roles, { body: huge, headers });
  assert.is(streamed.code, 413);
  const spec = { type: 'custom', replicas: 1, attributes: { text: 'y'.repeat(600 * 1024) } };
  const large = await server.ask('POST', roles, { body: { metadata: { name: 'db' }, spec } });
  assert.is(large.code, 422);
  assert.is(large.json.details?.causes?.[0]?.field, 'spec');
});

test('bodies that are held back, more than all clients together may have on their way: 503, and others go on', async () => {
  const head = `POST ${roles} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Length: 3000000\r\n\r\n`;
  const most = Buffer.alloc(2_900_000, 'x');
  const patient = await testServer({ patience: { ...PATIENCE, request: millis(PATIENCE_MS) } });
  const texts: string[] = [];
  const sockets = Array.from({ length: 110 }, () => {
    const socket = connect(patient.running.port, '127.0.0.1', () => {
      socket.write(head);
      socket.write(most);
    });
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => texts.push(chunk.toString()));
    return socket;
  });
  await untilTrue('some are refused', () => texts.length > 0);
  for (const text of texts) assert.match(text, /^HTTP\/1\.1 503 [^]*"reason":"ServiceUnavailable"/);
  assert.ok(texts.length < 40, String(texts.length));
  for (const socket of sockets) socket.destroy();
  for (const socket of sockets) if (!socket.closed) await once(socket, 'close');
  // what they held is given back when the server has noticed
  const code = await until('room', async () => {
    const answer = await patient.ask('POST', roles, { body: '{' });
    return answer.code === 503 ? null : answer.code;
  });
  assert.is(code, 400);
  await patient.running.close();
});

test('media types that are not taken: 415', async () => {
  for (const type of ['text/html', 'application/xml', 'application/vnd.kubernetes.protobuf'])
    assert.is((await server.ask('POST', roles, { body: '{}', type })).code, 415);
  const headers = { 'content-encoding': 'gzip' };
  assert.is((await server.ask('POST', roles, { body: '{}', headers })).code, 415);
});

test('paths and methods that are not there', async () => {
  const paths = [
    '/',
    '/apis/scalarium.dev/v2/roles',
    `${API}/unicorns`,
    `${API}/roles/app`,
    `${API}/namespaces/shop`,
    `${API}/namespaces/shop/clusters/shop`,
    `${roles}/app/exec`,
    `${roles}/app/consent/more`,
    `${roles}/a%2Fb`,
    `${roles}/%E0%A4%A`,
    `${roles}/none`,
    '//',
  ];
  for (const path of paths) {
    const answer = await server.ask('GET', path);
    assert.is(answer.code, 404, path);
    assert.is(answer.json['kind'], 'Status');
  }
  for (const method of ['TRACE', 'OPTIONS', 'PUT', 'LOCK'])
    assert.is((await server.ask(method, roles)).code, 405, method);
  assert.is((await server.ask('POST', '/version')).code, 405);
});

test('selectors and revisions that cannot be read: 400; a revision from the future: 504', async () => {
  const queries = ['labelSelector=a%20in%20b', 'fieldSelector=spec.x=y', 'resourceVersion=-1'];
  for (const query of [...queries, 'resourceVersion=abc', 'watch=true&timeoutSeconds=x'])
    assert.is((await server.ask('GET', `${roles}?${query}`)).code, 400, query);
});

test('what is no HTTP gets 400 and no crash', async () => {
  assert.match(await server.raw('GARBAGE\r\n\r\n'), '400 Bad Request');
  const overflow = `GET / HTTP/1.1\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`;
  assert.match(await server.raw(overflow).catch(() => '431'), '431');
});

test('an upgrade nobody takes is refused', async () => {
  const upgrade = 'GET /x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
  assert.match(await server.raw(upgrade), '404 Not Found');
});

test('metrics as text and as JSON; discovery names the kinds', async () => {
  const text = await server.ask('GET', '/metrics');
  assert.ok(text.text.startsWith('queue_depth{q="a\\"b"} 3\nscalarium_watches 0\n'), text.text);
  const json = await server.ask('GET', '/metrics', { headers: { accept: 'application/json' } });
  const [first] = JSON.parse(json.text) as readonly unknown[];
  assert.equal(first, { name: 'queue_depth', labels: { q: 'a"b' }, value: 3 });
  const { resources } = (await server.ask('GET', API)).json as unknown as {
    readonly resources: readonly { readonly name: string }[];
  };
  assert.ok(resources.some(({ name }) => name === 'instances'));
});

test('plans refuse what apply would refuse, and hand the rest to the planner in order', async () => {
  const seen: string[] = [];
  const other = await testServer({
    plan: (documents) => {
      seen.push(...documents.map(({ kind }) => kind));
      return [];
    },
  });
  other.objects.has(ref('Cloud', null, 'local'), { spec: { provider: 'local' } });
  const documents = `
apiVersion: scalarium.dev/v1
kind: Role
metadata: { name: app, namespace: new }
spec: { type: nodejs-app, replicas: 1, dependsOn: [db] }
---
apiVersion: scalarium.dev/v1
kind: Cluster
metadata: { name: new }
spec: { cloud: local }
`;
  try {
    const path = `${API}/plan`;
    const dangling = await other.ask('POST', path, { body: documents, type: yaml });
    assert.is(dangling.code, 422);
    assert.match(dangling.json.message ?? '', /document 1 \(Role app\) spec\.dependsOn\.0/);
    const body = documents.replace(', dependsOn: [db]', '');
    assert.is((await other.ask('POST', path, { body, type: yaml })).code, 200);
    assert.equal(seen, ['Cluster', 'Role']);
  } finally {
    await other.running.close();
  }
});

test('a port in use is one line with what to do', async () => {
  try {
    await testServer({ port: server.running.port });
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, '--port');
    assert.not.match((error as Error).message, '\n');
  }
});
