/**
 * Every (level × kind × verb), against the table of the issue as it is written down here by hand, and not as the code
 * has it: from the pure function, and over HTTP.
 */
import { findView } from '../../../server/views/views.js';
import { API_VERSION } from '../../../api-types/metadata.js';
import type { DeploymentSpec } from '../../../api-types/kinds/deployment.js';
import type { GrantSpec } from '../../../api-types/kinds/grant.js';
import { KIND_NAMES, kindEntry } from '../../../api-types/kinds.js';
import type { Held } from '../../../server/access/grants.js';
import { type Facts, decide, sees } from '../../../server/access/rights.js';
import { fakeObjects, ref } from '../../fake/objects.js';
import { assert, suite } from '../../suite.js';

const test = suite('rights');

type Who = 'nobody' | 'deny' | 'show' | 'deploy' | 'manage' | 'admin';
const WHO: readonly Who[] = ['nobody', 'deny', 'show', 'deploy', 'manage', 'admin'];

/** The least of WHO that may; `own`: only for oneself. */
type Row = readonly [kind: string, verbs: string, least: Exclude<Who, 'deny'>];

const READ = 'get list watch';
const WRITE = 'create update patch delete deletecollection';

const TABLE: readonly Row[] = [
  ['clouds', READ, 'show'],
  ['clouds', WRITE, 'admin'],
  ['clusters', 'list watch', 'nobody'],
  ['clusters', 'get', 'show'],
  ['clusters', 'update patch delete consent', 'manage'],
  ['clusters', 'create deletecollection', 'admin'],
  ['roles', READ, 'show'],
  ['roles', `${WRITE} consent`, 'manage'],
  ['instances', `${READ} logs`, 'show'],
  ['instances', WRITE, 'manage'],
  ['lifecycleevents', READ, 'show'],
  ['events', READ, 'show'],
  ['secrets', READ, 'deploy'],
  ['secrets', 'create update patch', 'deploy'],
  ['secrets', 'delete deletecollection reveal', 'manage'],
  ['grants', 'list watch', 'show'],
  ['grants', `get ${WRITE}`, 'manage'],
  ['runs', 'get list watch', 'show'],
  ['runs', 'create', 'deploy'],
  ['runs', 'update patch delete deletecollection', 'manage'],
  ['applications', READ, 'show'],
  ['applications', 'update patch', 'deploy'],
  ['applications', 'create delete deletecollection edit', 'manage'],
  ['deployments', READ, 'show'],
  ['deployments', 'create update patch', 'deploy'],
  ['deployments', 'delete deletecollection', 'manage'],
  ['users', 'list watch', 'nobody'],
  ['users', `get ${WRITE}`, 'admin'],
];

const factsOf = (who: Who, roles?: readonly string[]): Facts => {
  const level = WHO.indexOf(who) >= 1 && who !== 'admin' ? (who as GrantSpec['level']) : null;
  const narrow = roles === undefined ? {} : { roles };
  const held: Held[] =
    level === null ? [] : [{ cluster: 'shop', name: 'ana', spec: { user: 'ana', level, ...narrow } }];
  return { user: 'ana', groups: [], admin: who === 'admin', agent: null, grants: new Map([['shop', held]]) };
};

const scene = () => {
  const objects = fakeObjects();
  objects.has(ref('Cluster', null, 'shop'), { spec: { cloud: 'local' } });
  for (const role of ['app', 'db']) {
    objects.has(ref('Role', 'shop', role), { spec: { type: 'nodejs-app', replicas: 1 } });
    objects.has(ref('Instance', 'shop', `${role}-1`), { spec: { role } });
  }
  objects.has(ref('Grant', 'shop', 'other'), { spec: { user: 'eve', level: 'show' } });
  objects.has(ref('Secret', 'shop', 'db'), { spec: {} });
  objects.has(ref('Run', 'shop', 'all'), { spec: { event: 'setup' } });
  objects.has(ref('Run', 'shop', 'app'), { spec: { event: 'setup', instances: ['app-1'] } });
  objects.has(ref('Run', 'shop', 'both'), { spec: { event: 'setup', roles: ['app', 'db'] } });
  const source = { type: 'git', url: 'https://git.example/shop.git' } as const;
  objects.has(ref('Application', 'shop', 'shop'), { spec: { type: 'nodejs', source } });
  objects.has(ref('Application', 'shop', 'site'), { spec: { type: 'nodejs', source, roles: ['app'] } });
  objects.has(ref('Application', 'shop', 'both'), { spec: { type: 'nodejs', source, roles: ['app', 'db'] } });
  const made = (name: string, spec: DeploymentSpec) => {
    objects.has(ref('Deployment', 'shop', name), { spec });
  };
  made('shop-1', { application: 'shop', command: 'deploy' });
  made('site-1', { application: 'site', command: 'deploy' });
  made('gone-1', { application: 'gone', command: 'deploy', roles: ['app'] });
  made('both-1', { application: 'both', command: 'deploy', roles: ['app'] });
  made('both-2', { application: 'both', command: 'restart', roles: ['app'] });
  made('both-3', { application: 'both', command: 'restart', instances: ['app-1', 'db-1'] });
  return objects;
};

