/** Who owns which field of an object: entries as Kubernetes has them, and what an edit past the API makes of them. */
import * as E from 'fp-ts/lib/Either.js';
import { isDeepStrictEqual } from 'node:util';
import * as t from 'io-ts';
import {
  type FieldSet,
  both,
  fieldsOf,
  fromFieldsV1,
  leavesOf,
  minus,
  nodesOf,
  sameSet,
  toFieldsV1,
  union,
} from './field-sets.js';
import { API_VERSION, type Labels, type Owner } from './metadata.js';
import { snapshotDigest } from './snapshot-digest.js';
import { fields } from './words.js';

const Operation = t.union([t.literal('Apply'), t.literal('Update')]);

/** One entry of `metadata.managedFields`. */
export const ManagedFieldsEntry = fields(
  'ManagedFieldsEntry',
  {
    manager: t.string,
    operation: Operation,
    apiVersion: t.string,
    /** RFC 3339. */
    time: t.string,
    fieldsType: t.literal('FieldsV1'),
    fieldsV1: t.UnknownRecord,
  },
  { subresource: t.string },
);
export interface ManagedFieldsEntry extends t.TypeOf<typeof ManagedFieldsEntry> {}

/** What a record notes of a spec document's owners; `digest` names the document. */
export const OwnersNote = fields(
  'OwnersNote',
  { digest: t.string, entries: t.readonlyArray(ManagedFieldsEntry) },
  {},
);
export interface OwnersNote extends t.TypeOf<typeof OwnersNote> {}

/** The part of a spec key's document that is owned field by field. */
export interface OwnedDocument {
  readonly labels?: Labels;
  readonly annotations?: Labels;
  readonly owner?: Owner;
  readonly spec: unknown;
}

/** A manager and what it owns. */
export interface Ownership {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly subresource?: string;
  readonly time: string;
  readonly set: FieldSet;
}

/** Who owns what was written past the API. */
const RAW_MANAGER = 'etcdctl';
/** Who owns what controllers made. */
const CONTROLLER_MANAGER = 'scalarium';

/** Field managers of Updates that are kept apart; the oldest of more become one, as in Kubernetes. */
const MOST_UPDATERS = 10;
const ANCIENT = 'ancient-changes';

/** Names a document: equal documents have equal digests. */
const documentDigest = ({ labels, annotations, owner, spec }: OwnedDocument): string =>
  snapshotDigest({ labels, annotations, owner, spec });

const some = (texts: Labels | undefined): boolean => texts !== undefined && Object.keys(texts).length > 0;

/** The values of a Secret are owned by the names people give them, sealed or not. */
const ownedSpec = (spec: unknown): unknown => {
  if (typeof spec !== 'object' || spec === null) return spec;
  const { sealed, data, ...rest } = spec as { readonly sealed?: object; readonly data?: object };
  return sealed === undefined ? spec : { ...rest, data: { ...data, ...sealed } };
};

/** The document as the fields of an object: what owners' sets are about. Nobody owns `metadata` and `spec` themselves. */
export const ownedTree = ({ labels, annotations, owner, spec }: OwnedDocument): unknown => {
  const metadata = {
    ...(some(labels) ? { labels } : {}),
    ...(some(annotations) ? { annotations } : {}),
    ...(owner === undefined ? {} : { ownerReferences: [owner] }),
  };
  const parts = Object.entries({ metadata, spec: ownedSpec(spec) });
  return Object.fromEntries(parts.filter(([, part]) => Object.keys(part as object).length > 0));
};

const entryOf = ({ manager, operation, subresource, time, set }: Ownership): ManagedFieldsEntry => ({
  manager,
  operation,
  apiVersion: API_VERSION,
  time,
  fieldsType: 'FieldsV1',
  fieldsV1: toFieldsV1(set),
  ...(subresource === undefined ? {} : { subresource }),
});

const gathered = (oldest: readonly Ownership[]): Ownership => ({
  manager: ANCIENT,
  operation: 'Update',
  time:
    oldest
      .map(({ time }) => time)
      .sort()
      .at(-1) ?? '',
  set: union(...oldest.map(({ set }) => set)),
});

const bounded = (owners: readonly Ownership[]): readonly Ownership[] => {
  const updaters = owners.filter(({ operation }) => operation === 'Update');
  if (updaters.length <= MOST_UPDATERS) return owners;
  const byAge = [...updaters].sort((a, b) => (a.time < b.time ? -1 : 1));
  const oldest = byAge.slice(0, updaters.length - MOST_UPDATERS + 1);
  return [...owners.filter((one) => !oldest.includes(one)), gathered(oldest)];
};

