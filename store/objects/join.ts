/** Spec key and record key joined to one object: the rules of incarnation, deletion and freezing. Pure. */
import { v5 as uuidV5 } from 'uuid';
import { kindEntry } from '../../api-types/kinds.js';
import type { Problem } from '../../api-types/problems.js';
import { recordKey, specKey } from '../keys.js';
import type { RecordDocument, RecordSide, SpecSide } from './documents.js';
import type { Live, Ref, SpecDocument } from './objects.js';

/** All that is known of an object's two keys. */
export interface Sides {
  readonly spec: SpecSide | null;
  readonly record: RecordSide | null;
  /** The revision at which the spec key was seen to go; 0 when it was not seen. */
  readonly cut: number;
  /** When either key was first seen: shown as the creation until a record says better. */
  readonly seenAt: string;
}

/** What a uid is made of. */
interface Origin {
  readonly installation: string;
  /** The object as it was before, or null: one of the same incarnation has its uid. */
  readonly before: Live | null;
}

const uidOf = ({ installation, before }: Origin, key: string, incarnation: number): string =>
  before?.incarnation === incarnation ? before.uid : uuidV5(`${key}@${String(incarnation)}`, installation);

/**
 * The record's document when it is about an incarnation with something to tear down. A record whose spec was never
 * valid has nothing: nothing was ever done for it, so it neither delays the next incarnation nor shows as deleting.
 */
export const recordInForce = ({ spec, record }: Sides): RecordDocument | null => {
  const document = record?.document ?? null;
  if (document === null) return null;
  const same = spec !== null && document.incarnation === spec.create;
  return same || document.lastValid !== undefined ? document : null;
};

/** The record's incarnation has lost its spec key (which is gone, or belongs to the next incarnation). */
export const isOver = ({ spec }: Sides, document: RecordDocument): boolean =>
  spec === null || document.incarnation !== spec.create;

/** What is known of the owners of the document in force. */
const ownersKnown = (record: RecordDocument | null, { document }: InForce): Pick<Live, 'owners'> => ({
  owners: { note: record?.owners ?? null, noted: record?.lastValid?.document ?? null, document },
});

interface InForce {
  readonly document: SpecDocument;
  readonly spec: unknown;
  readonly generation: number;
}

/** A spec that was never valid: nothing is in force. Controllers look at `frozen` first. */
const NOTHING: InForce = { document: { spec: {} }, spec: {}, generation: 0 };

const lastValidSpec = (ref: Ref, record: RecordDocument | null): InForce => {
  if (record?.lastValid === undefined) return NOTHING;
  const { document, generation } = record.lastValid;
  return { document, spec: kindEntry(ref.kind).defaults(document.spec), generation };
};

const inForce = (ref: Ref, sides: Sides, record: RecordDocument | null): InForce => {
  const { spec } = sides;
  const ended = record !== null && isOver(sides, record);
  if (spec === null || ended || !spec.edit.valid) return lastValidSpec(ref, record);
  return { document: spec.edit.document, spec: spec.edit.spec, generation: spec.version };
};

const frozenBy = (revision: number, problems: readonly Problem[]): Live['frozen'] =>
  problems.length === 0 ? null : { revision, problems };

const frozenOf = (sides: Sides, record: RecordDocument | null): Live['frozen'] => {
  const bad = sides.record === null ? null : frozenBy(sides.record.mod, sides.record.problems);
  if (bad !== null) return bad;
  const { spec } = sides;
  if (spec === null || spec.edit.valid || (record !== null && isOver(sides, record))) return null;
  return frozenBy(spec.mod, spec.edit.problems);
};

const deletionOf = (record: RecordDocument | null): Live['deletion'] =>
  record?.deletedAt === undefined ? null : { at: record.deletedAt, revision: record.deletionRevision ?? 0 };

const metaOf = ({ document }: InForce): Pick<Live, 'labels' | 'annotations' | 'owner'> => ({
  labels: document.labels ?? {},
  annotations: document.annotations ?? {},
  owner: document.owner ?? null,
});

const statusOf = (sides: Sides, record: RecordDocument | null): Live['status'] =>
  sides.record !== null && sides.record.problems.length > 0 ? {} : (record?.status ?? {});

const modOf = (side: { readonly mod: number } | null): number => side?.mod ?? 0;

const revisionsOf = ({ spec, record, cut }: Sides, deletion: Live['deletion']) => ({
  specRevision: modOf(spec),
  recordRevision: modOf(record),
  resourceVersion: Math.max(modOf(spec), modOf(record), cut, deletion?.revision ?? 0),
});

/** A record nobody can read, with no spec beside it: shown, so that a person sees it, and left alone. */
const isUnreadable = ({ record }: Sides): boolean => record !== null && record.document === null;

type Served = Pick<Live, 'incarnation' | 'generation' | 'specGeneration' | 'createdAt' | 'succeeded'>;

/** Which incarnation is served, how far its edits have come, and whether the next one waits. */
const servedOf = (sides: Sides, record: RecordDocument | null, specGeneration: number): Served => {
  const { spec } = sides;
  const over = record !== null && isOver(sides, record);
  const generation = over || spec === null ? specGeneration : spec.version;
  const first = { incarnation: spec?.create ?? 0, createdAt: sides.seenAt };
  const { incarnation = first.incarnation, createdAt } = record ?? first;
  return { incarnation, createdAt, generation, specGeneration, succeeded: over && spec !== null };
};

const joinSpecKind = (ref: Ref, origin: Origin, sides: Sides): Live | null => {
  const record = recordInForce(sides);
  if (sides.spec === null && record === null && !isUnreadable(sides)) return null;
  const force = inForce(ref, sides, record);
  const deletion = deletionOf(record);
  const served = servedOf(sides, record, force.generation);
  return {
    ref,
    uid: uidOf(origin, specKey(ref), served.incarnation),
    ...served,
    ...metaOf(force),
    ...revisionsOf(sides, deletion),
    spec: force.spec as never,
    status: statusOf(sides, record),
    deletion,
    frozen: frozenOf(sides, record),
    ...ownersKnown(record, force),
  };
};

/** Record-only kinds: a record that does not decode is not served at all. */
const joinRecordKind = (ref: Ref, origin: Origin, sides: Sides): Live | null => {
  const { record } = sides;
  if (record?.document === null || record === null || record.problems.length > 0) return null;
  return {
    ref,
    uid: uidOf(origin, recordKey(ref), record.create),
    incarnation: record.create,
    generation: 1,
    specGeneration: 1,
    createdAt: record.document.createdAt,
    labels: {},
    annotations: {},
    owner: null,
    specRevision: 0,
    recordRevision: record.mod,
    resourceVersion: record.mod,
    spec: {},
    status: record.document.status as never,
    deletion: null,
    succeeded: false,
    frozen: null,
  };
};

/** The object that the two keys are, or null when there is none. */
export const join = (ref: Ref, origin: Origin, sides: Sides): Live | null =>
  kindEntry(ref.kind).home === 'spec' ? joinSpecKind(ref, origin, sides) : joinRecordKind(ref, origin, sides);
