/** The table of rights over HTTP, as the issue has it. */
import type { KindName } from '../../api-types/kinds.js';
import type { PlannedChange } from '../../api-types/plan.js';
import { type AccessServer, grant, person, withServer } from '../build/access.js';
import { API } from '../build/server.js';
import { ref } from '../fake/objects.js';
import { assert, suite } from '../suite.js';

const test = suite('rights over HTTP');

const WHO = ['nobody', 'deny', 'show', 'deploy', 'manage', 'admin'] as const;
type Who = (typeof WHO)[number];

const READ = 'get list watch';
const WRITE = 'create update patch delete deletecollection';

/** By hand, as the issue has it: the least who may. */
const TABLE: readonly (readonly [path: string, name: string, verbs: string, least: Who])[] = [
  ['/clouds', 'local', READ, 'show'],
  ['/clouds', 'local', WRITE, 'admin'],
  ['/clusters', 'shop', 'list watch', 'nobody'],
  ['/clusters', 'shop', 'get', 'show'],
  ['/clusters', 'shop', 'update patch delete', 'manage'],
  ['/clusters', 'shop', 'create deletecollection', 'admin'],
  ['/namespaces/shop/roles', 'app', READ, 'show'],
  ['/namespaces/shop/roles', 'app', WRITE, 'manage'],
  ['/namespaces/shop/instances', 'app-1', READ, 'show'],
  ['/namespaces/shop/instances', 'app-1', WRITE, 'manage'],
  ['/namespaces/shop/lifecycleevents', 'le-1', READ, 'show'],
  ['/namespaces/shop/events', 'ev-1', READ, 'show'],
  ['/namespaces/shop/secrets', 'db', READ, 'deploy'],
  ['/namespaces/shop/secrets', 'db', 'create update patch', 'deploy'],
  ['/namespaces/shop/secrets', 'db', 'delete deletecollection', 'manage'],
  ['/namespaces/shop/grants', 'other', 'list watch', 'show'],
  ['/namespaces/shop/grants', 'other', `get ${WRITE}`, 'manage'],
  ['/namespaces/shop/roles/app', 'scale', 'get', 'show'],
  ['/namespaces/shop/roles/app', 'scale', 'update patch', 'manage'],
  ['/namespaces/shop/instances/app-1', 'logs', 'get', 'show'],
  ['/namespaces/shop/runs', 'all', READ, 'show'],
  ['/namespaces/shop/runs', 'all', 'create', 'deploy'],
  ['/namespaces/shop/runs', 'all', 'update patch delete deletecollection', 'manage'],
  ['/namespaces/shop/applications', 'site', READ, 'show'],
  ['/namespaces/shop/applications', 'site', 'update patch', 'deploy'],
  ['/namespaces/shop/applications', 'site', 'create delete deletecollection', 'manage'],
  ['/namespaces/shop/deployments', 'site-1', READ, 'show'],
  ['/namespaces/shop/deployments', 'site-1', 'create update patch', 'deploy'],
  ['/namespaces/shop/deployments', 'site-1', 'delete deletecollection', 'manage'],
  ['/users', 'eve', 'list watch', 'nobody'],
  ['/users', 'eve', `get ${WRITE}`, 'admin'],
];

const METHODS: Readonly<Record<string, string>> = {
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
  deletecollection: 'DELETE',
};

const doing = (server: AccessServer, token: string, path: string, name: string) => (verb: string) => {
  const named = !['list', 'watch', 'create', 'deletecollection'].includes(verb);
  const query = METHODS[verb] ? '?dryRun=All' : verb === 'watch' ? '?watch=true&timeoutSeconds=1' : '';
  const type = verb === 'patch' ? { type: 'application/merge-patch+json' } : {};
  const body = ['create', 'update', 'patch'].includes(verb) ? { body: {}, ...type } : {};
  return server.ask(METHODS[verb] ?? 'GET', `${API}${path}${named ? `/${name}` : ''}${query}`, {
    token,
    ...body,
  });
};

