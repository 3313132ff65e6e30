import type { ReleaseConfig } from '../../../api-types/release.js';
import type { Snapshot } from '../../../api-types/snapshot.js';
import { inputOf } from '../../../recipes/inputs.js';
import { release } from '../../build/releases.js';
import { assert, suite } from '../../suite.js';
import { theFile } from './texts.js';
import { host, role, snapshotOf } from './world.js';

const test = suite('what people have of their own counts for the input of configure');

type Role = Snapshot['roles'][string];

/** `x-1` has the role of type custom, with this; `y-1` has nothing of its own. */
const withRole = (more: Partial<Role>, rest: Partial<Snapshot> = {}): Snapshot => {
  const base = snapshotOf();
  const roles = { ...base.roles, x: { ...role('custom'), ...more }, y: role('custom') };
  const hosts = { ...base.hosts, 'x-1': host('x', '127.0.8.1'), 'y-1': host('y', '127.0.8.2') };
  return snapshotOf({ roles, hosts, ...rest });
};

const PLAIN = withRole({});
const RECIPES: Partial<Role> = { recipes: { configure: ['shop::site'] } };
const PACKS = [{ name: 'shop', revision: '1', digest: 'd1' }];

const more = (name: string, ready: boolean, roleName = 'app'): Partial<Snapshot> => {
  const { hosts } = PLAIN;
  return { hosts: { ...hosts, [name]: host(roleName, '127.0.9.1', { ready }) } };
};

const ROWS: readonly {
  readonly name: string;
  readonly before: Snapshot;
  readonly after: Snapshot;
  readonly changes: boolean;
}[] = [
  { name: 'recipes of configure', before: PLAIN, after: withRole(RECIPES), changes: true },
  {
    name: 'recipes of other events: configure runs none of them',
    before: PLAIN,
    after: withRole({ recipes: { setup: ['shop::base'] } }),
    changes: false,
  },
  { name: 'packages', before: PLAIN, after: withRole({ packages: ['htop'] }), changes: true },
  { name: 'names of secrets', before: PLAIN, after: withRole({ secrets: ['mail'] }), changes: true },
  {
    name: 'a new revision of the cookbooks, with recipes',
    before: withRole(RECIPES, { cookbooks: PACKS }),
    after: withRole(RECIPES, { cookbooks: [{ name: 'shop', revision: '2', digest: 'd2' }] }),
    changes: true,
  },
  {
    name: 'a new revision of the cookbooks, without recipes',
    before: withRole({}, { cookbooks: PACKS }),
    after: withRole({}, { cookbooks: [{ name: 'shop', revision: '2', digest: 'd2' }] }),
    changes: false,
  },
  {
    name: 'a Ready host more, where everything is watched',
    before: withRole(RECIPES),
    after: withRole(RECIPES, more('app-7', true)),
    changes: true,
  },
  {
    name: 'a host that is not Ready',
    before: withRole(RECIPES),
    after: withRole(RECIPES, more('app-7', false)),
    changes: false,
  },
  {
    name: 'a Ready host of a role that is watched',
    before: withRole({ ...RECIPES, watches: ['app', 'lb'] }),
    after: withRole({ ...RECIPES, watches: ['app', 'lb'] }, more('app-7', true)),
    changes: true,
  },
  {
    name: 'a Ready host of a role that is not watched',
    before: withRole({ ...RECIPES, watches: ['lb'] }),
    after: withRole({ ...RECIPES, watches: ['lb'] }, more('app-7', true)),
    changes: false,
  },
  {
    name: 'attributes of the cluster, whatever is watched',
    before: withRole({ ...RECIPES, watches: ['lb'] }),
    after: withRole({ ...RECIPES, watches: ['lb'] }, { attributes: { colour: 'blue' } }),
    changes: true,
  },
  {
    name: 'attributes of the cluster, without recipes',
    before: PLAIN,
    after: withRole({}, { attributes: { colour: 'blue' } }),
    changes: false,
  },
];

for (const { name, before, after, changes } of ROWS)
  test(`${name}: ${changes ? 'told' : 'not told'}`, () => {
    assert.is(inputOf(before, 'x-1').input !== inputOf(after, 'x-1').input, changes);
    assert.is(inputOf(before, 'y-1').input, inputOf(after, 'y-1').input, 'and nobody else');
  });

const deployed = (number: number, roles: readonly string[], rest: Partial<Snapshot> = {}): Snapshot => {
  const applications = {
    web: { release: release(number, { roles, config: { environment: { N: number } } }) },
  };
  return withRole(RECIPES, { applications, ...rest });
};

const input = (snapshot: Snapshot, name: string): string => inputOf(snapshot, name).input;

test("a release that comes into force is nothing to tell its hosts, nor people's own recipes", () => {
  const before = withRole(RECIPES);
  for (const name of ['app-1', 'x-1', 'db-1', 'misc-1'])
    for (const number of [1, 2])
      assert.is(
        input(deployed(number, ['app']), name),
        input(before, name),
        `${name}, release ${String(number)}`,
      );
});

