/** Users, tokens and rights over HTTP. */
import { request } from 'node:http';
import { machineCredential } from '../../runtime/tokens.js';
import { type AccessServer, KEY, ROOT, grant, person, withServer } from '../build/access.js';
import { API, type HttpAnswer } from '../build/server.js';
import { ref } from '../fake/objects.js';
import { assert, suite } from '../suite.js';

const test = suite('access over HTTP');

const login = (server: AccessServer, body: object): Promise<HttpAnswer> =>
  server.ask('POST', `${API}/login`, { token: null, body });

const PASSWORD = 'correct horse battery';

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
  'a password is exchanged for a token that works until it is revoked',
  withServer(async (server) => {
    await withPassword(server, 'ana');
    const entered = await login(server, { user: 'ana', password: PASSWORD, tokenName: 'laptop' });
    assert.is(entered.code, 201, entered.text);
    const token = entered.json['token'] as string;
    assert.match(token, /^scalarium_[\w-]{43}$/);
    const listed = await server.ask('GET', `${API}/users/ana/tokens`, { token });
    assert.match(listed.text, /"laptop"/);
    assert.is((await server.ask('DELETE', `${API}/users/ana/tokens/laptop`, { token })).code, 200);
    assert.is((await server.ask('GET', `${API}/users/ana`, { token })).code, 401);
  }),
);

test(
  'a refused login says the same whoever it was that tried',
  withServer(async (server) => {
    await withPassword(server, 'ana');
    await withPassword(server, 'off');
    server.objects.has(ref('User', null, 'off'), { spec: { disabled: true } });
    person(server.objects, 'bare');
    const tries = [
      { user: 'ana', password: 'wrong wrong' },
      { user: 'bare', password: PASSWORD },
      { user: 'off', password: PASSWORD },
      { user: 'no-such-person', password: PASSWORD },
      { user: 'Not a name at all \u0000', password: PASSWORD },
    ];
    const answers = [];
    for (const sent of tries) answers.push(await login(server, sent));
    for (const { code, text } of answers) {
      assert.is(code, 401);
      assert.is(text, answers[0]?.text);
    }
  }),
);

test(
  'guessing is slowed down, also many guesses at once',
  withServer(async (server) => {
    await withPassword(server, 'ana');
    const guesses = await Promise.all(
      Array.from({ length: 30 }, (_, at) => login(server, { user: 'ana', password: `guess ${String(at)}` })),
    );
    const refused = guesses.filter(({ code }) => code === 429);
    assert.is(guesses.filter(({ code }) => code === 401).length, 10);
    assert.is(refused.length, 20);
    assert.ok(Number(refused[0]?.headers['retry-after']) >= 1);
    assert.is((await login(server, { user: 'ana', password: PASSWORD })).code, 429);
  }),
);

test(
  'wrong tokens are slowed down by address, good ones are not',
  withServer(async (server) => {
    const codes = new Set<number>();
    for (let at = 0; at < 60; at += 1)
      codes.add((await server.ask('GET', `${API}/clusters`, { token: `wrong-${String(at)}` })).code);
    assert.equal([...codes], [401, 429]);
    assert.is((await server.ask('GET', `${API}/clusters`, { token: ROOT })).code, 200);
  }),
);

test(
  'no answer shows a hash',
  withServer(async (server) => {
    const token = await withPassword(server, 'ana');
    await server.ask('POST', `${API}/users/ana/tokens`, { token, body: { name: 'ci' } });
    const table = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
    const seen = [
      await server.ask('GET', `${API}/users/ana`, { token }),
      await server.ask('GET', `${API}/users`, { token: ROOT }),
      await server.ask('GET', `${API}/users?watch=true&timeoutSeconds=1`, { token: ROOT }),
      await server.ask('GET', `${API}/users?includeObject=Object`, { token: ROOT, headers: table }),
      await server.ask('GET', `${API}/users/ana/tokens`, { token }),
      await server.ask('PATCH', `${API}/users/ana`, {
        token,
        body: { spec: { displayName: 'Ana' } },
        type: 'application/merge-patch+json',
      }),
    ];
    for (const { code, text } of seen) {
      assert.is(code, 200, text);
      assert.not.match(text, /hash|argon2/);
    }
    assert.match(seen[0]!.text, /"changedAt"/);
    assert.match(seen[0]!.text, /"type":"Ready","status":"True"/);
  }),
);

