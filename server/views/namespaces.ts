/** Namespaces: a Cluster is the namespace of everything in it. They are read here and written as Clusters. */
import { v5 as uuidV5 } from 'uuid';
import type { ApiObject, Labels } from '../../api-types/metadata.js';
import { type Live, unstoredObject } from '../../store/objects/objects.js';
import { presented } from '../present.js';
import { type View, textOnce } from './view.js';

/** Of the uids of namespaces: they are objects of their own beside their Clusters. */
const UIDS = '5cb2e0f2-6f5e-4c3c-9d2a-0f6a3f6f0c55';

const phaseOf = ({ deletion }: Live): string => (deletion === null ? 'Active' : 'Terminating');

const labelsOf = ({ labels, ref }: Live): Labels => ({
  ...labels,
  'kubernetes.io/metadata.name': ref.name,
});

const namespace = (live: Live): ApiObject => {
  const { metadata } = presented(live);
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      ...metadata,
      uid: uuidV5(live.uid, UIDS),
      labels: labelsOf(live),
    },
    spec: {},
    status: { phase: phaseOf(live) },
  };
};

/** What clients expect to be there, and where events of cluster-wide objects are. */
const fixed = (name: string): Live => ({
  ...unstoredObject({ kind: 'Cluster', cluster: null, name }),
  uid: name,
  incarnation: 1,
  generation: 1,
  resourceVersion: 1,
  createdAt: '2026-01-01T00:00:00Z',
});

export const NAMESPACES: View = {
  group: '',
  version: 'v1',
  groupVersion: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  singular: 'namespace',
  shortNames: ['ns'],
  categories: [],
  namespaced: false,
  verbs: ['get', 'list', 'watch'],
  subresources: [],
  source: 'Cluster',
  columns: [],
  table: [
    { title: 'Name', description: 'The name of the Cluster.', cell: { text: ({ ref }) => ref.name } },
    {
      title: 'Status',
      description: 'Active, or Terminating while the Cluster is taken down.',
      cell: { text: phaseOf },
    },
    {
      title: 'Age',
      description: 'Since when there is the Cluster.',
      cell: { since: ({ createdAt }) => createdAt },
    },
  ],
  object: namespace,
  text: textOnce(namespace),
  labels: labelsOf,
  fields: { 'status.phase': phaseOf },
  fixed: [fixed('default'), fixed('scalarium-system')],
  instead: 'a namespace is a Cluster: edit the Cluster of that name',
};