const population = ({ objects }: AccessServer): Readonly<Record<Who, string>> => {
  objects.has(ref('Instance', 'shop', 'app-1'), { spec: { role: 'app' } });
  objects.has(ref('Secret', 'shop', 'db'), { spec: {} });
  objects.has(ref('Run', 'shop', 'all'), { spec: { event: 'setup' } });
  const source = { type: 'git', url: 'https://git.example/site.git' } as const;
  objects.has(ref('Application', 'shop', 'site'), { spec: { type: 'nodejs', source } });
  objects.has(ref('Deployment', 'shop', 'site-1'), { spec: { application: 'site', command: 'deploy' } });
  objects.has(ref('User', null, 'eve'), { spec: {} });
  grant(objects, 'other', { user: 'eve', level: 'show' });
  const tokens = WHO.map((who) => [who, person(objects, who, { admin: who === 'admin' })] as const);
  for (const level of ['deny', 'show', 'deploy', 'manage']) grant(objects, level, { user: level, level });
  return Object.fromEntries(tokens) as Record<Who, string>;
};

test(
  'every level, kind and verb',
  withServer(async (server) => {
    const tokens = population(server);
    const asked = TABLE.flatMap(([path, name, verbs, least]) =>
      verbs.split(' ').flatMap((verb) => WHO.map((who) => ({ path, name, least, verb, who }))),
    );
    const check = async ({ path, name, least, verb, who }: (typeof asked)[number]): Promise<void> => {
      const { code, text } = await doing(server, tokens[who], path, name)(verb);
      const may = least === 'nobody' || (who !== 'deny' && WHO.indexOf(who) >= WHO.indexOf(least));
      assert.is(code === 403, !may, `${who}: ${verb} ${path}: ${text.slice(0, 300)}`);
      assert.ok(code < 500 && code !== 401, text);
    };
    // together: the watches end after a second
    await Promise.all(asked.map(check));
  }),
);

test(
  'a plan is not shown of what its asker may not see',
  withServer(async (server) => {
    const token = person(server.objects, 'ana');
    const body = {
      apiVersion: 'scalarium.dev/v1',
      kind: 'Role',
      metadata: { name: 'app', namespace: 'shop' },
      spec: { type: 'nodejs-app', replicas: 3 },
    };
    assert.is((await server.ask('POST', `${API}/plan`, { token, body })).code, 403);
    grant(server.objects, 'ana', { user: 'ana', level: 'show' });
    assert.is((await server.ask('POST', `${API}/plan`, { token, body })).code, 200);
  }),
);

const ended = (kind: KindName, name: string): PlannedChange => ({
  action: 'terminate',
  object: { kind, namespace: 'shop', name },
  message: '',
  requiresConsent: false,
});

test(
  'of what an edit brings about elsewhere, a plan tells what its asker sees',
  withServer(
    async (server) => {
      const token = person(server.objects, 'ana');
      grant(server.objects, 'ana', { user: 'ana', level: 'manage', roles: ['app'] });
      server.objects.has(ref('Role', 'shop', 'db'), { spec: { type: 'custom', replicas: 1 } });
      for (const role of ['app', 'db'])
        server.objects.has(ref('Instance', 'shop', `${role}-1`), { spec: { role } });
      const body = {
        apiVersion: 'scalarium.dev/v1',
        kind: 'Role',
        metadata: { name: 'app', namespace: 'shop' },
        spec: { type: 'nodejs-app', replicas: 0 },
      };
      const { json } = await server.ask('POST', `${API}/plan`, { token, body });
      assert.equal(
        (json['changes'] as readonly PlannedChange[]).map(({ object }) => object.name),
        ['app-1', 'new-1'],
      );
    },
    { plan: () => [ended('Instance', 'app-1'), ended('Instance', 'db-1'), ended('Instance', 'new-1')] },
  ),
);