const NAMES: Readonly<Record<string, string>> = {
  clouds: 'local',
  clusters: 'shop',
  roles: 'app',
  instances: 'app-1',
  lifecycleevents: 'le-1',
  events: 'ev-1',
  secrets: 'db',
  grants: 'other',
  runs: 'all',
  applications: 'shop',
  deployments: 'shop-1',
  users: 'eve',
};

const ON_COLLECTION = ['list', 'watch', 'create', 'deletecollection'];

const may = (facts: Facts, plural: string, word: string, name = NAMES[plural] ?? ''): boolean => {
  const objects = scene();
  const view = findView(API_VERSION, plural)!;
  const sub = ['consent', 'logs'].includes(word) ? word : null;
  const verb = word === 'consent' ? 'create' : word === 'logs' ? 'get' : word;
  const named = sub !== null || !ON_COLLECTION.includes(word);
  const resource = { view, cluster: view.namespaced ? 'shop' : null, name: named ? name : null, sub };
  return decide(facts, { verb, path: '', resource }, (of) => objects.get(of)).allowed;
};

const enough = (who: Who, least: Who): boolean =>
  least === 'nobody' || (who !== 'deny' && WHO.indexOf(who) >= WHO.indexOf(least));

for (const [plural, verbs, least] of TABLE)
  for (const verb of verbs.split(' '))
    test(`${verb} ${plural}: from ${least}`, () => {
      for (const who of WHO) assert.is(may(factsOf(who), plural, verb), enough(who, least), who);
    });

test('every kind has a row for each verb that it is served with', () => {
  assert.equal(Object.keys(NAMES).sort(), KIND_NAMES.map((kind) => kindEntry(kind).plural).sort());
  for (const plural of Object.keys(NAMES)) {
    const told = TABLE.filter(([of]) => of === plural).flatMap(([, verbs]) => verbs.split(' '));
    for (const verb of findView(API_VERSION, plural)!.verbs)
      assert.ok(told.includes(verb), `${verb} ${plural}`);
  }
});

interface Narrow {
  readonly who: Who;
  readonly ask: readonly [plural: string, verb: string, name?: string];
  readonly may: boolean;
}

const NARROW: readonly Narrow[] = [
  { who: 'manage', ask: ['roles', 'get', 'app'], may: true },
  { who: 'manage', ask: ['roles', 'patch', 'app'], may: true },
  { who: 'manage', ask: ['roles', 'get', 'db'], may: false },
  { who: 'manage', ask: ['roles', 'delete', 'db'], may: false },
  { who: 'manage', ask: ['instances', 'delete', 'app-1'], may: true },
  { who: 'manage', ask: ['instances', 'get', 'db-1'], may: false },
  { who: 'manage', ask: ['instances', 'logs', 'db-1'], may: false },
  { who: 'manage', ask: ['clusters', 'get'], may: true },
  { who: 'manage', ask: ['clusters', 'patch'], may: false },
  { who: 'manage', ask: ['grants', 'create'], may: false },
  { who: 'manage', ask: ['grants', 'get'], may: false },
  { who: 'manage', ask: ['secrets', 'get'], may: false },
  { who: 'manage', ask: ['secrets', 'create'], may: false },
  { who: 'manage', ask: ['secrets', 'reveal'], may: false },
  { who: 'show', ask: ['roles', 'patch', 'app'], may: false },
  { who: 'manage', ask: ['clouds', 'get'], may: true },
  { who: 'show', ask: ['runs', 'get', 'app'], may: true },
  { who: 'show', ask: ['runs', 'get', 'all'], may: false },
  { who: 'manage', ask: ['runs', 'delete', 'app'], may: true },
  { who: 'manage', ask: ['runs', 'delete', 'both'], may: false },
  { who: 'deploy', ask: ['applications', 'patch', 'site'], may: true },
  { who: 'deploy', ask: ['applications', 'patch', 'shop'], may: false },
  { who: 'deploy', ask: ['applications', 'patch', 'both'], may: false },
  { who: 'show', ask: ['applications', 'get', 'both'], may: true },
  { who: 'deploy', ask: ['deployments', 'patch', 'site-1'], may: true },
  { who: 'deploy', ask: ['deployments', 'patch', 'shop-1'], may: false },
  // a release is the whole application's, whichever hosts are first
  { who: 'deploy', ask: ['deployments', 'patch', 'both-1'], may: false },
  { who: 'deploy', ask: ['deployments', 'patch', 'gone-1'], may: false },
  { who: 'deploy', ask: ['deployments', 'patch', 'both-2'], may: true },
  { who: 'deploy', ask: ['deployments', 'patch', 'both-3'], may: false },
];

