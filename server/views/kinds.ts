/** Our own kinds, as `scalarium.dev/v1` serves them. */
import type { InstanceSpec } from '../../api-types/kinds/instance.js';
import { phaseOf } from '../../api-types/kinds/phase.js';
import { KIND_NAMES, type KindName, kindEntry } from '../../api-types/kinds.js';
import { API_GROUP, API_VERSION } from '../../api-types/metadata.js';
import { presented } from '../present.js';
import { EVENT_FIELDS } from './events.js';
import { type ResourceVerb, type View, textOnce } from './view.js';

const READ: readonly ResourceVerb[] = ['get', 'list', 'watch'];
const WRITE: readonly ResourceVerb[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];

const SUBRESOURCES: Readonly<Partial<Record<KindName, readonly string[]>>> = {
  Role: ['consent', 'scale'],
  Cluster: ['consent'],
  Instance: ['logs'],
};

/** Field selectors of a kind. */
const FIELDS: Readonly<Partial<Record<KindName, View['fields']>>> = {
  Instance: {
    'spec.role': ({ spec }) => (spec as InstanceSpec).role,
    'status.phase': ({ status, deletion }) => phaseOf(status, deletion !== null),
  },
  Event: EVENT_FIELDS,
};

const subresourcesOf = (kind: KindName): readonly string[] => [
  ...(SUBRESOURCES[kind] ?? []),
  ...(kindEntry(kind).home === 'spec' ? ['status'] : []),
];

const viewOf = (kind: KindName): View => {
  const entry = kindEntry(kind);
  return {
    group: API_GROUP,
    version: 'v1',
    groupVersion: API_VERSION,
    kind,
    plural: entry.plural,
    singular: kind.toLowerCase(),
    shortNames: entry.shortNames,
    categories: entry.categories,
    namespaced: entry.scope === 'Namespaced',
    verbs: entry.home === 'spec' ? WRITE : READ,
    subresources: subresourcesOf(kind),
    source: kind,
    columns: entry.columns,
    object: presented,
    text: textOnce(presented),
    fields: FIELDS[kind] ?? {},
    fixed: [],
  };
};

export const KIND_VIEWS: readonly View[] = KIND_NAMES.map(viewOf);
