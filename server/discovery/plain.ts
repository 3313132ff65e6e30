/** Discovery as every client understands it: one document for each group and version. */
import { GROUP_VERSIONS, type GroupVersion, type GroupVersionKind, type Resource } from './resources.js';

/** Clients that came by another address are told to keep it. */
const SAME_ADDRESS = { serverAddressByClientCIDRs: [] };

const groupOf = ({ group, version, name }: GroupVersion): object => {
  const offered = { groupVersion: name, version };
  return { name: group, versions: [offered], preferredVersion: offered, ...SAME_ADDRESS };
};

const named = GROUP_VERSIONS.filter(({ group }) => group !== '');

/** `/api` */
export const coreVersions = (): object => ({
  kind: 'APIVersions',
  versions: GROUP_VERSIONS.filter(({ group }) => group === '').map(({ version }) => version),
  ...SAME_ADDRESS,
});

/** `/apis` */
export const groupList = (): object => ({
  kind: 'APIGroupList',
  apiVersion: 'v1',
  groups: named.map(groupOf),
});

const elsewhere = (shown: GroupVersionKind, resource: Resource): object =>
  shown.group === resource.shows.group ? {} : { group: shown.group, version: shown.version };

const rows = (resource: Resource): readonly object[] => {
  const { plural, singular, namespaced, verbs, shortNames, categories, subresources, shows } = resource;
  const own = {
    name: plural,
    singularName: singular,
    namespaced,
    kind: shows.kind,
    verbs,
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
  };
  const below = subresources.map((sub) => ({
    name: `${plural}/${sub.name}`,
    singularName: '',
    namespaced,
    ...elsewhere(sub.shows, resource),
    kind: sub.shows.kind,
    verbs: sub.verbs,
  }));
  return [own, ...below];
};

const resourceList = ({ name, resources }: GroupVersion): object => ({
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion: name,
  resources: resources.flatMap(rows),
});

/** Documents below `/api` and `/apis`, by path. */
export const documentsBelow = (): Readonly<Record<string, object>> =>
  Object.fromEntries([
    ...named.map((one) => [`/apis/${one.group}`, { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(one) }]),
    ...GROUP_VERSIONS.map((one) => [one.path, resourceList(one)]),
  ]) as Readonly<Record<string, object>>;
