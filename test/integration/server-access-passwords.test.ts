/** Passwords that are changed, over HTTP. */
import { type AccessServer, ROOT, person, withServer } from '../build/access.js';
import { API, type HttpAnswer } from '../build/server.js';
import { assert, suite } from '../suite.js';

const test = suite('passwords that are changed');

const PASSWORD = 'correct horse battery';

const login = (server: AccessServer, body: object): Promise<HttpAnswer> =>
  server.ask('POST', `${API}/login`, { token: null, body });

const withPassword = async (server: AccessServer, name: string): Promise<string> => {
  const token = person(server.objects, name);
  const set = await server.ask('PUT', `${API}/users/${name}/password`, {
    token,
    body: { password: PASSWORD },
  });
  assert.is(set.code, 200, set.text);
  return token;
};

test(
  "one's password is changed by who knows it, or by an admin",
  withServer(async (server) => {
    const token = await withPassword(server, 'ana');
    const eve = person(server.objects, 'eve');
    const put = (by: string, body: object) =>
      server.ask('PUT', `${API}/users/ana/password`, { token: by, body });
    assert.is((await put(token, { password: 'another one' })).code, 422);
    assert.is((await put(token, { password: 'another one', current: 'wrong wrong' })).code, 422);
    assert.is((await put(eve, { password: 'another one', current: PASSWORD })).code, 403);
    assert.is((await put(token, { password: 'another one', current: PASSWORD })).code, 200);
    assert.is((await put(ROOT, { password: 'by an admin' })).code, 200);
    assert.is((await login(server, { user: 'ana', password: 'by an admin' })).code, 201);
  }),
);

test(
  'with a new password all other tokens can be revoked',
  withServer(async (server) => {
    const token = await withPassword(server, 'ana');
    const { json } = await login(server, { user: 'ana', password: PASSWORD });
    const other = json['token'] as string;
    const me = async (by: string) => (await server.ask('GET', `${API}/users/ana`, { token: by })).code;
    const put = (more: object) =>
      server.ask('PUT', `${API}/users/ana/password`, {
        token,
        body: { password: PASSWORD, current: PASSWORD, ...more },
      });
    assert.is((await put({})).code, 200);
    assert.equal([await me(token), await me(other)], [200, 200]);
    assert.is((await put({ revokeTokens: 'yes' })).code, 422);
    assert.is((await put({ revokeTokens: true })).code, 200);
    assert.equal([await me(token), await me(other)], [200, 401]);
  }),
);
