/** What is wrong with a document, for people: which field, what was expected, what is there. */
import * as E from 'fp-ts/lib/Either.js';
import type * as t from 'io-ts';

export interface Problem {
  /** `spec.healing.maxUnavailable`; empty for the document itself. */
  readonly path: string;
  readonly expected: string;
  readonly got: string;
}

/** `spec.replicas: expected a whole number from 0 to 10000, got -1` */
export const problemText = ({ path, expected, got }: Problem): string =>
  `${path === '' ? 'the document' : path}: expected ${expected}, got ${got}`;

const LONGEST = 80;

/** A value as it is shown in `got`: JSON, cut at 80 characters. */
export const shown = (value: unknown): string => {
  if (value === undefined) return 'nothing';
  const text = typeof value === 'function' ? 'a function' : JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
};

/** What `got` may say of a document that holds secrets: nothing that was taken from a value. */
const SAYS_NO_VALUE = /^(nothing|an unknown field|\d+ (bytes|KiB|characters))$/;

/** The same problems without the values they show: for documents that may hold secrets. */
export const withoutValues = (problems: readonly Problem[]): readonly Problem[] =>
  problems.map((problem) =>
    SAYS_NO_VALUE.test(problem.got) ? problem : { ...problem, got: 'something else (not shown)' },
  );

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const join = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`);

interface Tagged {
  readonly _tag?: string;
  readonly type?: Tagged;
  readonly base?: Tagged;
}

/** io-ts puts the branch of an intersection or union into the context under its index: those are no path. */
const isBranch = (type: Tagged | undefined): boolean => {
  if (type?._tag === 'ExactType') return isBranch(type.type);
  if (type?._tag === 'RefinedType') return isBranch(type.base);
  return type?._tag === 'IntersectionType' || type?._tag === 'UnionType';
};

const pathOf = (context: t.Context): string =>
  context
    .filter((entry, index) => entry.key !== '' && !isBranch(context[index - 1]?.type as Tagged | undefined))
    .map((entry) => entry.key)
    .join('.');

const problemOf = (error: t.ValidationError): Problem => {
  const last = error.context.at(-1);
  return {
    path: pathOf(error.context),
    expected: error.message ?? last?.type.name ?? 'something else',
    got: shown(error.value),
  };
};

const once = (problems: readonly Problem[]): readonly Problem[] => {
  const seen = new Map(problems.map((problem) => [`${problem.path}|${problem.expected}`, problem]));
  return [...seen.values()];
};

/** What `got` says of a field that the kind does not have. */
export const UNKNOWN_FIELD = 'an unknown field';

const unknownKeys = (input: unknown, known: unknown, path: string): readonly Problem[] => {
  if (Array.isArray(input) && Array.isArray(known))
    return input.flatMap((item, index) => unknownKeys(item, known[index], join(path, String(index))));
  if (!isPlain(input) || !isPlain(known)) return [];
  return Object.keys(input).flatMap((key) =>
    Object.hasOwn(known, key)
      ? unknownKeys(input[key], known[key], join(path, key))
      : [{ path: join(path, key), expected: 'a field of this kind', got: UNKNOWN_FIELD }],
  );
};

/**
 * Decodes with a codec built from `fields` (words.ts) and refuses what it would drop: an unknown field is a problem with
 * its path, never silently lost.
 */
export const decodeStrict = <A, O>(codec: t.Type<A, O>, input: unknown): E.Either<readonly Problem[], A> => {
  const decoded = codec.decode(input);
  if (E.isLeft(decoded)) return E.left(once(decoded.left.map(problemOf)));
  const unknown = unknownKeys(input, codec.encode(decoded.right), '');
  return unknown.length > 0 ? E.left(unknown) : decoded;
};

/** Decodes and keeps what the codec does not know; for records and answers written by newer versions. */
export const decodeLoose = <A, O>(codec: t.Type<A, O>, input: unknown): E.Either<readonly Problem[], A> => {
  const decoded = codec.decode(input);
  return E.isLeft(decoded) ? E.left(once(decoded.left.map(problemOf))) : decoded;
};