test('nor is a host that leaves its load balancers, and where it listens', () => {
  const before = deployed(1, ['app']);
  const out = { ...before.hosts['app-1']!, out: ['web'], ports: { web: 4000 } };
  const after = { ...before, hosts: { ...before.hosts, 'app-1': out } };
  for (const name of ['app-1', 'app-10', 'x-1', 'db-1'])
    assert.is(input(after, name), input(before, name), name);
});

const BALANCED = deployed(1, ['app']);
const withHost = (more: Partial<Snapshot['hosts'][string]>): Snapshot => ({
  ...BALANCED,
  hosts: { ...BALANCED.hosts, 'app-1': { ...BALANCED.hosts['app-1']!, ...more } },
});
const withConfig = (config: Partial<ReleaseConfig>): Snapshot => ({
  ...BALANCED,
  applications: { web: { release: release(2, { config }) } },
});

const BALANCERS: readonly (readonly [string, Snapshot, boolean])[] = [
  ['a host leaves', withHost({ out: ['web'] }), true],
  ['a host leaves for another application', withHost({ out: ['api'] }), false],
  ['a host listens elsewhere', withHost({ ports: { web: 4000 } }), true],
  ['the next release is as this one', withConfig({ environment: { N: 2 } }), false],
  ['the next release has a domain', withConfig({ domains: ['shop.example.com'] }), true],
  ['the next release has another port', withConfig({ port: 4000 }), true],
  ['the next release is asked for another path', withConfig({ health: { path: '/well' } }), true],
  [
    'the next release has a certificate',
    withConfig({ domains: ['shop.example.com'], tls: { secret: 'shop' } }),
    true,
  ],
];

for (const [name, after, told] of BALANCERS)
  test(`load balancers: ${name}: ${told ? 'told' : 'not told'}`, () => {
    assert.is(input(after, 'lb-1') !== input(BALANCED, 'lb-1'), told);
  });

test('while hosts are asked in different ways, load balancers look whether their ports take connections', async () => {
  const config = async (of: Snapshot): Promise<string> => {
    const text = await theFile(of, 'lb-1', '/etc/haproxy/haproxy.cfg');
    return text.split('\n\n').find((section) => section.startsWith('backend app-web\n')) ?? '';
  };
  const differently: Snapshot = {
    ...BALANCED,
    applications: { web: { release: release(1), askedAlike: false } },
  };
  assert.match(await config(BALANCED), 'option httpchk');
  assert.match(await config(BALANCED), /server app-1 .* check /);
  const section = await config(differently);
  assert.not.match(section, 'httpchk');
  assert.not.match(section, 'http-check');
  assert.match(section, /server app-1 .* check /);
  assert.is.not(input(differently, 'lb-1'), input(BALANCED, 'lb-1'));
  assert.is(input(differently, 'app-1'), input(BALANCED, 'app-1'));
});

test('a load balancer that runs the application, too, is told as others are, and not more', () => {
  const both = (of: Snapshot): Snapshot => ({
    ...of,
    hosts: { ...of.hosts, 'lb-1': { ...of.hosts['lb-1']!, roles: ['app'] } },
  });
  for (const [name, after, told] of BALANCERS)
    assert.is(input(both(after), 'lb-1') !== input(both(BALANCED), 'lb-1'), told, name);
});

test('hosts whose role has nothing to do with applications are told once that they run one, and then of databases', () => {
  const roles = ['misc'];
  const before = deployed(1, roles);
  assert.is(input(deployed(2, roles), 'misc-1'), input(before, 'misc-1'));
  assert.is.not(input(withRole(RECIPES), 'misc-1'), input(before, 'misc-1'));
  const { hosts } = before;
  const moved = { ...hosts, 'db-1': host('db', '127.0.3.9') };
  assert.is.not(input(deployed(1, roles, { hosts: moved }), 'misc-1'), input(before, 'misc-1'));
  const odd = deployed(1, roles, { attributes: { database: { role: 'nobody' } } });
  assert.ok(input(odd, 'misc-1') !== '', "attributes that make no sense are the host's to report");
});

test('a thousand hosts with recipes of their own cost little more than one', () => {
  const hosts = Object.fromEntries(
    Array.from({ length: 1000 }, (_, at) => [`x-${String(at)}`, host('x', `10.0.0.${String(at)}`)]),
  );
  const snapshot = withRole(RECIPES, { hosts });
  let read = 0;
  const watched = new Proxy(snapshot.attributes, {
    ownKeys: (target) => {
      read += 1;
      return Reflect.ownKeys(target);
    },
  });
  const counted = { ...snapshot, attributes: watched };
  for (const name of Object.keys(hosts)) inputOf(counted, name);
  assert.ok(read <= 5, `the attributes were read ${String(read)} times`);
});
