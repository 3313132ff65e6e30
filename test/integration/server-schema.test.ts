/** Discovery and the schema over HTTP: who may ask, what is sent again, and what is not. */
import { getDoor } from '../build/doors.js';
import { type TestServer, testServer } from '../build/server.js';
import { assert, suite } from '../suite.js';

const test = suite<{ server: TestServer }>('discovery and the schema over HTTP');

test.before(async (context) => {
  context.server = await testServer();
});

test.after(async ({ server }) => {
  await server.running.close();
});

const PATHS = ['/api', '/apis', '/apis/scalarium.dev/v1', '/openapi/v2', '/openapi/v3/apis/scalarium.dev/v1'];

for (const path of PATHS)
  test(`${path} is for callers, and sent once`, async ({ server }) => {
    assert.is((await server.ask('GET', path, { token: null })).code, 401);
    const first = await server.ask('GET', path);
    assert.is(first.code, 200);
    assert.ok(first.text.length > 0);
    const etag = first.headers.etag ?? '';
    const again = await server.ask('GET', path, { headers: { 'if-none-match': etag } });
    assert.is(again.code, 304);
    assert.is(again.text, '');
    assert.is(again.headers.etag, etag);
    assert.is((await server.ask('HEAD', path)).headers.etag, etag);
    assert.is((await server.ask('POST', path)).code, 405);
  });

test('version 2 comes as the bytes that were made', async ({ server }) => {
  const accept = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
  const answer = await server.ask('HEAD', '/openapi/v2', { headers: { accept } });
  assert.is(answer.headers['content-type'], 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf');
  const { body } = await getDoor('/openapi/v2', { accept });
  assert.is(answer.headers['content-length'], String((body as Buffer).length));
});
