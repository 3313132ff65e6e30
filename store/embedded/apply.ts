/** What one transaction does to the tables; called within a write. */
import * as E from 'fp-ts/lib/Either.js';
import { transient, type Failure } from '../../runtime/failure.js';
import type { Compare, KeyEvent, Operation, Transaction } from '../store.js';
import type { Tables } from './tables.js';

const MISSING = { createRevision: 0, modRevision: 0, version: 0, value: null };
const FIELD = { create: 'createRevision', mod: 'modRevision', version: 'version', value: 'value' } as const;

const holds = (tables: Tables, compare: Compare): boolean =>
  (tables.get(compare.key) ?? MISSING)[FIELD[compare.target]] === compare.equals;

const put = (tables: Tables, revision: number, operation: Operation & { op: 'put' }): KeyEvent => {
  const before = tables.get(operation.key);
  const kv = {
    key: operation.key,
    value: operation.value,
    createRevision: before?.createRevision ?? revision,
    modRevision: revision,
    version: (before?.version ?? 0) + 1,
    lease: operation.lease ?? null,
  };
  tables.put(kv, before);
  return { type: 'put', kv };
};

/** Deletes those of `keys` that are there. */
export const removeKeys = (tables: Tables, revision: number, keys: readonly string[]): readonly KeyEvent[] =>
  keys.flatMap((key) => {
    const kv = tables.get(key);
    if (kv === null) return [];
    tables.remove(kv);
    return [{ type: 'delete', key, modRevision: revision }];
  });

const apply = (tables: Tables, revision: number, operation: Operation): readonly KeyEvent[] => {
  switch (operation.op) {
    case 'put':
      return [put(tables, revision, operation)];
    case 'delete':
      return removeKeys(tables, revision, [operation.key]);
    case 'deletePrefix':
      return removeKeys(tables, revision, tables.keys(operation.prefix));
  }
};

const endedLease = (tables: Tables, operations: readonly Operation[]): string | null => {
  for (const operation of operations) {
    if (operation.op !== 'put' || operation.lease === undefined) continue;
    if (tables.lease(operation.lease) === null) return operation.lease;
  }
  return null;
};

/** The events of the transaction's writes, or null when a compare did not hold and nothing was written. */
export const applyTransaction = (
  tables: Tables,
  revision: number,
  transaction: Transaction,
): E.Either<Failure, readonly KeyEvent[] | null> => {
  if (!transaction.compare.every((compare) => holds(tables, compare))) return E.right(null);
  const lease = endedLease(tables, transaction.then);
  if (lease !== null) {
    return E.left(transient('LeaseEnded', `the lease ${lease} has ended; nothing was written with it`));
  }
  return E.right(transaction.then.flatMap((operation) => apply(tables, revision, operation)));
};
