/** One write as compares and operations, worked out against the keys as they are known. Pure. */
import * as E from 'fp-ts/lib/Either.js';
import { isDeepStrictEqual } from 'node:util';
import { kindEntry } from '../../api-types/kinds.js';
import { type ManagedFieldsEntry, noteOf } from '../../api-types/managed-fields.js';
import { mergePatch } from '../../api-types/merge-patch.js';
import { decodeLoose, problemText } from '../../api-types/problems.js';
import { conflict, stalled, type Failure } from '../../runtime/failure.js';
import { recordKey, specKey } from '../keys.js';
import type { Compare, Operation } from '../store.js';
import {
  MAX_RECORD_BYTES,
  MAX_SPEC_BYTES,
  newRecord,
  specText,
  type RecordDocument,
  type SpecSide,
} from './documents.js';
import { judged } from './keep.js';
import { isOver, recordInForce, type Sides } from './join.js';
import type { Ref, SpecDocument, Write } from './objects.js';
import { isPlainSecret } from './secrets.js';

export interface Part {
  readonly compare: readonly Compare[];
  readonly operations: readonly Operation[];
}

/** What the parts of one write are worked out against. */
export interface View {
  /** Both keys as of the latest reading, or null. */
  readonly sides: (ref: Ref) => Sides | null;
  /** The incarnation the caller saw when it began. */
  readonly incarnation: (ref: Ref) => number | null;
  readonly now: () => string;
}

type Worked = E.Either<Failure, Part>;
type StatusWrite = Extract<Write, { readonly write: 'status' }>;
type SpecWrite = Extract<Write, { readonly write: 'create' | 'replace' | 'delete' }>;
type PutWrite = Exclude<SpecWrite, { readonly write: 'delete' }>;
type OwnersWrite = Extract<Write, { readonly write: 'owners' }>;
type ForgetWrite = Extract<Write, { readonly write: 'forget' }>;

/** `Role shop/app`, for people. */
export const named = ({ kind, cluster, name }: Ref): string =>
  `${kind} ${cluster === null ? name : `${cluster}/${name}`}`;

const modIs = (key: string, equals: number): Compare => ({ key, target: 'mod', equals });

const tooLarge = (ref: Ref, what: string, size: number, most: number): Failure =>
  stalled(
    'TooLarge',
    `the ${what} of ${named(ref)} has ${String(size)} bytes; at most ${String(most)} fit. Make it smaller or split it`,
  );

const putRecord = (ref: Ref, document: RecordDocument): E.Either<Failure, Operation> => {
  const value = JSON.stringify(document);
  const size = Buffer.byteLength(value);
  return size > MAX_RECORD_BYTES
    ? E.left(tooLarge(ref, 'record', size, MAX_RECORD_BYTES))
    : E.right({ op: 'put', key: recordKey(ref), value });
};

/** A status that its own codec refuses is a mistake in the controller that wrote it: it throws, nothing is stored. */
const requireStatus = (ref: Ref, status: unknown): void => {
  const decoded = decodeLoose(kindEntry(ref.kind).status, status);
  if (E.isLeft(decoded))
    throw new Error(`the status of ${named(ref)} is wrong: ${decoded.left.map(problemText).join('; ')}`);
};

interface Base {
  readonly document: RecordDocument;
  readonly compare: readonly Compare[];
}

const recordMod = (sides: Sides | null): number => sides?.record?.mod ?? 0;

const gone = (ref: Ref): E.Either<Failure, never> =>
  E.left(conflict(`${named(ref)} is not there any more`, 'NotFound'));

/**
 * The record of a spec that has none to speak of yet. It notes the spec: once the spec key goes, a record without a last
 * valid one has nothing to tear down, and what is done now would leak. A valid spec is judged in the same write, which
 * saves the keeper one an object; what is not valid is the keeper's to tell.
 */
const begunOn = (ref: Ref, spec: SpecSide, record: RecordDocument, now: string): RecordDocument =>
  spec.edit.valid && spec.edit.plain !== true ? judged(ref, record, spec, now) : record;

const specBase = (ref: Ref, sides: Sides, view: View): E.Either<Failure, Base> => {
  const document = recordInForce(sides);
  const { spec } = sides;
  if ((document?.incarnation ?? spec?.create) !== view.incarnation(ref)) return gone(ref);
  const compare = [modIs(recordKey(ref), recordMod(sides))];
  if (document?.lastValid !== undefined) return E.right({ document, compare });
  if (spec === null) return gone(ref);
  const begun = begunOn(ref, spec, document ?? newRecord(spec, sides.seenAt), view.now());
  return E.right({ document: begun, compare: [...compare, modIs(specKey(ref), spec.mod)] });
};

