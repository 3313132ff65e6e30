/** Builders of the two keys of an object, as the store gives them. */
import { recordKey, specKey } from '../../store/keys.js';
import { readRecord, readSpec, type RecordSide, type SpecSide } from '../../store/objects/documents.js';
import type { Sides } from '../../store/objects/join.js';
import type { Ref } from '../../store/objects/objects.js';
import type { KeyValue } from '../../store/store.js';
import { EPOCH } from './objects.js';

export interface Revisions {
  readonly create: number;
  readonly mod: number;
  readonly version: number;
}

export const appRef: Ref<'Role'> = { kind: 'Role', cluster: 'shop', name: 'app' };

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

export const keyValue = (key: string, value: unknown, revisions: Partial<Revisions> = {}): KeyValue => {
  const { create = 10, mod = create, version = 1 } = revisions;
  return {
    key,
    value: textOf(value),
    createRevision: create,
    modRevision: mod,
    version,
    lease: null,
  };
};

/** The spec key of `shop/app`, as people put it: `value` is the document or text. */
export const specSide = (value: unknown, revisions: Partial<Revisions> = {}, ref: Ref = appRef): SpecSide =>
  readSpec(ref, keyValue(specKey(ref), value, revisions));

/** The record key of `shop/app`: incarnation 10 with a last valid spec of one replica, unless told. */
export const recordSide = (more: object = {}, revisions: Partial<Revisions> = {}): RecordSide =>
  readRecord(
    appRef,
    keyValue(
      recordKey(appRef),
      {
        incarnation: 10,
        createdAt: EPOCH,
        lastValid: { revision: 10, generation: 1, document: roleDocument(1) },
        status: {},
        ...more,
      },
      { create: 11, ...revisions },
    ),
  );

export const roleDocument = (replicas: unknown): object => ({ spec: { type: 'custom', replicas } });

export const sides = (spec: SpecSide | null, record: RecordSide | null, cut = 0): Sides => ({
  spec,
  record,
  cut,
  seenAt: EPOCH,
});
