/** What somebody with few rights, or none, tried once: each of these was possible. */
import { type AccessServer, ROOT, grant, person, withServer } from '../build/access.js';
import type { AuditEntry } from '../../api-types/audit.js';
import { API, type HttpAnswer, testServer } from '../build/server.js';
import { ref } from '../fake/objects.js';
import { assert, suite } from '../suite.js';

const test = suite('attacks on the door');

const SECRETS = `${API}/namespaces/shop/secrets`;
const MERGE = 'application/merge-patch+json';

const withSecret = async ({ objects, ask }: AccessServer): Promise<string> => {
  const token = person(objects, 'dep');
  grant(objects, 'dep', { user: 'dep', level: 'deploy' });
  const body = { metadata: { name: 'db' }, spec: { data: { password: 'hunter2' } } };
  assert.is((await ask('POST', SECRETS, { token: ROOT, body })).code, 201);
  return token;
};

test(
  'no path and no media type shows a value to who may only deploy',
  withServer(async (server) => {
    const token = await withSecret(server);
    const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';
    for (const path of ['/db', '/db/status', '/db?watch=true&timeoutSeconds=1', '', '?includeObject=Object'])
      for (const accept of ['application/json', 'application/yaml', table])
        for (const method of ['GET', 'HEAD']) {
          const { text } = await server.ask(method, `${SECRETS}${path}`, { token, headers: { accept } });
          assert.not.match(text, 'hunter2', `${method} ${path} as ${accept}`);
        }
    assert.match((await server.ask('GET', `${SECRETS}/db`, { token: ROOT })).text, 'hunter2');
  }),
);

test(
  'a guess at a Secret is not told to be right: not by a dry run, a patch or an apply',
  withServer(async (server) => {
    const token = await withSecret(server);
    const guess = (password: string, query: string, type: string) =>
      server.ask('PATCH', `${SECRETS}/db?dryRun=All&${query}`, {
        token,
        type,
        body: {
          apiVersion: 'scalarium.dev/v1',
          kind: 'Secret',
          metadata: { name: 'db' },
          spec: { data: { password } },
        },
      });
    for (const [query, type] of [
      ['', MERGE],
      ['fieldManager=eve', 'application/apply-patch+yaml'],
      ['fieldManager=eve&force=true', 'application/apply-patch+yaml'],
    ] as const) {
      const right = await guess('hunter2', query, type);
      const wrong = await guess('hunter3', query, type);
      assert.is(right.text.replaceAll(/"time":"[^"]*"/g, ''), wrong.text.replaceAll(/"time":"[^"]*"/g, ''));
      assert.is(right.code, wrong.code);
    }
  }),
);

const role = (name: string, more: object = {}): object => ({
  apiVersion: 'scalarium.dev/v1',
  kind: 'Role',
  metadata: { name, namespace: 'shop' },
  spec: { type: 'custom', replicas: 1, ...more },
});

test(
  'a plan does not tell what there is in a cluster that its asker may not see',
  withServer(async (server) => {
    const token = person(server.objects, 'nobody');
    const plan = (body: object) => server.ask('POST', `${API}/plan`, { token, body });
    const answers = [
      await plan(role('app')),
      await plan(role('none')),
      await plan(role('none', { dependsOn: ['app'] })),
      await plan(role('none', { dependsOn: ['none-either'] })),
    ];
    for (const { code, text } of answers) assert.is(code, 403, text);
    grant(server.objects, 'part', { user: 'nobody', level: 'manage', roles: ['web'] });
    server.objects.has(ref('Role', 'shop', 'web'), { spec: { type: 'custom', replicas: 1 } });
    const [there, absent] = [
      await plan(role('web', { dependsOn: ['app'] })),
      await plan(role('web', { dependsOn: ['xyz'] })),
    ];
    assert.is(there.code, 422, there.text);
    assert.is(there.text.replaceAll('app', 'xyz'), absent.text);
  }),
);

test(
  "an Instance that says it is another Role's slot is that Role's affair too",
  withServer(async (server) => {
    const token = person(server.objects, 'web');
    grant(server.objects, 'web', { user: 'web', level: 'manage', roles: ['web'] });
    const instance = (owner: string): Promise<HttpAnswer> =>
      server.ask('POST', `${API}/namespaces/shop/instances`, {
        token,
        body: {
          metadata: {
            name: `${owner}-7`,
            ownerReferences: [{ apiVersion: 'scalarium.dev/v1', kind: 'Role', name: owner, uid: 'x' }],
          },
          spec: { role: 'web' },
        },
      });
    assert.is((await instance('app')).code, 403);
    const own = await instance('web');
    assert.is(own.code, 201, own.text);
  }),
);

const own = `${API}/users/eve`;
const patchOwn = (server: AccessServer, token: string, query: string, spec: object) =>
  server.ask('PATCH', `${own}?${query}`, { token, type: MERGE, body: { spec } });

