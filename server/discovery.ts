/** What the API offers, as Kubernetes clients ask for it; and which version this is. */
import * as E from 'fp-ts/lib/Either.js';
import { KIND_NAMES, type KindEntry, kindEntry } from '../api-types/kinds.js';
import { API_GROUP, API_VERSION } from '../api-types/metadata.js';
import type { Door } from './door.js';
import { API_PATH } from './routes.js';

const WRITE = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'];
const READ = ['get', 'list', 'watch'];

const resource = (entry: KindEntry): object => ({
  name: entry.plural,
  singularName: entry.kind.toLowerCase(),
  namespaced: entry.scope === 'Namespaced',
  kind: entry.kind,
  shortNames: entry.shortNames,
  verbs: entry.home === 'spec' ? WRITE : READ,
});

const version = { groupVersion: API_VERSION, version: 'v1' };
const group = { name: API_GROUP, versions: [version], preferredVersion: version };

/** Documents by path. */
const DISCOVERY: Readonly<Record<string, object>> = {
  '/api': { kind: 'APIVersions', versions: [], serverAddressByClientCIDRs: [] },
  '/apis': { apiVersion: 'v1', kind: 'APIGroupList', groups: [group] },
  [`/apis/${API_GROUP}`]: { apiVersion: 'v1', kind: 'APIGroup', ...group },
  [API_PATH]: {
    apiVersion: 'v1',
    kind: 'APIResourceList',
    groupVersion: API_VERSION,
    resources: KIND_NAMES.map((kind) => resource(kindEntry(kind))),
  },
};

/** `/version`, with the fields Kubernetes clients read. */
const versionDocument = (gitVersion: string): object => {
  const [major = '0', minor = '0'] = gitVersion.split('.');
  return { major, minor, gitVersion: `v${gitVersion}`, platform: `${process.platform}/${process.arch}` };
};

export const discoveryDoors: readonly Door[] = [
  ...Object.entries(DISCOVERY).map(([path, body]): Door => ({
    method: 'GET',
    path,
    answer: () => E.right({ code: 200, body }),
  })),
  {
    method: 'GET',
    path: '/version',
    answer: ({ version: gitVersion }) => E.right({ code: 200, body: versionDocument(gitVersion) }),
  },
];