test(
  'of their own User people change their names and keys, not their rights',
  withServer(async (server) => {
    const token = person(server.objects, 'ana');
    const patch = (spec: object) =>
      server.ask('PATCH', `${API}/users/ana`, {
        token,
        body: { spec },
        type: 'application/merge-patch+json',
      });
    assert.is((await patch({ displayName: 'Ana', email: 'ana@example.org' })).code, 200);
    for (const spec of [
      { admin: true },
      { groups: ['ops'] },
      { disabled: true },
      { oidc: { issuer: 'https://x', subject: 'y' } },
    ])
      assert.is((await patch(spec)).code, 403, JSON.stringify(spec));
  }),
);

test(
  'bad input to the doors is a Status',
  withServer(async (server) => {
    const token = person(server.objects, 'ana');
    const tokens = `${API}/users/ana/tokens`;
    const sent = [
      await login(server, {}),
      await login(server, { user: 'ana' }),
      await login(server, { user: 'ana', password: 'x', idToken: 'y' }),
      await login(server, { user: 7, password: {} }),
      await login(server, { user: 'ana', password: PASSWORD, expiresSeconds: 1 }),
      await server.ask('POST', tokens, { token, body: { name: 'No Label' } }),
      await server.ask('POST', tokens, { token, body: { name: 'ci', expiresSeconds: 1e12 } }),
      await server.ask('POST', tokens, { token, body: '{' }),
      await server.ask('POST', `${tokens}?dryRun=Some`, { token, body: { name: 'ci' } }),
      await server.ask('PUT', `${API}/users/ana/password`, { token, body: { password: 'short' } }),
    ];
    for (const { code, json, text } of sent) {
      assert.ok(code === 400 || code === 422, text);
      assert.is(json['kind'], 'Status');
    }
    assert.is((await server.ask('POST', `${tokens}?dryRun=All`, { token, body: { name: 'ci' } })).code, 201);
    assert.not.match((await server.ask('GET', tokens, { token })).text, /"ci"/);
    for (let at = 1; at < 50; at += 1)
      assert.is((await server.ask('POST', tokens, { token, body: { name: `t-${String(at)}` } })).code, 201);
    assert.is(
      (await server.ask('POST', tokens, { token, body: { name: 't-1' } })).json.reason,
      'AlreadyExists',
    );
    assert.is((await server.ask('POST', tokens, { token, body: { name: 'one-too-many' } })).code, 409);
  }),
);

/** Resolves with what came when the server ends the answer. */
const watching = (server: AccessServer, token: string) => {
  const headers = { authorization: `Bearer ${token}` };
  const path = `${API}/namespaces/shop/roles?watch=true`;
  let started: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => (started = resolve));
  const ended = new Promise<string>((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port: server.running.port, path, headers, agent: false },
      (answer) => {
        let text = '';
        answer.on('data', (chunk: Buffer) => {
          text += chunk.toString();
          started();
        });
        answer.on('end', () => {
          resolve(text);
        });
      },
    );
    asked.on('error', reject);
    asked.end();
  });
  return { begun, ended };
};

