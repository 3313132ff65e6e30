/** What every object has, as the API shows it. */
import * as t from 'io-ts';
import { described } from './described.js';
import type { ManagedFieldsEntry } from './managed-fields.js';
import { Integer, Time, fields } from './words.js';

export const API_GROUP = 'scalarium.dev';
export const API_VERSION = 'scalarium.dev/v1';

/** Tags, labels and annotations of ours start with this. */
export const PREFIX = 'scalarium.dev/';

/** Where credentials of the installation itself are: a namespace without a Cluster, which only admins may write to. */
export const SYSTEM_NAMESPACE = 'scalarium-system';

/** Annotation that grants consent: its value is the generation whose terminations are wanted. */
export const CONSENT_ANNOTATION = `${PREFIX}consent`;

export const ConditionStatus = t.union([t.literal('True'), t.literal('False'), t.literal('Unknown')]);
export type ConditionStatus = t.TypeOf<typeof ConditionStatus>;

/** One thing a program may want to know about an object. In records conditions are a map by type. */
export const Condition = fields(
  'Condition',
  {
    type: described(t.string, 'What is told of, in CamelCase; each type is there once.'),
    status: described(ConditionStatus, 'Whether it holds.'),
    reason: described(t.string, 'Why, in one CamelCase word that programs can compare.'),
    message: described(
      t.string,
      'Why, for people: what happened, to which object, what comes next and when it is tried again.',
    ),
    lastTransitionTime: described(Time, 'Since when `status` is what it is.'),
  },
  {
    observedGeneration: described(Integer, 'The metadata.generation that the condition was computed for.'),
  },
);
export interface Condition extends t.TypeOf<typeof Condition> {}

export type Conditions = Readonly<Record<string, Condition>>;

/** Sets a condition; the transition time moves only when the status does, and an equal one gives the same map. */
export const withCondition = (conditions: Conditions, next: Condition): Conditions => {
  const last = conditions[next.type];
  const lastTransitionTime = last?.status === next.status ? last.lastTransitionTime : next.lastTransitionTime;
  const same =
    last?.status === next.status &&
    last.reason === next.reason &&
    last.message === next.message &&
    last.observedGeneration === next.observedGeneration;
  return same ? conditions : { ...conditions, [next.type]: { ...next, lastTransitionTime } };
};

/** Who made an object and takes it along when it goes. */
export const Owner = t.strict(
  {
    kind: described(t.string, 'The kind of the owner.'),
    name: described(t.string, 'The name of the owner, in the same cluster.'),
    uid: described(t.string, 'The uid of the owner: another object of the same name is none.'),
  },
  'Owner',
);
export interface Owner extends t.TypeOf<typeof Owner> {}

export type Labels = Readonly<Record<string, string>>;

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  readonly creationTimestamp: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Labels;
  readonly annotations?: Labels;
  readonly ownerReferences?: readonly (Owner & { readonly apiVersion: string; readonly controller: true })[];
  /** Who owns which field. */
  readonly managedFields?: readonly ManagedFieldsEntry[];
}

/** An object as the API serves it: the spec key and the record key as one. */
export interface ApiObject<Spec = unknown, Status = unknown> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly spec?: Spec;
  readonly status?: Status;
}
