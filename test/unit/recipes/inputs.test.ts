import type { Snapshot } from '../../../api-types/snapshot.js';
import { inputOf } from '../../../recipes/inputs.js';
import { assert, suite } from '../../suite.js';
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