/** Entries in the order Kubernetes gives them: Apply first, then by time; who owns nothing is left out. */
export const entriesOf = (owners: readonly Ownership[]): readonly ManagedFieldsEntry[] => {
  const rank = ({ operation, time, manager }: Ownership): string => `${operation} ${time} ${manager}`;
  return bounded(owners.filter(({ set }) => set.size > 0))
    .toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1))
    .map(entryOf);
};

/** Owners of entries; Left: what is wrong with one. */
export const ownersOf = (entries: readonly ManagedFieldsEntry[]): E.Either<string, readonly Ownership[]> => {
  const owners: Ownership[] = [];
  for (const { manager, operation, subresource, time, fieldsV1 } of entries) {
    const set = fromFieldsV1(fieldsV1);
    if (E.isLeft(set)) return set;
    const where = subresource === undefined ? {} : { subresource };
    owners.push({ manager, operation, ...where, time, set: set.right });
  }
  return E.right(owners);
};

/** Leaves that are other than they were, or new. */
export const changedFields = (before: unknown, after: unknown): FieldSet => {
  const old = leavesOf(before);
  const changed = [...leavesOf(after)].filter(
    ([path, value]) => !old.has(path) || !isDeepStrictEqual(old.get(path), value),
  );
  return new Set(changed.map(([path]) => path));
};

/** Who writes, how and when. */
export interface Writer {
  readonly manager: string;
  readonly subresource?: string;
  readonly time: string;
}

const isWriter = (owner: Ownership, writer: Writer): boolean =>
  owner.operation === 'Update' &&
  owner.manager === writer.manager &&
  owner.subresource === writer.subresource;

const EMPTY: FieldSet = new Set();

/** An Update: the writer owns what it changed, nobody owns what is no longer there. */
export const updatedOwners = (
  owners: readonly Ownership[],
  writer: Writer,
  changed: FieldSet,
  after: unknown,
): readonly Ownership[] => {
  const there = nodesOf(after);
  const own = owners.find((owner) => isWriter(owner, writer));
  const others = owners
    .filter((owner) => owner !== own)
    .map((owner) => ({ ...owner, set: both(minus(owner.set, changed), there) }));
  const set = both(union(own?.set ?? EMPTY, changed), there);
  const time = changed.size === 0 ? (own?.time ?? writer.time) : writer.time;
  return [...others, { ...writer, operation: 'Update' as const, time, set }].filter(
    (owner) => owner.set.size > 0,
  );
};

/** What is known of an object's owners: the note, the last document that was noted, and the one there is now. */
export interface OwnersKnown {
  readonly note: OwnersNote | null;
  readonly noted: OwnedDocument | null;
  readonly document: OwnedDocument;
}

type Defaults = (spec: unknown) => unknown;

const withDefaults = (document: OwnedDocument, defaults: Defaults): unknown =>
  ownedTree({ ...document, spec: defaults(document.spec) });

const allOf = (manager: string, document: OwnedDocument, time: string): readonly Ownership[] => [
  { manager, operation: 'Update', time, set: fieldsOf(ownedTree(document)) },
];

/**
 * The owners of `document`: those noted; after an edit past the API, its changes belong to `etcdctl`. When the document
 * that the note is about is not at hand any more, everything does: better a conflict than a person's edit undone.
 */
export const currentOwners = (
  { note, noted, document }: OwnersKnown,
  defaults: Defaults,
  time: string,
): readonly Ownership[] => {
  if (note === null)
    return allOf(document.owner === undefined ? RAW_MANAGER : CONTROLLER_MANAGER, document, time);
  const owners = ownersOf(note.entries);
  if (E.isLeft(owners)) return allOf(RAW_MANAGER, document, time);
  if (note.digest === documentDigest(document)) return owners.right;
  if (noted === null || note.digest !== documentDigest(noted)) return allOf(RAW_MANAGER, document, time);
  const after = withDefaults(document, defaults);
  const changed = changedFields(withDefaults(noted, defaults), after);
  return updatedOwners(owners.right, { manager: RAW_MANAGER, time }, changed, after);
};

/** The note that goes with `document`. */
export const noteOf = (document: OwnedDocument, entries: readonly ManagedFieldsEntry[]): OwnersNote => ({
  digest: documentDigest(document),
  entries,
});

/** Whether two owners' lists say the same, times aside. */
export const sameOwners = (left: readonly Ownership[], right: readonly Ownership[]): boolean => {
  const others = right.filter(({ set }) => set.size > 0);
  const ours = left.filter(({ set }) => set.size > 0);
  const match = (a: Ownership, b: Ownership): boolean =>
    a.manager === b.manager &&
    a.operation === b.operation &&
    a.subresource === b.subresource &&
    sameSet(a.set, b.set);
  return ours.length === others.length && ours.every((one) => others.some((other) => match(one, other)));
};
