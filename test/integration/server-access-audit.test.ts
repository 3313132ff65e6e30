/** What the audit log says of logins and of dry runs. */
import { type AccessServer, ROOT, person, withServer } from '../build/access.js';
import { API, type HttpAnswer } from '../build/server.js';
import { assert, suite } from '../suite.js';

const test = suite('the audit log over HTTP');

const PASSWORD = 'correct horse battery';

const login = (server: AccessServer, body: object): Promise<HttpAnswer> =>
  server.ask('POST', `${API}/login`, { token: null, body });

test(
  'the audit log names who logged in and who was tried, and holds no password',
  withServer(async (server) => {
    const token = person(server.objects, 'ana');
    await server.ask('PUT', `${API}/users/ana/password`, { token, body: { password: PASSWORD } });
    await login(server, { user: 'ana', password: PASSWORD });
    await login(server, { user: 'ana', password: 'wrong wrong' });
    await login(server, { user: 'bob', password: 'wrong wrong' });
    await login(server, { user: 'Sesame Open!', password: 'ana' });
    const lines = server.audited.filter(({ verb }) => verb === 'login');
    assert.equal(
      lines.map(({ user, code, allowed }) => [user, code, allowed]),
      [
        ['ana', 201, true],
        ['ana', 401, false],
        ['bob', 401, false],
        ['', 401, false],
      ],
    );
    assert.match(lines[1]?.reason ?? '', /wrong/);
    assert.not.match(JSON.stringify(server.audited), /Sesame|battery|wrong wrong/);
  }),
);

const DRY = { kind: 'DeleteOptions', apiVersion: 'v1', dryRun: ['All'] };

test(
  'a dry run of a deletion is one in the audit log, however it was asked for',
  withServer(async (server) => {
    const at = `${API}/namespaces/shop/roles`;
    for (const [path, body] of [
      [`${at}/app`, DRY],
      [`${at}/app?dryRun=All`, {}],
      [`${at}/no-such`, DRY],
      [at, DRY],
      [`${at}/app`, {}],
    ] as const)
      await server.ask('DELETE', path, { token: ROOT, body });
    assert.equal(
      server.audited.map(({ dryRun, code }) => [dryRun, code]),
      [
        [true, 200],
        [true, 200],
        [true, 404],
        [true, 200],
        [false, 200],
      ],
    );
  }),
);