/** The record a patch is merged onto: the one that is there, or a first one. */
const baseOf = (ref: Ref, view: View): E.Either<Failure, Base> => {
  const sides = view.sides(ref);
  const document = sides?.record?.document;
  if (document === null)
    return E.left(stalled('RecordUnreadable', `the record of ${named(ref)} is not one of ours`));
  if (kindEntry(ref.kind).home === 'spec') return sides === null ? gone(ref) : specBase(ref, sides, view);
  const compare = [modIs(recordKey(ref), recordMod(sides))];
  return E.right({ document: document ?? { createdAt: view.now(), status: {} }, compare });
};

/** Patches as JSON has them: a field that is undefined is no field. */
const asJson = (patch: unknown): unknown => JSON.parse(JSON.stringify(patch)) as unknown;

/** Whether the record that is there has this status already. */
const changesNothing = (sides: Sides | null, base: Base, status: unknown): boolean =>
  recordMod(sides) > 0 && isDeepStrictEqual(status, base.document.status);

const statusPart = (writes: readonly StatusWrite[], ref: Ref, view: View): Worked => {
  const sides = view.sides(ref);
  const base = baseOf(ref, view);
  if (E.isLeft(base)) return base;
  const { document, compare } = base.right;
  const since = writes.map(({ unchangedSince }) => unchangedSince).find((one) => one !== undefined);
  if (since !== undefined && since !== recordMod(sides))
    return E.left(conflict(`the record of ${named(ref)} was written since it was read`));
  const status = writes.reduce<unknown>(
    (merged, { patch }) => mergePatch(merged, asJson(patch)),
    document.status,
  );
  if (changesNothing(sides, base.right, status))
    return E.right({ compare: since === undefined ? [] : compare, operations: [] });
  requireStatus(ref, status);
  const put = putRecord(ref, { ...document, status: status as RecordDocument['status'] });
  return E.map((operation: Operation): Part => ({ compare, operations: [operation] }))(put);
};

const createProblem = (ref: Ref, sides: Sides | null): Failure | null => {
  if (sides === null || (sides.spec === null && sides.record === null)) return null;
  return sides.spec === null
    ? conflict(`${named(ref)} is still being deleted`, 'Terminating')
    : conflict(`${named(ref)} is there already`, 'AlreadyExists');
};

const sinceProblem = (ref: Ref, since: number, mod: number): Failure | null => {
  if (since === mod) return null;
  return mod === 0
    ? conflict(`${named(ref)} is not there any more`, 'NotFound')
    : conflict(`${named(ref)} was written since it was read`);
};

const deletePart = (ref: Ref, since: number, sides: Sides | null): Worked => {
  const problem = sinceProblem(ref, since, sides?.spec?.mod ?? 0);
  if (problem !== null) return E.left(problem);
  if (since === 0) return gone(ref);
  const key = specKey(ref);
  return E.right({ compare: [modIs(key, since)], operations: [{ op: 'delete', key }] });
};

/** Owners are a convenience: where they do not fit they are left out, and what was written belongs to `etcdctl`. */
const MAX_OWNERS_BYTES = 128 * 1024;

const withOwners = (
  record: RecordDocument,
  document: SpecDocument,
  entries: readonly ManagedFieldsEntry[],
): RecordDocument => {
  const stored = JSON.parse(specText(document)) as SpecDocument;
  const owners = noteOf(stored, entries);
  return { ...record, owners: JSON.stringify(owners).length > MAX_OWNERS_BYTES ? undefined : owners };
};

const NOTHING: Part = { compare: [], operations: [] };

/** The record with the owners of `document`; nothing where there is no record of this incarnation. */
const ownersPart = (
  ref: Ref,
  sides: Sides | null,
  document: SpecDocument,
  entries: readonly ManagedFieldsEntry[],
): Worked => {
  if (sides?.spec == null || sides.record?.document === null) return E.right(NOTHING);
  // the keeper has not judged a new spec yet: it must still find it unnoted
  const unjudged = { incarnation: sides.spec.create, createdAt: sides.seenAt, status: {} };
  const record = recordInForce(sides) ?? unjudged;
  if (isOver(sides, record)) return E.right(NOTHING);
  const put = putRecord(ref, withOwners(record, document, entries));
  const compare = [modIs(recordKey(ref), recordMod(sides))];
  return E.map((operation: Operation): Part => ({ compare, operations: [operation] }))(put);
};

