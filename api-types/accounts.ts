/** Who has an account on the hosts of a cluster: a pure function of its Grants and of the Users they name. */
import type { GrantSpec } from './kinds/grant.js';
import type { UserSpec } from './kinds/user.js';
import type { Snapshot, SnapshotAccount } from './snapshot.js';

/** An account as one host has it. */
export interface Account {
  readonly name: string;
  /** Type and key of each public key, without the comment; sorted. */
  readonly keys: readonly string[];
  readonly sudo: boolean;
}

/** A User's name and spec. */
export interface Holder {
  readonly name: string;
  readonly spec: UserSpec;
}

type OnRole = SnapshotAccount['roles'][string];

/** True when a Grant is about this user, by name or by a group. */
export const isAbout = (grant: GrantSpec, { name, spec }: Holder): boolean =>
  grant.user === name || (grant.group !== undefined && (spec.groups ?? []).includes(grant.group));

const concerns = ({ roles }: GrantSpec, role: string): boolean => roles === undefined || roles.includes(role);

const givesAccount = ({ level, ssh, sudo }: GrantSpec): boolean =>
  level !== 'deny' && (ssh === true || sudo === true);

/** `deny` wins over everything, `sudo` over `ssh`. */
const onRole = (grants: readonly GrantSpec[], role: string): OnRole | null => {
  const about = grants.filter((grant) => concerns(grant, role));
  if (about.some(({ level }) => level === 'deny')) return 'deny';
  const giving = about.filter(givesAccount);
  if (giving.length === 0) return null;
  return giving.some(({ sudo }) => sudo === true) ? 'sudo' : 'ssh';
};

/** The comment stays behind: it is often an e-mail address, and changes nothing on a host. */
const bare = (key: string): string => key.split(' ', 2).join(' ');

const keysOf = ({ spec }: Holder): readonly string[] => [...new Set((spec.sshKeys ?? []).map(bare))].sort();

const accountOf = (
  holder: Holder,
  grants: readonly GrantSpec[],
  roles: readonly string[],
): SnapshotAccount | null => {
  if (holder.spec.disabled === true) return null;
  const about = grants.filter((grant) => isAbout(grant, holder));
  if (!about.some(givesAccount)) return null;
  const on = roles.flatMap((role) => {
    const given = onRole(about, role);
    return given === null ? [] : [[role, given] as const];
  });
  if (on.every(([, given]) => given === 'deny')) return null;
  return { keys: keysOf(holder), roles: Object.fromEntries(on) };
};

/**
 * The accounts of a cluster by name, each with the roles whose hosts have it. Administrators have none unless granted.
 * `deny` stands only where another role of the same user has the account: a host may have both.
 */
export const accountsOf = (
  users: readonly Holder[],
  grants: readonly GrantSpec[],
  roles: readonly string[],
): Readonly<Record<string, SnapshotAccount>> => {
  if (!grants.some(givesAccount)) return {};
  const found = users.flatMap((holder) => {
    const account = accountOf(holder, grants, roles);
    return account === null ? [] : [[holder.name, account] as const];
  });
  return Object.fromEntries(found);
};

const onHost = (account: SnapshotAccount, roles: readonly string[]): OnRole | null => {
  const given = roles.flatMap((role) => account.roles[role] ?? []);
  if (given.length === 0) return null;
  if (given.includes('deny')) return 'deny';
  return given.includes('sudo') ? 'sudo' : 'ssh';
};

/** The accounts of a host that has these roles, sorted by name. */
export const accountsOn = (snapshot: Snapshot, roles: readonly string[]): readonly Account[] =>
  Object.entries(snapshot.accounts ?? {})
    .flatMap(([name, account]) => {
      const given = onHost(account, roles);
      return given === null || given === 'deny' ? [] : [{ name, keys: account.keys, sudo: given === 'sudo' }];
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
