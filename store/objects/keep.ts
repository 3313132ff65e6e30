/** What the keeper does about one object's two keys. Pure. */
import { currentOwners, entriesOf, noteOf } from '../../api-types/managed-fields.js';
import { withCondition, type Condition, type Conditions } from '../../api-types/metadata.js';
import { problemText } from '../../api-types/problems.js';
import { kindEntry } from '../../api-types/kinds.js';
import { lastValidOf, newRecord, type RecordDocument, type SpecSide } from './documents.js';
import { isOver, recordInForce, type Sides } from './join.js';
import type { Ref, SpecDocument } from './objects.js';

/** `tell`: the text of a Warning to people, or null. */
export type Keeping =
  | { readonly keep: 'write'; readonly document: RecordDocument; readonly tell: string | null }
  /** The Secret was put in plain: its spec key gets the same document with its values sealed. */
  | { readonly keep: 'seal'; readonly document: SpecDocument; readonly lastValid: SpecDocument | null }
  | { readonly keep: 'forget' };

interface Facts {
  readonly now: string;
  /** What the cache has reached: the deletion's revision when the deletion itself was not seen. */
  readonly revision: number;
}

const problemsOf = ({ edit }: SpecSide): string =>
  edit.valid ? '' : edit.problems.map(problemText).join('; ');

const frozenText = (spec: SpecSide): string =>
  `revision ${String(spec.mod)} does not decode: ${problemsOf(spec)}. The last valid spec stays in force; nothing is launched, stopped or removed until a valid one is written`;

const validCondition = (spec: SpecSide, now: string): Condition => ({
  type: 'Valid',
  status: spec.edit.valid ? 'True' : 'False',
  reason: spec.edit.valid ? 'Decoded' : 'Frozen',
  message: spec.edit.valid ? '' : frozenText(spec),
  lastTransitionTime: now,
  observedGeneration: spec.version,
});

/** Changes that came past the API go to their owner while the document they are changes of is still noted. */
const ownersOf = (
  ref: Ref,
  { owners: note, lastValid }: RecordDocument,
  { edit }: SpecSide,
  now: string,
): Pick<RecordDocument, 'owners'> => {
  if (note === undefined || !edit.valid) return {};
  const known = { note, noted: lastValid?.document ?? null, document: edit.document };
  const owners = currentOwners(known, kindEntry(ref.kind).defaults, now);
  return { owners: noteOf(edit.document, entriesOf(owners)) };
};

/** The record with what is to be noted of an edit: whether it is valid, and if so the document and its owners. */
export const judged = (ref: Ref, document: RecordDocument, spec: SpecSide, now: string): RecordDocument => {
  const conditions = (document.status['conditions'] ?? {}) as Conditions;
  return {
    ...document,
    ...ownersOf(ref, document, spec, now),
    ...lastValidOf(spec),
    invalid: spec.edit.valid ? undefined : { revision: spec.mod },
    status: { ...document.status, conditions: withCondition(conditions, validCondition(spec, now)) },
  };
};

/** One that a controller's status began notes the edit, but nobody has said how it was judged. */
const isJudged = ({ status }: RecordDocument): boolean =>
  ((status['conditions'] ?? {}) as Conditions)['Valid'] !== undefined;

/** The record notes this very edit already. */
const isNoted = (document: RecordDocument, { edit, mod }: SpecSide): boolean => {
  const { lastValid, invalid } = document;
  const same = edit.valid ? lastValid?.revision === mod && invalid === undefined : invalid?.revision === mod;
  return same && isJudged(document);
};

const noted = (ref: Ref, document: RecordDocument, spec: SpecSide, now: string): Keeping | null =>
  isNoted(document, spec)
    ? null
    : {
        keep: 'write',
        document: judged(ref, document, spec, now),
        tell: spec.edit.valid ? null : frozenText(spec),
      };

const stamped = (document: RecordDocument, sides: Sides, facts: Facts): Keeping | null =>
  document.deletedAt !== undefined
    ? null
    : {
        keep: 'write',
        document: {
          ...document,
          deletedAt: facts.now,
          deletionRevision: sides.cut > 0 ? sides.cut : facts.revision,
        },
        tell: null,
      };

const ended = (ref: Ref, document: RecordDocument, sides: Sides, facts: Facts): Keeping | null =>
  kindEntry(ref.kind).bare ? { keep: 'forget' } : stamped(document, sides, facts);

const begun = (ref: Ref, spec: SpecSide, sides: Sides, { now }: Facts): Keeping => ({
  keep: 'write',
  document: judged(ref, newRecord(spec, sides.seenAt), spec, now),
  tell: spec.edit.valid ? null : frozenText(spec),
});

const sealing = (sides: Sides): Keeping | null => {
  const edit = sides.spec?.edit;
  if (edit?.valid !== true || edit.plain !== true) return null;
  const lastValid = recordInForce(sides)?.lastValid?.document ?? null;
  return { keep: 'seal', document: edit.document, lastValid };
};

const recorded = (ref: Ref, sides: Sides, facts: Facts): Keeping | null => {
  const { spec, record } = sides;
  // a record nobody can read is left for a person
  if (record !== null && record.document === null) return null;
  const document = recordInForce(sides);
  if (document !== null && isOver(sides, document)) return ended(ref, document, sides, facts);
  if (document !== null && spec !== null) return noted(ref, document, spec, facts.now);
  if (spec !== null) return begun(ref, spec, sides, facts);
  // nothing was ever valid here, so nothing was ever done: there is nothing to tear down
  return record === null ? null : { keep: 'forget' };
};

/**
 * A Secret in plain is sealed before all else; a new incarnation gets a record, a new edit is judged and noted, a spec
 * key that went is stamped as a deletion.
 */
export const keeping = (ref: Ref, sides: Sides, facts: Facts): Keeping | null =>
  kindEntry(ref.kind).home === 'record' ? null : (sealing(sides) ?? recorded(ref, sides, facts));