const ownersOnly = ({ ref, owners, unchangedSince }: OwnersWrite, sides: Sides | null): Worked => {
  const problem = sinceProblem(ref, unchangedSince, sides?.spec?.mod ?? 0);
  if (problem !== null) return E.left(problem);
  const edit = sides?.spec?.edit;
  if (edit?.valid !== true) return E.right(NOTHING);
  const part = ownersPart(ref, sides, edit.document, owners);
  if (E.isLeft(part)) return part;
  const compare = [...part.right.compare, modIs(specKey(ref), unchangedSince)];
  return E.right({ ...part.right, compare });
};

const replacePart = (
  write: Extract<PutWrite, { readonly write: 'replace' }>,
  sides: Sides | null,
): Worked => {
  const { ref, document, owners } = write;
  const put = putPart(write, sides);
  if (E.isLeft(put) || owners === undefined) return put;
  const noted = ownersPart(ref, sides, document, owners);
  if (E.isLeft(noted)) return noted;
  return E.right({
    compare: [...put.right.compare, ...noted.right.compare],
    operations: [...put.right.operations, ...noted.right.operations],
  });
};

/** Whoever writes a Secret seals it first: a mistake there must not store it. */
const requireSealed = (ref: Ref, document: SpecDocument): void => {
  if (ref.kind === 'Secret' && isPlainSecret(document)) throw new Error(`${named(ref)} was not sealed`);
};

const putPart = (write: PutWrite, sides: Sides | null): Worked => {
  const { ref } = write;
  const creates = write.write === 'create';
  const problem = creates
    ? createProblem(ref, sides)
    : sinceProblem(ref, write.unchangedSince, sides?.spec?.mod ?? 0);
  if (problem !== null) return E.left(problem);
  requireSealed(ref, write.document);
  const value = specText(write.document);
  const size = Buffer.byteLength(value);
  if (size > MAX_SPEC_BYTES) return E.left(tooLarge(ref, 'spec', size, MAX_SPEC_BYTES));
  const key = specKey(ref);
  const compare = creates ? [modIs(key, 0), modIs(recordKey(ref), 0)] : [modIs(key, write.unchangedSince)];
  return E.right({ compare, operations: [{ op: 'put', key, value }] });
};

const forgetPart = ({ ref, unchangedSince }: ForgetWrite, view: View): Worked => {
  const record = view.sides(ref)?.record ?? null;
  const problem = sinceProblem(ref, unchangedSince, record?.mod ?? 0);
  if (problem !== null) return E.left(problem);
  if (kindEntry(ref.kind).home === 'spec' && record?.document?.deletedAt === undefined)
    return E.left(conflict(`${named(ref)} is not being deleted`, 'NotDeleted'));
  const key = recordKey(ref);
  return E.right({ compare: [modIs(key, unchangedSince)], operations: [{ op: 'delete', key }] });
};

/** Writes that become one part: all status patches of one record, else one write. */
export type Unit = readonly [Write, ...Write[]];

/** Gathers status patches of the same record into one unit, at the place of the first. */
export const unitsOf = (writes: readonly Write[]): readonly Unit[] => {
  const units: [Write, ...Write[]][] = [];
  const byRecord = new Map<string, [Write, ...Write[]]>();
  for (const write of writes) {
    const key = write.write === 'status' ? recordKey(write.ref) : null;
    const there = key === null ? undefined : byRecord.get(key);
    if (there !== undefined) {
      there.push(write);
      continue;
    }
    const unit: [Write, ...Write[]] = [write];
    units.push(unit);
    if (key !== null) byRecord.set(key, unit);
  }
  return units;
};

/** The objects whose keys a unit depends on. */
export const refOf = ([write]: Unit): Ref | null => (write.write === 'raw' ? null : write.ref);

/** Works a unit out; Left when it cannot hold. */
export const partOf = (unit: Unit, view: View): Worked => {
  const [write] = unit;
  switch (write.write) {
    case 'status':
      return statusPart(
        unit.filter((one) => one.write === 'status'),
        write.ref,
        view,
      );
    case 'forget':
      return forgetPart(write, view);
    case 'raw':
      return E.right({ compare: write.compare, operations: [write.operation] });
    case 'delete':
      return deletePart(write.ref, write.unchangedSince, view.sides(write.ref));
    case 'owners':
      return ownersOnly(write, view.sides(write.ref));
    case 'replace':
      return replacePart(write, view.sides(write.ref));
    default:
      return putPart(write, view.sides(write.ref));
  }
};
