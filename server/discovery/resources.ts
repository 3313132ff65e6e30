/** What is on offer, as discovery and the API's schema tell it: every view, and what can only be created. */
import type { View } from '../views/view.js';
import { VIEWS } from '../views/views.js';

export interface GroupVersionKind {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export interface Subresource {
  readonly name: string;
  /** What is read and written there. */
  readonly shows: GroupVersionKind;
  readonly verbs: readonly string[];
}

export interface Resource {
  readonly shows: GroupVersionKind;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly subresources: readonly Subresource[];
}

const SCALE: GroupVersionKind = { group: 'autoscaling', version: 'v1', kind: 'Scale' };
const THROUGH = ['get', 'patch', 'update'];

/** What a subresource takes; one that is not named here is read only, and of the object's own kind. */
const BELOW: Readonly<
  Record<string, { readonly verbs: readonly string[]; readonly shows?: GroupVersionKind }>
> = {
  scale: { verbs: THROUGH, shows: SCALE },
  consent: { verbs: ['create'] },
};

const subresource = (name: string, object: GroupVersionKind): Subresource => {
  const { verbs = ['get'], shows = object } = BELOW[name] ?? {};
  return { name, verbs, shows };
};

const ofView = (view: View): Resource => {
  const { group, version, kind, plural, singular, shortNames, categories, namespaced, verbs } = view;
  const shows = { group, version, kind };
  const subresources = view.subresources.map((name) => subresource(name, shows));
  return { shows, plural, singular, shortNames, categories, namespaced, verbs, subresources };
};

/** Questions about the caller: they are created, answered, and kept nowhere. */
const review = (group: string, kind: string): Resource => ({
  shows: { group, version: 'v1', kind },
  plural: `${kind.toLowerCase()}s`,
  singular: kind.toLowerCase(),
  shortNames: [],
  categories: [],
  namespaced: false,
  verbs: ['create'],
  subresources: [],
});

/** What discovery tells of: the views, and what is created and never read. */
export const RESOURCES: readonly Resource[] = [
  ...VIEWS.map(ofView),
  review('authentication.k8s.io', 'SelfSubjectReview'),
  review('authorization.k8s.io', 'SelfSubjectAccessReview'),
  review('authorization.k8s.io', 'SelfSubjectRulesReview'),
];

export interface GroupVersion {
  readonly group: string;
  readonly version: string;
  /** `v1`, `scalarium.dev/v1`. */
  readonly name: string;
  /** `/api/v1`, `/apis/scalarium.dev/v1`. */
  readonly path: string;
  readonly resources: readonly Resource[];
}

/** As documents name it in `apiVersion`. */
export const groupVersionName = ({ group, version }: Omit<GroupVersionKind, 'kind'>): string =>
  group === '' ? version : `${group}/${version}`;

const groupVersions = (): readonly GroupVersion[] =>
  [...new Set(RESOURCES.map(({ shows }) => groupVersionName(shows)))].flatMap((name) => {
    const resources = RESOURCES.filter(({ shows }) => groupVersionName(shows) === name);
    const [first] = resources;
    if (first === undefined) return [];
    const { group, version } = first.shows;
    return [{ group, version, name, path: `${group === '' ? '/api' : '/apis'}/${name}`, resources }];
  });

/** Every group and version, in the order in which clients prefer them. A group has one version. */
export const GROUP_VERSIONS: readonly GroupVersion[] = groupVersions();
