/** A store that counts what is written through it, for metrics and benchmarks. */
import * as E from 'fp-ts/lib/Either.js';
import type { Store } from './store.js';

export interface WriteCounts {
  /** Transactions that wrote something. Leases are not counted. */
  readonly transactions: number;
  readonly operations: number;
}

export interface CountedStore extends Store {
  writes(): WriteCounts;
}

/** The same store, counting. */
export const countedStore = (store: Store): CountedStore => {
  let transactions = 0;
  let operations = 0;
  return {
    ...store,
    txn: (transaction) => async () => {
      const result = await store.txn(transaction)();
      if (E.isRight(result) && result.right.succeeded && transaction.then.length > 0) {
        transactions += 1;
        operations += transaction.then.length;
      }
      return result;
    },
    writes: () => ({ transactions, operations }),
  };
};
