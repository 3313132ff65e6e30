/** The schema of a kind as the API shows its objects: what `explain` prints, what clients check documents with. */
import type { KindEntry } from './kind-entry.js';
import { kindEntry } from './kinds.js';
import { PHASES } from './kinds/phase.js';
import { Condition } from './metadata.js';
import { ObjectMetaFields } from './object-meta.js';
import { type Schema, schemaOf } from './schema.js';

export const OBJECT_META: Schema = {
  ...schemaOf(ObjectMetaFields),
  description: 'What every object has: its name, its cluster, its versions, its labels.',
};

/** What the first two fields of every document mean. */
export const TYPE_META: Readonly<Record<'apiVersion' | 'kind', Schema>> = {
  apiVersion: { type: 'string', description: 'The group and version of the kind, as scalarium.dev/v1.' },
  kind: { type: 'string', description: 'What the document describes, in CamelCase and singular.' },
};

const PHASE: Schema = {
  type: 'string',
  enum: PHASES,
  description: 'Where the host is in its life, in one word: computed from everything else in the status.',
};

/** Records hold a map by type, so that each type has its own writer; the API shows a list. */
const conditionsOf = (stored: Schema | undefined): Schema => ({
  type: 'array',
  items: schemaOf(Condition),
  'x-kubernetes-list-type': 'atomic',
  ...(stored?.description === undefined ? {} : { description: stored.description }),
});

const statusOf = (entry: KindEntry): Schema => {
  const stored = schemaOf(entry.status);
  const { properties = {} } = stored;
  return {
    ...stored,
    description:
      entry.home === 'record'
        ? 'What is recorded. Written by the control plane; read-only.'
        : 'What the control plane has found and done. Read-only.',
    properties: {
      ...(entry.kind === 'Instance' ? { phase: PHASE } : {}),
      ...properties,
      ...('conditions' in properties ? { conditions: conditionsOf(properties['conditions']) } : {}),
    },
  };
};

/** The fields of a kind below `metadata`. */
const bodyOf = (entry: KindEntry): Readonly<Record<string, Schema>> => ({
  ...(entry.spec === null
    ? {}
    : { spec: { ...schemaOf(entry.spec), description: 'What there should be. People write it.' } }),
  status: statusOf(entry),
});

/** The schema of a whole object; `metadata` is written out unless the caller has a reference for it. */
export const kindSchema = (kind: Parameters<typeof kindEntry>[0], metadata: Schema = OBJECT_META): Schema => {
  const entry = kindEntry(kind);
  const body = bodyOf(entry);
  return {
    type: 'object',
    description: entry.about,
    properties: { ...TYPE_META, metadata, ...body },
    ...(body['spec']?.required === undefined ? {} : { required: ['spec'] }),
  };
};
