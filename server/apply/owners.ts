/** Who owns the fields of an object, as the API shows it. */
import * as E from 'fp-ts/lib/Either.js';
import { kindEntry } from '../../api-types/kinds.js';
import {
  ManagedFieldsEntry,
  type Ownership,
  currentOwners,
  entriesOf,
  ownedTree,
  ownersOf,
} from '../../api-types/managed-fields.js';
import type { Live } from '../../store/objects/objects.js';

/** The fields of the object in force, with their defaults. */
export const treeOf = ({ labels, annotations, owner, spec }: Live): unknown =>
  ownedTree({ labels, annotations, ...(owner === null ? {} : { owner }), spec });

/** Owners now, whatever was written past the API since they were noted. */
export const ownersOfLive = ({ ref, owners, createdAt }: Live): readonly Ownership[] =>
  owners === undefined ? [] : currentOwners(owners, kindEntry(ref.kind).defaults, createdAt);

const shown = new WeakMap<Live, readonly ManagedFieldsEntry[]>();

/** `metadata.managedFields`. */
export const managedFieldsOf = (live: Live): readonly ManagedFieldsEntry[] => {
  const known = shown.get(live);
  if (known !== undefined) return known;
  const entries = entriesOf(ownersOfLive(live));
  shown.set(live, entries);
  return entries;
};

const isEmptyEntry = (entry: unknown): boolean =>
  typeof entry === 'object' && entry !== null && Object.keys(entry).length === 0;

/**
 * What `metadata.managedFields` of a write says: as in Kubernetes `[{}]` forgets all owners, nothing or what is not
 * understood leaves them as they are (null), anything else is taken as it is.
 */
export const ownersSent = (sent: unknown): readonly Ownership[] | null => {
  if (!Array.isArray(sent) || sent.length === 0) return null;
  if (sent.length === 1 && isEmptyEntry(sent[0])) return [];
  if (!sent.every((entry): entry is ManagedFieldsEntry => ManagedFieldsEntry.is(entry))) return null;
  const owners = ownersOf(sent);
  return E.isLeft(owners) ? null : owners.right;
};
