import { accountsOf, accountsOn } from '../../../api-types/accounts.js';
import { grantDefaults, type GrantSpec } from '../../../api-types/kinds/grant.js';
import { userDefaults, type UserSpec } from '../../../api-types/kinds/user.js';
import { assert, suite } from '../../suite.js';
import { snapshotOf } from '../recipes/world.js';

const test = suite('who has an account on which hosts');

const KEY = 'ssh-ed25519 AAAAone';
const OTHER = 'ssh-rsa AAAAtwo==';

const jane: UserSpec = { sshKeys: [`${KEY} jane@example.com`], groups: ['ops'] };

interface Row {
  readonly name: string;
  readonly users?: Readonly<Record<string, UserSpec>>;
  readonly grants: readonly GrantSpec[];
  /** By the roles of a host: its accounts, as `name`, or `name*` with sudo. */
  readonly on: Readonly<Record<string, readonly string[]>>;
}

const ssh = (more: Partial<GrantSpec> = {}): GrantSpec => ({
  level: 'show',
  user: 'jane',
  ssh: true,
  ...more,
});

const rows: readonly Row[] = [
  { name: 'nothing granted: no account', grants: [], on: { app: [], db: [] } },
  {
    name: 'a level without ssh gives no account',
    grants: [{ level: 'manage', user: 'jane' }],
    on: { app: [] },
  },
  { name: 'ssh in the whole cluster', grants: [ssh()], on: { app: ['jane'], db: ['jane'] } },
  {
    name: 'an empty list of roles is none of them',
    grants: [ssh({ roles: [] })],
    on: { app: [], db: [] },
  },
  {
    name: 'sudo includes ssh',
    grants: [{ level: 'show', user: 'jane', sudo: true }],
    on: { app: ['jane*'] },
  },
  {
    name: 'narrowed to a role',
    grants: [ssh({ roles: ['app'] })],
    on: { app: ['jane'], db: [], 'db,app': ['jane'] },
  },
  { name: 'a role that is not there gives nothing', grants: [ssh({ roles: ['gone'] })], on: { app: [] } },
  {
    name: 'by a group',
    grants: [ssh({ user: undefined, group: 'ops' })],
    on: { app: ['jane'] },
  },
  { name: 'by a group of others', grants: [ssh({ user: undefined, group: 'dev' })], on: { app: [] } },
  { name: 'a grant of somebody else', grants: [ssh({ user: 'bob' })], on: { app: [] } },
  {
    name: 'several grants: sudo wins, where it reaches',
    grants: [ssh(), ssh({ sudo: true, roles: ['app'] }), ssh({ user: undefined, group: 'ops' })],
    on: { app: ['jane*'], db: ['jane'], 'db,app': ['jane*'] },
  },
  {
    name: 'deny takes everything away',
    grants: [ssh({ sudo: true }), { level: 'deny', user: 'jane' }],
    on: { app: [], db: [] },
  },
  {
    name: 'deny by a group',
    grants: [ssh(), { level: 'deny', group: 'ops' }],
    on: { app: [] },
  },
  {
    name: 'deny on a role, also for a host that has others besides',
    grants: [ssh({ sudo: true }), { level: 'deny', user: 'jane', roles: ['db'] }],
    on: { app: ['jane*'], db: [], 'app,db': [] },
  },
  {
    name: 'a deny with ssh gives no account',
    grants: [ssh({ level: 'deny', sudo: true })],
    on: { app: [] },
  },
  { name: 'disabled', users: { jane: { ...jane, disabled: true } }, grants: [ssh()], on: { app: [] } },
  {
    name: 'an administrator has an account only when granted',
    users: { jane: { ...jane, admin: true } },
    grants: [ssh({ user: 'bob' })],
    on: { app: [] },
  },
  {
    name: 'sorted by name',
    users: { jane, bob: { groups: ['ops'] } },
    grants: [ssh({ user: undefined, group: 'ops' })],
    on: { app: ['bob', 'jane'] },
  },
];

const accounts = (users: Readonly<Record<string, UserSpec>>, grants: readonly GrantSpec[]) =>
  accountsOf(
    Object.entries(users).map(([name, spec]) => ({ name, spec: userDefaults(spec) })),
    grants.map(grantDefaults),
    ['app', 'db'],
  );

for (const { name, users = { jane }, grants, on } of rows)
  test(name, () => {
    const snapshot = snapshotOf({ accounts: accounts(users, grants) });
    for (const [roles, expected] of Object.entries(on)) {
      const found = accountsOn(snapshot, roles.split(','));
      assert.equal(
        found.map((account) => account.name + (account.sudo ? '*' : '')),
        expected,
        roles,
      );
    }
  });

test('keys go to hosts without their comments, each once, in one order', () => {
  const sshKeys = [`${OTHER} work`, `${KEY} jane@example.com`, KEY];
  const [account] = accountsOn(snapshotOf({ accounts: accounts({ jane: { sshKeys } }, [ssh()]) }), ['app']);
  assert.equal(account?.keys, [KEY, OTHER]);
});

test('nothing of a user but name, keys and roles is in the snapshot', () => {
  const user: UserSpec = { ...jane, email: 'jane@example.com', displayName: 'Jane' };
  assert.equal(accounts({ jane: user }, [ssh({ roles: ['app'] })]), {
    jane: { keys: [KEY], roles: { app: 'ssh' } },
  });
});

test('somebody who is denied wherever they are granted is not in the snapshot', () => {
  assert.equal(accounts({ jane }, [ssh(), { level: 'deny', user: 'jane' }]), {});
});
