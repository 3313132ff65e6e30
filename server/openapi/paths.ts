/** Paths and operations of the API, in a form that both versions of OpenAPI are written from. */
import type { GroupVersion, GroupVersionKind, Resource, Subresource } from '../discovery/resources.js';
import { COMMON, definitionName, listOfKind } from './definitions.js';
import {
  IN_CLUSTER,
  OF_NAME,
  ON_DELETE,
  ON_DELETE_MANY,
  ON_LIST,
  ON_LOGS,
  ON_PATCH,
  ON_READ,
  ON_WRITE,
  type Parameter,
} from './parameters.js';

type Method = 'get' | 'put' | 'post' | 'delete' | 'patch';

export interface Operation {
  readonly method: Method;
  /** In the words of Kubernetes: `list`, `post`, `put`, `patch`, `deletecollection`. */
  readonly action: string;
  readonly id: string;
  readonly description: string;
  readonly shows: GroupVersionKind;
  readonly query: readonly Parameter[];
  readonly body: { readonly definition: string; readonly consumes: readonly string[] } | null;
  /** The definition of a good answer; null: it is plain text. */
  readonly answer: string | null;
}

export interface Path {
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly operations: readonly Operation[];
}

const DOCUMENTS = ['application/json', 'application/yaml'];

/** Not strategic-merge: clients would send it for kinds whose lists they do not know how to merge. */
const PATCHES = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/apply-patch+yaml',
];

interface Shape {
  readonly method: Method;
  readonly action: string;
  readonly does: string;
  readonly query: readonly Parameter[];
  /** Null: the object itself. */
  readonly body?: string | null;
  readonly consumes?: readonly string[];
  readonly answer?: string | null;
}

const options = { body: COMMON.deleteOptions, consumes: DOCUMENTS, answer: COMMON.status };

/** By the verb of discovery. */
const ON_OBJECT: Readonly<Record<string, Shape>> = {
  get: { method: 'get', action: 'get', does: 'read', query: ON_READ },
  update: { method: 'put', action: 'put', does: 'replace', query: ON_WRITE, body: null },
  patch: {
    method: 'patch',
    action: 'patch',
    does: 'change a part of',
    query: ON_PATCH,
    body: COMMON.patch,
    consumes: PATCHES,
  },
  delete: { method: 'delete', action: 'delete', does: 'delete', query: ON_DELETE, ...options },
};

const ON_COLLECTION: Readonly<Record<string, Shape>> = {
  list: { method: 'get', action: 'list', does: 'list or watch', query: ON_LIST },
  create: { method: 'post', action: 'post', does: 'create', query: ON_WRITE, body: null },
  deletecollection: {
    method: 'delete',
    action: 'deletecollection',
    does: 'delete all or selected',
    query: ON_DELETE_MANY,
    ...options,
  },
};

/** `patch_apis_scalarium_dev_v1_namespaces_namespace_roles_name`: no path has an action twice. */
const idOf = ({ action }: Shape, path: string): string =>
  `${action}_${path
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== '')
    .join('_')}`;

const usualAnswer = ({ action }: Shape, shows: GroupVersionKind): string =>
  definitionName(action === 'list' ? listOfKind(shows) : shows);

const operation = (shape: Shape, shows: GroupVersionKind, path: string): Operation => {
  const own = definitionName(shows);
  const { method, action, does, query, body, consumes = DOCUMENTS } = shape;
  return {
    method,
    action,
    id: idOf(shape, path),
    description: `${does} ${shows.kind}`,
    shows,
    query,
    body: body === undefined ? null : { definition: body ?? own, consumes },
    answer: shape.answer === undefined ? usualAnswer(shape, shows) : shape.answer,
  };
};

const operations = (
  shapes: Readonly<Record<string, Shape>>,
  verbs: readonly string[],
  shows: GroupVersionKind,
  path: string,
): readonly Operation[] =>
  Object.entries(shapes).flatMap(([verb, shape]) =>
    verbs.includes(verb) ? [operation(shape, shows, path)] : [],
  );

/** By name, those that are no part of the object. */
const OF_SUBRESOURCE: Readonly<Record<string, Readonly<Record<string, Shape>>>> = {
  logs: { get: { method: 'get', action: 'get', does: 'read the log of', query: ON_LOGS, answer: null } },
};

const below = (resource: Resource, sub: Subresource, item: string): Path => {
  const path = `${item}/${sub.name}`;
  const shapes = OF_SUBRESOURCE[sub.name] ?? { ...ON_OBJECT, ...ON_COLLECTION };
  return {
    path,
    parameters: resource.namespaced ? [IN_CLUSTER, OF_NAME] : [OF_NAME],
    operations: operations(shapes, sub.verbs, sub.shows, path),
  };
};

const pathsOf = (root: string, resource: Resource): readonly Path[] => {
  const { plural, namespaced, verbs, shows, subresources } = resource;
  const everywhere = `${root}/${plural}`;
  const collection = namespaced ? `${root}/namespaces/{namespace}/${plural}` : everywhere;
  const item = `${collection}/{name}`;
  const inCluster = namespaced ? [IN_CLUSTER] : [];
  const listed = verbs.filter((verb) => verb === 'list');
  const all: readonly Path[] = [
    {
      path: collection,
      parameters: inCluster,
      operations: operations(ON_COLLECTION, verbs, shows, collection),
    },
    {
      path: item,
      parameters: [...inCluster, OF_NAME],
      operations: operations(ON_OBJECT, verbs, shows, item),
    },
    ...(namespaced
      ? [
          {
            path: everywhere,
            parameters: [],
            operations: operations(ON_COLLECTION, listed, shows, everywhere),
          },
        ]
      : []),
    ...subresources.map((sub) => below(resource, sub, item)),
  ];
  return all.filter((path) => path.operations.length > 0);
};

/** Every path of a group and version. */
export const pathsIn = ({ path, resources }: GroupVersion): readonly Path[] =>
  resources.flatMap((resource) => pathsOf(path, resource));