for (const {
  who,
  ask: [plural, verb, name],
  may: expected,
} of NARROW)
  test(`${who} of role app: ${verb} ${plural} ${name ?? ''} is ${expected ? 'allowed' : 'refused'}`, () => {
    assert.is(may(factsOf(who, ['app']), plural, verb, name), expected);
  });

const both = (...specs: readonly Omit<GrantSpec, 'user'>[]): Facts => ({
  ...factsOf('nobody'),
  grants: new Map([
    [
      'shop',
      specs.map((spec, at) => ({ cluster: 'shop', name: `g${String(at)}`, spec: { user: 'ana', ...spec } })),
    ],
  ]),
});

test('deny wins over manage, whichever comes first', () => {
  const [manage, deny] = [{ level: 'manage' }, { level: 'deny' }] as const;
  for (const facts of [both(manage, deny), both(deny, manage)])
    for (const plural of ['clusters', 'roles', 'instances', 'secrets', 'grants'])
      assert.not(may(facts, plural, 'get'), plural);
});

test('who is denied one role has the rest, but nothing that reaches all of the cluster', () => {
  const facts = both({ level: 'manage' }, { level: 'deny', roles: ['db'] });
  assert.ok(may(facts, 'roles', 'patch', 'app'));
  assert.not(may(facts, 'roles', 'get', 'db'));
  assert.not(may(facts, 'instances', 'delete', 'db-1'));
  assert.not(may(facts, 'grants', 'delete'), 'or they would delete the grant that denies them');
  assert.not(may(facts, 'clusters', 'delete'));
  assert.not(may(facts, 'secrets', 'reveal'));
});

test('the best of several grants counts, for one role each', () => {
  const facts = both({ level: 'show' }, { level: 'manage', roles: ['app'] });
  assert.ok(may(facts, 'roles', 'delete', 'app'));
  assert.ok(may(facts, 'roles', 'get', 'db'));
  assert.not(may(facts, 'roles', 'delete', 'db'));
});

const agent: Facts = {
  ...factsOf('nobody'),
  user: 'system:agent:shop:app-1',
  agent: { cluster: 'shop', instance: 'app-1', role: 'app' },
};

test('an agent gets its own Instance, Cluster and Role, and nothing else', () => {
  assert.ok(may(agent, 'instances', 'get', 'app-1'));
  assert.ok(may(agent, 'clusters', 'get', 'shop'));
  assert.ok(may(agent, 'roles', 'get', 'app'));
  const allowed = TABLE.flatMap(([plural, verbs]) => verbs.split(' ').map((verb) => [plural, verb] as const))
    .filter(([plural, verb]) => may(agent, plural, verb))
    .map(([plural, verb]) => `${verb} ${plural}`);
  assert.equal(allowed, ['get clusters', 'get roles', 'get instances']);
  assert.not(may(agent, 'instances', 'get', 'db-1'));
  assert.not(may(agent, 'roles', 'get', 'db'));
  assert.not(may(agent, 'instances', 'logs', 'app-1'));
  assert.not(decide(agent, { verb: 'get', path: '/metrics', resource: null }, () => null).allowed);
  assert.not(decide(agent, { verb: 'get', path: '/version', resource: null }, () => null).allowed);
});

test('a refusal says what is needed and what there is', () => {
  const view = findView(API_VERSION, 'roles')!;
  const resource = { view, cluster: 'shop', name: 'app', sub: null };
  const { reason } = decide(factsOf('show'), { verb: 'delete', path: '', resource }, () => null);
  assert.is(reason, 'needs manage in role app in cluster shop; ana has show by grant shop/ana');
});

test('lists hold what the caller may see', () => {
  const objects = scene();
  const look = (of: Parameters<typeof objects.get>[0]) => objects.get(of);
  const all = [
    ...objects.list('Cluster'),
    ...objects.list('Role'),
    ...objects.list('Instance'),
    ...objects.list('Secret'),
    ...objects.list('Grant'),
  ];
  const seen = (facts: Facts) =>
    all.filter((live) => sees(facts, live, look)).map(({ ref: { name } }) => name);
  assert.equal(seen(factsOf('nobody')), []);
  assert.equal(seen(factsOf('deny')), []);
  assert.equal(seen(factsOf('show')), ['shop', 'app', 'db', 'app-1', 'db-1']);
  assert.equal(seen(factsOf('show', ['db'])), ['shop', 'db', 'db-1']);
  assert.equal(seen(factsOf('deploy')), ['shop', 'app', 'db', 'app-1', 'db-1', 'db']);
  assert.equal(seen(agent), ['shop', 'app', 'app-1']);
});
