/** The named schemas of the API: kinds, their lists, and what every request may carry. */
import * as t from 'io-ts';
import { described } from '../../api-types/described.js';
import { OBJECT_META, TYPE_META, kindSchema } from '../../api-types/kind-schema.js';
import { KIND_NAMES } from '../../api-types/kinds.js';
import { API_GROUP } from '../../api-types/metadata.js';
import { type Schema, schemaOf } from '../../api-types/schema.js';
import { Integer, fields, oneOf } from '../../api-types/words.js';
import { type GroupVersionKind, RESOURCES, type Resource, groupVersionName } from '../discovery/resources.js';
import { foreignSchema } from './foreign.js';

export type Definitions = Readonly<Record<string, Schema>>;

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';
export const COMMON = {
  objectMeta: `${META}.ObjectMeta`,
  listMeta: `${META}.ListMeta`,
  status: `${META}.Status`,
  deleteOptions: `${META}.DeleteOptions`,
  patch: `${META}.Patch`,
  /** Clients print the last part of the name as the type. */
  intOrString: 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
} as const;

/** `dev.scalarium.v1.Role`; the names that clients know for kinds of Kubernetes. */
export const definitionName = ({ group, version, kind }: GroupVersionKind): string => {
  if (group === '') return `io.k8s.api.core.${version}.${kind}`;
  const [first = ''] = group.split('.');
  if (group.endsWith('.k8s.io') || !group.includes('.')) return `io.k8s.api.${first}.${version}.${kind}`;
  return `${group.split('.').reverse().join('.')}.${version}.${kind}`;
};

const LIST_META = fields(
  'ListMeta',
  {},
  {
    resourceVersion: described(t.string, 'The version of the list: a watch from here misses nothing.'),
    continue: described(t.string, 'What to ask for the rest with; empty: this is all.'),
    remainingItemCount: described(Integer, 'How many more there are.'),
  },
);

const STATUS = fields(
  'Status',
  {},
  {
    status: described(oneOf(['Success', 'Failure']), 'Whether it worked.'),
    code: described(Integer, 'The HTTP status code.'),
    reason: described(
      t.string,
      'Why not, in one word that programs can compare: NotFound, Conflict, Invalid.',
    ),
    message: described(t.string, 'What happened, to which object, and what to do.'),
    details: described(t.UnknownRecord, 'The object, the fields that are wrong, and how long to wait.'),
  },
);

const DELETE_OPTIONS = fields(
  'DeleteOptions',
  {},
  {
    dryRun: described(t.readonlyArray(t.string), 'All: check everything, delete nothing.'),
    gracePeriodSeconds: described(
      Integer,
      'Taken and not used: how long hosts may take is said by their Role.',
      { unit: 'seconds' },
    ),
    propagationPolicy: described(
      t.string,
      'Background or Foreground: what the object owns goes too. Orphan is refused.',
    ),
    preconditions: described(
      fields(
        'Preconditions',
        {},
        {
          uid: described(t.string, 'Delete only the object with this uid.'),
          resourceVersion: described(t.string, 'Delete only this version of the object.'),
        },
      ),
      'What must hold, or the answer is 409.',
    ),
  },
);

const SCALE = fields(
  'Scale',
  {},
  {
    spec: described(
      t.strict({ replicas: described(Integer, 'How many hosts there should be.') }),
      'What there should be.',
    ),
    status: described(
      fields(
        'ScaleStatus',
        { replicas: described(Integer, 'How many hosts there are.') },
        { selector: described(t.string, 'A label selector for them.') },
      ),
      'What there is.',
    ),
  },
);

const shows = (kind: GroupVersionKind): Pick<Schema, 'x-kubernetes-group-version-kind'> => ({
  'x-kubernetes-group-version-kind': [kind],
});

const METADATA: Schema = { $ref: COMMON.objectMeta, description: OBJECT_META.description ?? '' };

const asDocument = (schema: Schema, metadata: Schema, of: GroupVersionKind): Schema => ({
  ...schema,
  type: 'object',
  properties: { ...TYPE_META, metadata, ...schema.properties },
  ...shows(of),
});

const objectSchema = (kind: GroupVersionKind): Schema => {
  const ours = kind.group === API_GROUP ? KIND_NAMES.find((name) => name === kind.kind) : undefined;
  if (ours !== undefined) return { ...kindSchema(ours, METADATA), ...shows(kind) };
  return asDocument(foreignSchema(groupVersionName(kind), kind.kind), METADATA, kind);
};

/** The kind of a list. */
export const listOfKind = (kind: GroupVersionKind): GroupVersionKind => ({
  ...kind,
  kind: `${kind.kind}List`,
});

const listSchema = (kind: GroupVersionKind, plural: string): Schema => ({
  type: 'object',
  description: `A list of ${plural}, or a part of it.`,
  properties: {
    ...TYPE_META,
    metadata: { $ref: COMMON.listMeta, description: 'The version of the list, and where it goes on.' },
    items: {
      type: 'array',
      description: 'The objects.',
      items: { $ref: definitionName(kind) },
    },
  },
  required: ['items'],
  ...shows(listOfKind(kind)),
});

const ofResource = ({ shows: kind, plural, verbs }: Resource): Definitions => ({
  [definitionName(kind)]: objectSchema(kind),
  ...(verbs.includes('list') ? { [definitionName(listOfKind(kind))]: listSchema(kind, plural) } : {}),
});

const scaleKind: GroupVersionKind = { group: 'autoscaling', version: 'v1', kind: 'Scale' };

const common = (): Definitions => ({
  [COMMON.objectMeta]: OBJECT_META,
  [COMMON.listMeta]: { ...schemaOf(LIST_META), description: 'What every list has.' },
  [COMMON.status]: { ...schemaOf(STATUS), description: 'How a request went.' },
  [COMMON.deleteOptions]: { ...schemaOf(DELETE_OPTIONS), description: 'How to delete.' },
  [COMMON.patch]: { type: 'object', description: 'A patch, in the form that its media type says.' },
  [COMMON.intOrString]: { format: 'int-or-string', description: 'A number, or a text as "25%".' },
  [definitionName(scaleKind)]: {
    ...asDocument(schemaOf(SCALE), METADATA, scaleKind),
    description: 'How many hosts a Role has.',
  },
});

/** All definitions that documents about these resources may refer to. */
export const definitionsFor = (resources: readonly Resource[]): Definitions =>
  Object.assign(common(), ...resources.map(ofResource)) as Definitions;

/** The definitions of everything that is served. */
export const allDefinitions = (): Definitions => definitionsFor(RESOURCES);
