/** The cluster as its hosts are to see it. Pure. */
import type { CookbookPack } from '../../api-types/cookbooks.js';
import type { RoleSpec } from '../../api-types/kinds/role.js';
import type { Snapshot, SnapshotHost } from '../../api-types/snapshot.js';
import { isMember, type Member, type Observed } from './observe.js';
import { applicationsOf, releasesOn, type Releases } from './releases.js';
import { isUnheard } from './status.js';

const hostOf = (member: Member, releases: Releases): SnapshotHost => {
  const { name, status, spec, ready } = member;
  return {
    machine: status.machine?.id ?? '',
    role: spec.role,
    roles: spec.roles ?? [],
    address: status.agent?.address ?? '',
    zone: status.machine?.zone ?? '',
    ready,
    ...(!ready && isUnheard(member) ? { unheard: true } : {}),
    ...releasesOn(releases, name, status),
  };
};

const recipesOf = ({ recipes = {} }: RoleSpec): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries(Object.entries(recipes).filter(([, of]) => of.length > 0));

const roleOf = (spec: RoleSpec): Snapshot['roles'][string] => {
  const recipes = recipesOf(spec);
  const { type, attributes = {}, watches = [], packages = [], secrets = [] } = spec;
  return {
    ...{ type, attributes, watches },
    ...(Object.keys(recipes).length === 0 ? {} : { recipes }),
    ...(packages.length === 0 ? {} : { packages }),
    ...(secrets.length === 0 ? {} : { secrets }),
  };
};

/** What its sources were resolved to, in their order. */
const cookbooksOf = ({ cluster: { spec, status } }: Observed): readonly CookbookPack[] =>
  (spec.cookbooks ?? []).flatMap(
    (source) => (status.cookbooks ?? []).find(({ name }) => name === source.name) ?? [],
  );

/** What recipes are functions of; what is not used in a cluster is left out. */
export const snapshotOf = (observed: Observed, members: readonly Member[]): Snapshot => {
  const { cluster, roles, accounts, releases } = observed;
  const cookbooks = cookbooksOf(observed);
  return {
    cluster: cluster.ref.name,
    timeZone: cluster.spec.timeZone ?? 'UTC',
    attributes: cluster.spec.attributes ?? {},
    roles: Object.fromEntries([...roles].map(([name, { spec }]) => [name, roleOf(spec)])),
    hosts: Object.fromEntries(
      members.filter(isMember).map((member) => [member.name, hostOf(member, releases)]),
    ),
    ...(Object.keys(accounts).length === 0 ? {} : { accounts }),
    ...applicationsOf(releases),
    ...(cookbooks.length === 0 ? {} : { cookbooks }),
  };
};
