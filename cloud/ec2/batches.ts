/**
 * Calls that name many ids, so that one bad id never keeps the others from it. EC2 refuses the whole call for one
 * unknown, protected or ill-placed id: the ids it names are set aside and the rest is asked again; where it names
 * none, halves are asked until the bad id stands alone.
 */
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { Failure } from '../../runtime/failure.js';

export interface Tried<A> {
  readonly answers: readonly A[];
  /** Ids whose call succeeded. */
  readonly done: readonly string[];
  readonly failed: readonly { readonly id: string; readonly failure: Failure }[];
  readonly unknown: readonly string[];
}

type Send<A> = (ids: readonly string[]) => TaskEither<Failure, A>;

/** Failures that one id can cause for all; anything else (throttled, unreachable, no rights) is about the call. */
const BLAMES_IDS = new Set(['NotFoundYet', 'BadParameter', 'IncorrectState']);

/** Amazon's limit of ids in one call. */
export const MAX_IDS = 1000;

const chunksOf = <A>(items: readonly A[], size: number): readonly (readonly A[])[] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );

const nothing = { answers: [], done: [], failed: [], unknown: [] };

const joined = <A>(parts: readonly Tried<A>[]): Tried<A> => ({
  answers: parts.flatMap((part) => part.answers),
  done: parts.flatMap((part) => part.done),
  failed: parts.flatMap((part) => part.failed),
  unknown: parts.flatMap((part) => part.unknown),
});

const blamed = (ids: readonly string[], failure: Failure): Tried<never>['failed'] =>
  ids.map((id) => ({ id, failure }));

const aside = <A>(ids: readonly string[], failure: Failure): Tried<A> =>
  failure.reason === 'NotFoundYet'
    ? { ...nothing, unknown: ids }
    : { ...nothing, failed: blamed(ids, failure) };

/** Those of `ids` that the message names. */
export const namedIn = (message: string, ids: readonly string[]): readonly string[] => {
  const words = new Set(message.split(/[^\w-]+/));
  return ids.filter((id) => words.has(id));
};

const halves = <A>(ids: readonly A[]): readonly (readonly A[])[] =>
  chunksOf(ids, Math.max(1, Math.ceil(ids.length / 2)));

const each = async <A>(
  parts: readonly (readonly string[])[],
  work: (ids: readonly string[]) => Promise<Tried<A>>,
): Promise<Tried<A>> => {
  const results: Tried<A>[] = [];
  for (const part of parts) results.push(await work(part));
  return joined(results);
};

/** What one batched call has come to so far; when nothing ever succeeds the fault is not an id's. */
interface Effort {
  calls: number;
  successes: number;
}

/** More than it takes to single out one bad id in a thousand. */
const HOPELESS_AFTER = 24;

const attempt = async <A>(
  ids: readonly string[],
  send: Send<A>,
  effort: Effort,
  narrowed = false,
): Promise<Tried<A>> => {
  if (ids.length === 0) return nothing;
  effort.calls += 1;
  const result = await send(ids)();
  if (E.isRight(result)) {
    effort.successes += 1;
    return { ...nothing, answers: [result.right], done: ids };
  }
  const failure = result.left;
  const hopeless = effort.successes === 0 && effort.calls >= HOPELESS_AFTER;
  if (!BLAMES_IDS.has(failure.reason) || ids.length === 1) return aside(ids, failure);
  const named = namedIn(failure.message, ids);
  const rest = ids.filter((id) => !named.includes(id));
  if (hopeless) return joined([aside(named, failure), { ...nothing, failed: blamed(rest, failure) }]);
  // an endpoint that names only the first bad id must not cost a call for each: after that, halve
  const parts = named.length > 0 && !narrowed ? [rest] : halves(rest);
  const others = await each(parts, (part) => attempt(part, send, effort, named.length > 0));
  return joined([aside(named, failure), others]);
};

/** Sends ids, without repeats, in calls of at most `size`; Left when nothing at all could be done for one cause. */
export const inBatches =
  <A>(ids: readonly string[], size: number, send: Send<A>): TaskEither<Failure, Tried<A>> =>
  async () => {
    const effort = { calls: 0, successes: 0 };
    const tried = await each(chunksOf([...new Set(ids)], size), (part) => attempt(part, send, effort));
    const [first] = tried.failed;
    const hopeless =
      first !== undefined &&
      tried.done.length + tried.unknown.length === 0 &&
      !BLAMES_IDS.has(first.failure.reason);
    return hopeless ? E.left(first.failure) : E.right(tried);
  };