for (const [what, revoke] of [
  [
    'a revoked token',
    ({ ask }: AccessServer) => ask('DELETE', `${API}/users/ana/tokens/test`, { token: ROOT }),
  ],
  [
    'a disabled user',
    ({ objects }: AccessServer) => objects.has(ref('User', null, 'ana'), { spec: { disabled: true } }),
  ],
  [
    'a grant that went',
    ({ objects }: AccessServer) => {
      objects.deleteRaw(ref('Grant', 'shop', 'ana'));
    },
  ],
  [
    'a grant that now denies',
    ({ objects }: AccessServer) => {
      grant(objects, 'ana', { user: 'ana', level: 'deny' });
    },
  ],
] as const)
  test(
    `${what} ends a running watch`,
    withServer(async (server) => {
      const token = person(server.objects, 'ana');
      grant(server.objects, 'ana', { user: 'ana', level: 'show' });
      const { begun, ended } = watching(server, token);
      await begun;
      await revoke(server);
      assert.match(await ended, /^\{"type":"ADDED".*\n\{"type":"ERROR".*"code":410/s);
    }),
  );

test(
  'an agent gets its own Instance with its credential, and nothing else',
  withServer(async (server) => {
    const bound = {
      id: 'i-1',
      batch: 'b',
      zone: 'a',
      instanceType: 't',
      imageId: 'ami',
      launchedAt: 'x',
      state: 'running',
    };
    const live = server.objects.has(
      ref('Instance', 'shop', 'app-1'),
      { spec: { role: 'app' } },
      { machine: bound },
    );
    server.objects.has(ref('Instance', 'shop', 'app-2'), { spec: { role: 'app' } });
    const ask = (path: string, credential = machineCredential(KEY, 'i-1', live.uid)) =>
      server.ask('GET', `${API}${path}`, { token: credential, headers: { 'x-scalarium-machine': 'i-1' } });
    const codes = async (...paths: readonly string[]) =>
      Promise.all(paths.map(async (path) => (await ask(path)).code));
    assert.equal(
      await codes('/namespaces/shop/instances/app-1', '/clusters/shop', '/namespaces/shop/roles/app'),
      [200, 200, 200],
    );
    assert.equal(
      await codes('/namespaces/shop/instances/app-2', '/namespaces/shop/instances', '/clusters', '/users'),
      [403, 403, 403, 403],
    );
    assert.is((await ask('/clusters/shop', 'wrong')).code, 401);
  }),
);

test(
  'self reviews: can-i, can-i --list, whoami',
  withServer(async (server) => {
    const token = person(server.objects, 'ana', { groups: ['ops'] });
    grant(server.objects, 'ops', { group: 'ops', level: 'deploy' });
    const post = (path: string, spec: object) =>
      server.ask('POST', `/apis/${path}`, { token, body: { spec } });
    const can = async (attributes: object): Promise<boolean> => {
      const { json } = await post('authorization.k8s.io/v1/selfsubjectaccessreviews', {
        resourceAttributes: attributes,
      });
      return (json['status'] as { allowed: boolean }).allowed;
    };
    const group = 'scalarium.dev';
    assert.ok(await can({ group, resource: 'roles', verb: 'get', namespace: 'shop' }));
    assert.not(await can({ group, resource: 'roles', verb: 'delete', namespace: 'shop', name: 'app' }));
    assert.not(await can({ group: '*', resource: '*', verb: '*' }));
    assert.not(await can({ group, resource: 'nonsense', verb: 'get' }));
    const metrics = await post('authorization.k8s.io/v1/selfsubjectaccessreviews', {
      nonResourceAttributes: { path: '/metrics', verb: 'get' },
    });
    assert.match(metrics.text, /"allowed":false/);
    const rules = await post('authorization.k8s.io/v1/selfsubjectrulesreviews', { namespace: 'shop' });
    assert.match(
      rules.text,
      /\{"verbs":\["get","list","watch"\],"apiGroups":\["scalarium.dev"\],"resources":\["roles"\]\}/,
    );
    const who = await server.ask('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {
      token,
      body: {},
    });
    assert.match(who.text, /"username":"ana","groups":\["ops","system:authenticated"\]/);
    assert.is((await post('authorization.k8s.io/v1/selfsubjectaccessreviews', {})).code, 400);
  }),
);
