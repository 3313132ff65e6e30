/** Discovery in one document: every group with its resources, as newer clients ask for it. */
import type { Clause } from '../accept.js';
import { GROUP_VERSIONS, type GroupVersion, type GroupVersionKind, type Resource } from './resources.js';

const AGGREGATED_VERSIONS = ['v2', 'v2beta1'] as const;
export type AggregatedVersion = (typeof AGGREGATED_VERSIONS)[number];

const GROUP = 'apidiscovery.k8s.io';
const KIND = 'APIGroupDiscoveryList';

/** The Content-Type: clients read the document by it and drop the resources when it is another. */
export const aggregatedType = (version: AggregatedVersion): string =>
  `application/json;g=${GROUP};v=${version};as=${KIND}`;

/** Which version a clause of `Accept` asks for; null: none that there is. */
export const aggregatedVersion = ({ media, parameters }: Clause): AggregatedVersion | null => {
  if (media !== 'application/json' || parameters['as'] !== KIND || parameters['g'] !== GROUP) return null;
  return AGGREGATED_VERSIONS.find((version) => version === parameters['v']) ?? null;
};

const shown = ({ group, version, kind }: GroupVersionKind): object => ({ group, version, kind });

const resourceOf = (resource: Resource): object => {
  const { shortNames, categories, subresources } = resource;
  const below = subresources.map((sub) => ({
    subresource: sub.name,
    responseKind: shown(sub.shows),
    verbs: sub.verbs,
  }));
  return {
    resource: resource.plural,
    responseKind: shown(resource.shows),
    scope: resource.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: resource.singular,
    verbs: resource.verbs,
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
    ...(below.length === 0 ? {} : { subresources: below }),
  };
};

const groupOf = ({ group, version, resources }: GroupVersion): object => ({
  metadata: group === '' ? {} : { name: group },
  versions: [{ version, resources: resources.map(resourceOf), freshness: 'Current' }],
});

/** The core group (`/api`) or all others (`/apis`): clients put the two together. */
export const aggregated = (version: AggregatedVersion, core: boolean): object => ({
  kind: KIND,
  apiVersion: `${GROUP}/${version}`,
  metadata: {},
  items: GROUP_VERSIONS.filter(({ group }) => (group === '') === core).map(groupOf),
});
