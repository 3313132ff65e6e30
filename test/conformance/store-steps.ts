/** Small verbs for tests of a store, on either back end. */
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { Subscription } from 'rxjs';
import { orThrow, type Failure } from '../../runtime/failure.js';
import type { Compare, Operation, RevisionEvents, Store, TransactionResult } from '../../store/store.js';
import { PATIENCE_MS } from '../build/patience.js';
import { assert } from '../suite.js';

export const put = (key: string, value = 'v', lease?: string): Operation =>
  lease === undefined ? { op: 'put', key, value } : { op: 'put', key, value, lease };
export const del = (key: string): Operation => ({ op: 'delete', key });

export const write = (store: Store, ...then: readonly Operation[]): Promise<TransactionResult> =>
  orThrow(store.txn({ compare: [], then }));

export const writeIf = (
  store: Store,
  compare: readonly Compare[],
  ...then: readonly Operation[]
): Promise<TransactionResult> => orThrow(store.txn({ compare, then }));

export const valueOf = async (store: Store, key: string): Promise<string | null> =>
  (await orThrow(store.get(key)))?.value ?? null;

export const failureOf = async <A>(task: TaskEither<Failure, A>): Promise<Failure> => {
  const result = await task();
  if (E.isLeft(result)) return result.left;
  throw new Error(`expected a failure, got ${JSON.stringify(result.right)}`);
};

export const revisionOf = async (store: Store): Promise<number> => (await orThrow(store.status())).revision;

/** Waits until `holds`, looking often; fails loudly when it never does. */
export const until = async (
  what: string,
  holds: () => boolean | Promise<boolean>,
  withinMs = PATIENCE_MS,
): Promise<void> => {
  const deadline = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > deadline) assert.unreachable(`waited ${String(withinMs)} ms in vain: ${what}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
};

/** What a watch has given so far. */
export interface Seen {
  readonly revisions: RevisionEvents[];
  readonly failures: Failure[];
  readonly subscription: Subscription;
}

export const see = (store: Store, prefix: string, after: number): Seen => {
  const revisions: RevisionEvents[] = [];
  const failures: Failure[] = [];
  const subscription = store.watch(prefix, after).subscribe({
    next: (revision) => revisions.push(revision),
    error: (failure: Failure) => failures.push(failure),
  });
  return { revisions, failures, subscription };
};

/** `put /a/x`, `delete /a/y`: one line an event, revisions apart. */
export const told = (seen: Seen): readonly (readonly string[])[] =>
  seen.revisions.map(({ events }) =>
    events.map((event) => (event.type === 'put' ? `put ${event.kv.key}` : `delete ${event.key}`)),
  );
