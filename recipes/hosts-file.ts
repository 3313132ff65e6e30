/** /etc/hosts: all hosts of the cluster by name; in a large cluster those that the host has to do with. */
import { rolesOf } from '../api-types/kinds/instance.js';
import type { Snapshot } from '../api-types/snapshot.js';
import { WHOLE_HOSTS_FILE, allHosts, remembered, sha256, watchedRoles } from './members.js';

const HEAD = [
  '# Written by Scalarium; changes are overwritten.',
  '127.0.0.1 localhost',
  '::1 localhost ip6-localhost ip6-loopback',
  '',
];

const line = (snapshot: Snapshot, name: string, address: string): string =>
  `${address} ${name}.${snapshot.cluster} ${name}`;

interface Shared {
  readonly lines: readonly string[];
  readonly names: ReadonlySet<string>;
  readonly digest: string;
}

/** Where among all hosts those of a role are: looking through all of them for each role would take the square of them. */
const placesByRole = remembered((snapshot): ReadonlyMap<string, readonly number[]> => {
  const places = new Map<string, number[]>();
  allHosts(snapshot).forEach(({ host }, place) => {
    for (const role of rolesOf(host)) {
      const there = places.get(role);
      if (there === undefined) places.set(role, [place]);
      else there.push(place);
    }
  });
  return places;
});

const listed = (snapshot: Snapshot, key: string): ReturnType<typeof allHosts> => {
  const all = allHosts(snapshot);
  if (all.length <= WHOLE_HOSTS_FILE) return all;
  const watched = watchedRoles(snapshot, key.split(','));
  const places = new Set([...watched].flatMap((role) => placesByRole(snapshot, '').get(role) ?? []));
  return [...places].sort((one, other) => one - other).flatMap((place) => all[place] ?? []);
};

const shared = remembered((snapshot, key): Shared => {
  const members = listed(snapshot, key).filter(({ host }) => host.address !== '');
  const lines = members.map(({ name, host }) => line(snapshot, name, host.address));
  return { lines, names: new Set(members.map(({ name }) => name)), digest: sha256(lines.join('\n')) };
});

const sharedFor = (snapshot: Snapshot, instance: string): Shared => {
  const host = snapshot.hosts[instance];
  return shared(snapshot, host === undefined ? '' : rolesOf(host).join(','));
};

/** The host's own line, where the shared ones lack it. */
const ownLine = (snapshot: Snapshot, instance: string): readonly string[] => {
  const host = snapshot.hosts[instance];
  if (host === undefined || host.address === '') return [];
  return sharedFor(snapshot, instance).names.has(instance) ? [] : [line(snapshot, instance, host.address)];
};

/** The whole file. */
export const hostsFile = (snapshot: Snapshot, instance: string): string =>
  `${[...HEAD, ...sharedFor(snapshot, instance).lines, ...ownLine(snapshot, instance)].join('\n')}\n`;

/** Equal for equal files; costs no rendering. */
export const hostsFileDigest = (snapshot: Snapshot, instance: string): string => {
  const { digest } = sharedFor(snapshot, instance);
  const own = ownLine(snapshot, instance);
  return own.length === 0 ? digest : sha256(`${digest}\n${own.join('\n')}`);
};
