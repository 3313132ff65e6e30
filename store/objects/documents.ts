/**
 * The two documents of an object as they are in the store, and how they are read. Only this folder knows their
 * shape. Reading never fails: what cannot be read is told as problems.
 */
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { parse as parseYaml } from 'yaml';
import { kindEntry } from '../../api-types/kinds.js';
import { OwnersNote } from '../../api-types/managed-fields.js';
import { Owner } from '../../api-types/metadata.js';
import { decodeLoose, decodeStrict, shown, type Problem } from '../../api-types/problems.js';
import { tellable } from '../../api-types/tellable.js';
import { Name, fields } from '../../api-types/words.js';
import type { KeyValue } from '../store.js';
import type { Ref, SpecDocument } from './objects.js';
import { isPlainSecret } from './secrets.js';

export const MAX_SPEC_BYTES = 512 * 1024;
export const MAX_RECORD_BYTES = 1024 * 1024;

const Texts = t.record(t.string, t.string, 'texts by name');

const SpecText = fields(
  'a document with labels, annotations and spec',
  { spec: t.unknown },
  { labels: Texts, annotations: Texts, owner: Owner },
);

const LastValid = fields('LastValid', { revision: t.number, generation: t.number, document: SpecText }, {});

const RecordText = fields(
  'a record written by Scalarium',
  { createdAt: t.string, status: t.UnknownRecord },
  {
    /** Create revision of the spec key this record is about; none for record-only kinds. */
    incarnation: t.number,
    lastValid: LastValid,
    /** The newest edit does not decode; its revision, so that it is told once. */
    invalid: t.strict({ revision: t.number }),
    deletedAt: t.string,
    deletionRevision: t.number,
    /** Who owns which field, of the spec document that the note's digest names. */
    owners: OwnersNote,
  },
);
export interface RecordDocument extends t.TypeOf<typeof RecordText> {}

/** What the newest edit of a spec key says. */
export type Edit =
  | {
      readonly valid: true;
      readonly document: SpecDocument;
      readonly spec: unknown;
      /** A Secret whose values are to be sealed in place: none of it may be copied anywhere. */
      readonly plain?: true;
    }
  | { readonly valid: false; readonly problems: readonly Problem[] };

/** A spec key as it was read. */
export interface SpecSide {
  readonly create: number;
  readonly mod: number;
  readonly version: number;
  readonly edit: Edit;
}

/** A record key as it was read; `document` null: not a record at all. `problems`: why it must not be acted upon. */
export interface RecordSide {
  readonly create: number;
  readonly mod: number;
  readonly document: RecordDocument | null;
  readonly problems: readonly Problem[];
}

type Parsed = E.Either<readonly Problem[], unknown>;

const firstLine = (error: unknown): string => (error as Error).message.split('\n')[0] ?? '';

const parseText = (value: string): Parsed => {
  try {
    return E.right(JSON.parse(value));
  } catch (jsonError) {
    if (value.trimStart().startsWith('{')) return notParsed(`JSON: ${firstLine(jsonError)}`, value);
  }
  try {
    return E.right(parseYaml(value, { maxAliasCount: 20, logLevel: 'error' }));
  } catch (error) {
    return notParsed(`YAML: ${firstLine(error)}`, value);
  }
};

const notParsed = (why: string, value: string): Parsed =>
  E.left([{ path: '', expected: 'JSON or YAML', got: `${shown(value)} (${why})` }]);

const under = (path: string, problems: readonly Problem[]): readonly Problem[] =>
  problems.map((problem) => ({
    ...problem,
    path: problem.path === '' ? path : `${path}.${problem.path}`,
  }));

const nameProblems = ({ name, cluster }: Ref): readonly Problem[] =>
  [
    { path: 'metadata.name', got: name },
    ...(cluster === null ? [] : [{ path: 'metadata.namespace', got: cluster }]),
  ].flatMap(({ path, got }) => (Name.is(got) ? [] : [{ path, expected: Name.name, got: shown(got) }]));

const sizeProblems = (value: string): readonly Problem[] => {
  const size = Buffer.byteLength(value);
  return size <= MAX_SPEC_BYTES
    ? []
    : [{ path: '', expected: `at most ${String(MAX_SPEC_BYTES)} bytes`, got: `${String(size)} bytes` }];
};

const readDocument = (value: string): E.Either<readonly Problem[], SpecDocument> => {
  const parsed = parseText(value);
  return E.isLeft(parsed) ? parsed : decodeStrict(SpecText, parsed.right);
};

const readAny = (ref: Ref, value: string): Edit => {
  const outside = [...nameProblems(ref), ...sizeProblems(value)];
  if (outside.length > 0) return { valid: false, problems: outside };
  const document = readDocument(value);
  if (E.isLeft(document)) return { valid: false, problems: document.left };
  const { spec: codec, defaults } = kindEntry(ref.kind);
  if (codec === null)
    return { valid: false, problems: [{ path: '', expected: 'no spec for this kind', got: 'a spec' }] };
  const spec = decodeStrict(codec, document.right.spec);
  return E.isLeft(spec)
    ? { valid: false, problems: under('spec', spec.left) }
    : { valid: true, document: document.right, spec: defaults(spec.right) };
};

const readEdit = (ref: Ref, value: string): Edit => {
  const edit = readAny(ref, value);
  if (!edit.valid) return { valid: false, problems: tellable(ref.kind, edit.problems) };
  if (ref.kind !== 'Secret') return edit;
  return isPlainSecret(edit.document) ? { ...edit, plain: true } : edit;
};

/** Reads a spec key; the same for the API's JSON and for what a person put there by hand. */
export const readSpec = (ref: Ref, kv: KeyValue): SpecSide => ({
  create: kv.createRevision,
  mod: kv.modRevision,
  version: kv.version,
  edit: readEdit(ref, kv.value),
});

const readJson = (value: string): unknown => {
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
};

/** Reads a record key. What it holds beyond what we know is kept. */
export const readRecord = (ref: Ref, kv: KeyValue): RecordSide => {
  const revisions = { create: kv.createRevision, mod: kv.modRevision };
  const raw = readJson(kv.value);
  const decoded = decodeLoose(RecordText, raw);
  if (E.isLeft(decoded)) return { ...revisions, document: null, problems: under('record', decoded.left) };
  const document = raw as RecordDocument;
  const status = decodeLoose(kindEntry(ref.kind).status, document.status);
  return { ...revisions, document, problems: E.isLeft(status) ? under('status', status.left) : [] };
};

/** The text of a spec key. */
export const specText = ({ labels, annotations, owner, spec }: SpecDocument): string =>
  JSON.stringify({ labels, annotations, owner, spec });

/** The first record of an incarnation. */
export const newRecord = (spec: SpecSide, createdAt: string): RecordDocument => ({
  incarnation: spec.create,
  createdAt,
  ...lastValidOf(spec),
  status: {},
});

/** What a record notes of a valid edit; nothing of an invalid one, nor of values that are not sealed yet. */
export const lastValidOf = ({ edit, mod, version }: SpecSide): Pick<RecordDocument, 'lastValid'> =>
  edit.valid && edit.plain !== true
    ? { lastValid: { revision: mod, generation: version, document: edit.document } }
    : {};
