/** Who is who in a snapshot: computed once a snapshot, however many hosts ask. */
import { createHash } from 'node:crypto';
import { rolesOf } from '../api-types/kinds/instance.js';
import { ROLE_TYPES, type RoleType } from '../api-types/kinds/role.js';
import type { Snapshot, SnapshotHost } from '../api-types/snapshot.js';

export interface Member {
  readonly name: string;
  readonly role: string;
  readonly host: SnapshotHost;
}

/** Above this many hosts a hosts file lists only the roles that its host has to do with. */
export const WHOLE_HOSTS_FILE = 500;

/** Gives `make`'s value for a snapshot and a key, and remembers it as long as the snapshot lives. */
export const remembered = <A>(
  make: (snapshot: Snapshot, key: string) => A,
): ((snapshot: Snapshot, key: string) => A) => {
  const known = new WeakMap<Snapshot, Map<string, A>>();
  return (snapshot, key) => {
    const values = known.get(snapshot) ?? new Map<string, A>();
    known.set(snapshot, values);
    const found = values.get(key);
    if (found !== undefined) return found;
    const made = make(snapshot, key);
    values.set(key, made);
    return made;
  };
};

const people = new Intl.Collator('en', { numeric: true });

const byName = (a: Member, b: Member): number => people.compare(a.name, b.name) || (a.name < b.name ? -1 : 1);

const sorted = remembered((snapshot): readonly Member[] =>
  Object.entries(snapshot.hosts)
    .map(([name, host]) => ({ name, role: host.role, host }))
    .sort(byName),
);

/** All hosts, in the order people count: app-2 before app-10. */
export const allHosts = (snapshot: Snapshot): readonly Member[] => sorted(snapshot, '');

/** Hosts that have a role of this type, Ready or not; `role` is the one that makes them members. */
const ofType = remembered((snapshot, type): readonly Member[] =>
  allHosts(snapshot).flatMap((member) => {
    const role = rolesOf(member.host).find((name) => snapshot.roles[name]?.type === type);
    return role === undefined ? [] : [{ ...member, role }];
  }),
);

/** Hosts that have a role, Ready or not, as their own or a further one. */
export const ofRole = remembered((snapshot, role): readonly Member[] =>
  allHosts(snapshot).flatMap((member) => (rolesOf(member.host).includes(role) ? [{ ...member, role }] : [])),
);

/** Ready hosts that have a role, as their own or a further one. */
export const readyOfRole = remembered((snapshot, role): readonly Member[] =>
  ofRole(snapshot, role).filter(({ host }) => host.ready),
);

/**
 * Whom others are told of: Ready hosts, and when none is, those that are only not heard of: what they serve may be well, and
 * nobody is better off with nothing. One that failed is in no snapshot; one that was never Ready is nobody's.
 */
export const serving = (members: readonly Member[]): readonly Member[] => {
  const known = members.filter(({ host }) => host.address !== '');
  const ready = known.filter(({ host }) => host.ready);
  return ready.length > 0 ? ready : known.filter(({ host }) => host.unheard === true);
};

/**
 * Whom load balancers give requests of an application to: those of whom others are told, but for hosts that a Deployment
 * is at; when it is at all of them, these: what they run may be well, and nobody is better off with nothing.
 */
export const servingApplication = (members: readonly Member[], application: string): readonly Member[] => {
  const all = serving(members);
  const left = all.filter(({ host }) => host.ready && host.out?.includes(application) !== true);
  return left.length > 0 ? left : all;
};

/** Those of a role that others are told of. */
export const servingOfRole = remembered((snapshot, role): readonly Member[] =>
  serving(ofRole(snapshot, role)),
);

/** Those of a type that others are told of. */
export const servingOfType = remembered((snapshot, type): readonly Member[] =>
  serving(ofType(snapshot, type)),
) as (snapshot: Snapshot, type: RoleType) => readonly Member[];

/** Types whose members the built-in recipe of a type looks at. */
const DATA: readonly RoleType[] = ['db-master', 'db-replica', 'memcached'];
const NEEDS: Readonly<Record<RoleType, readonly RoleType[]>> = {
  'load-balancer': ['rails-app', 'php-app', 'nodejs-app', 'java-app', 'static-web'],
  'nodejs-app': DATA,
  'rails-app': DATA,
  'php-app': DATA,
  'java-app': DATA,
  'static-web': [],
  'db-master': ['db-replica'],
  'db-replica': ['db-master'],
  memcached: [],
  monitoring: ROLE_TYPES,
  custom: [],
};

/** By name. */
export const rolesOfType = remembered((snapshot, type): readonly string[] =>
  Object.keys(snapshot.roles)
    .filter((name) => snapshot.roles[name]?.type === type)
    .sort(),
) as (snapshot: Snapshot, type: RoleType) => readonly string[];

/** Roles whose hosts run what was released, whatever their type. */
const releasedTo = ({ applications = {} }: Snapshot): readonly string[] =>
  Object.values(applications).flatMap(({ release }) => release.roles);

/** Roles that a host with these roles has to do with: those they watch and those the built-in recipes need. */
export const watchedRoles = (snapshot: Snapshot, roles: readonly string[]): ReadonlySet<string> => {
  const found = roles.flatMap((name) => snapshot.roles[name] ?? []);
  const needed = new Set(found.flatMap((role) => NEEDS[role.type]));
  const builtIn = [...needed].flatMap((type) => rolesOfType(snapshot, type));
  const balances = found.some(({ type }) => type === 'load-balancer');
  const released = balances ? releasedTo(snapshot) : [];
  return new Set([...found.flatMap((role) => role.watches), ...builtIn, ...released]);
};

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The role, and those that any of its hosts has beside it. */
export const rolesBeside = remembered((snapshot, role): readonly string[] => {
  const found = ofRole(snapshot, role).flatMap(({ host }) => rolesOf(host));
  return [...new Set([role, ...found])];
});