test(
  'unknown fields with letters that no header takes, and thousands of them',
  withServer(async (server) => {
    const token = person(server.objects, 'eve');
    const odd = await patchOwn(server, token, 'fieldValidation=Warn', {
      日本: 1,
      'a\r\nX: y': 1,
      'q"\\': 1,
      ['x'.repeat(20_000)]: 1,
    });
    assert.is(odd.code, 200, odd.text);
    assert.match(String(odd.headers['warning']), /unknown field 'spec\.\?\?'/);
    assert.is(odd.headers['x'], undefined);
    const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`k${String(at)}`, 1]));
    for (const query of ['fieldValidation=Warn', 'fieldValidation=Ignore', 'fieldValidation=Strict']) {
      const answer = await patchOwn(server, token, query, many);
      assert.is(answer.code, query.endsWith('Strict') ? 422 : 200, answer.text.slice(0, 300));
      assert.ok(answer.text.length < 100_000, String(answer.text.length));
    }
    const list = JSON.stringify({ ...role('app'), spec: many });
    const plan = await server.ask('POST', `${API}/plan`, { token: ROOT, body: list });
    assert.is(plan.code, 422);
  }),
);

test(
  'bodies that cost more than they weigh: refused before they are parsed',
  withServer(async (server) => {
    const token = person(server.objects, 'eve');
    const yaml = `a: [${'x,'.repeat(1_400_000)}x]`;
    const sent = [
      await server.ask('POST', `${API}/plan`, { token, type: 'application/yaml', body: yaml }),
      await server.ask('POST', `${API}/plan`, {
        token,
        body: `{"kind":"List","items":[${'0,'.repeat(9999)}0]}`,
      }),
      await server.ask('POST', `${API}/login`, { token: null, body: `{"user":"${'x'.repeat(40_000)}"}` }),
      await server.ask('POST', `${API}/plan`, {
        token: ROOT,
        body: {
          kind: 'List',
          items: Array.from({ length: 6 }, (_, at) => role(`r-${String(at)}`, { replicas: 10_000 })),
        },
      }),
    ];
    for (const { code, json } of sent) {
      assert.is(code, 413);
      assert.is(json.reason, 'RequestEntityTooLarge');
    }
    const asYaml = await server.ask('POST', `${API}/login`, {
      token: null,
      type: 'application/yaml',
      body: 'a: 1',
    });
    assert.is(asYaml.code, 415);
  }),
);

test(
  'selectors that take long to read, or hold every object against thousands of terms',
  withServer(async (server) => {
    const token = person(server.objects, 'eve');
    for (const selector of [`a=${'+'.repeat(7000)}!b`, '!a,'.repeat(2000)]) {
      const began = performance.now();
      const answer = await server.ask('GET', `${API}/roles?labelSelector=${selector}`, { token });
      assert.is(answer.code, 400, answer.text);
      assert.ok(performance.now() - began < 1000);
    }
  }),
);

test(
  'whether there is a Role is not told to who may not see it',
  withServer(async (server) => {
    const token = person(server.objects, 'web');
    grant(server.objects, 'web', { user: 'web', level: 'manage', roles: ['web'] });
    const roles = `${API}/namespaces/shop/roles`;
    for (const method of ['GET', 'DELETE']) {
      const there = await server.ask(method, `${roles}/app`, { token });
      const absent = await server.ask(method, `${roles}/xyz`, { token });
      assert.is(there.code, 403);
      assert.is(there.text.replaceAll('app', 'xyz'), absent.text);
    }
    assert.is((await server.ask('GET', `${roles}/web`, { token })).code, 404);
    const made = await server.ask('POST', roles, { token, body: role('web') });
    assert.is(made.code, 201, made.text);
  }),
);

test(
  'who asks in the name of somebody with few rights does not do it with all their own',
  withServer(async (server) => {
    person(server.objects, 'eve');
    const role = `${API}/namespaces/shop/roles/app`;
    for (const header of ['Impersonate-User', 'impersonate-group', 'Impersonate-Extra-scopes']) {
      const answer = await server.ask('DELETE', role, { token: ROOT, headers: { [header]: 'eve' } });
      assert.is(answer.code, 403, answer.text);
      assert.match(answer.text, /asking in another name \(impersonate-/);
    }
    assert.is((await server.ask('GET', role, { token: ROOT })).code, 200);
  }),
);

test(
  'a token may be called like what every object has',
  withServer(async (server) => {
    const token = person(server.objects, 'eve');
    const tokens = `${own}/tokens`;
    assert.is((await server.ask('DELETE', `${tokens}/constructor`, { token })).code, 404);
    assert.is((await server.ask('POST', tokens, { token, body: { name: 'constructor' } })).code, 201);
    assert.is((await server.ask('DELETE', `${tokens}/constructor`, { token })).code, 200);
  }),
);

test('a flood of long refusals does not fill the audit log with what the client says', async () => {
  const lines: AuditEntry[] = [];
  const audit = { write: (entry: AuditEntry) => lines.push(entry), read: () => Promise.resolve([]) };
  const server = await testServer({ audit });
  try {
    const headers = { 'user-agent': 'x'.repeat(6000) };
    await server.ask('DELETE', `${API}/roles/${'y'.repeat(6000)}`, { headers, token: 'wrong' });
    assert.is(lines.length, 1);
    assert.ok(JSON.stringify(lines).length < 3000);
  } finally {
    await server.running.close();
  }
});
