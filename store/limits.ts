/** What both stores refuse before it reaches the back end, so that a spec that fits in one fits in the other. */
import { stalled, type Stalled } from '../runtime/failure.js';
import { MAX_TXN_OPERATIONS, MAX_VALUE_BYTES, type Operation, type Transaction } from './store.js';

/** LMDB's own limit is 1,978 bytes. */
const MAX_KEY_BYTES = 1024;
/** etcd refuses requests of more than 1.5 MiB; this leaves room for the frame around ours. */
const MAX_TXN_BYTES = MAX_VALUE_BYTES + 384 * 1024;

const bytes = (text: string): number => Buffer.byteLength(text);
const keyOf = (operation: Operation): string =>
  operation.op === 'deletePrefix' ? operation.prefix : operation.key;
const valueOf = (operation: Operation): string => (operation.op === 'put' ? operation.value : '');

const tooLarge = (message: string): Stalled => stalled('TooLarge', message);

/** Null when `key` can be a key. */
export const checkKey = (key: string): Stalled | null => {
  const size = bytes(key);
  if (size > 0 && size <= MAX_KEY_BYTES) return null;
  return tooLarge(
    `the key ${JSON.stringify(key.slice(0, 80))} has ${String(size)} bytes; expected 1 to ${String(MAX_KEY_BYTES)}`,
  );
};

/** Throws for a prefix that is none: that is a mistake in our code, not in what somebody asked for. */
export const requirePrefix = (prefix: string): void => {
  if (!prefix.endsWith('/')) throw new Error(`the prefix ${JSON.stringify(prefix)} does not end in "/"`);
};

/** The first key after all those that start with `prefix`, which ends in `/`. */
export const endOfPrefix = (prefix: string): string => `${prefix.slice(0, -1)}0`;

const checkValue = (operation: Operation): Stalled | null => {
  const size = bytes(valueOf(operation));
  if (size <= MAX_VALUE_BYTES) return null;
  return tooLarge(
    `the value of ${keyOf(operation)} has ${String(size)} bytes; at most ${String(MAX_VALUE_BYTES)} fit. Make it smaller or split it`,
  );
};

const largest = (operations: readonly Operation[]): string =>
  operations.reduce(
    (best, operation) =>
      bytes(valueOf(operation)) > best.size
        ? { key: keyOf(operation), size: bytes(valueOf(operation)) }
        : best,
    { key: operations[0] === undefined ? '(none)' : keyOf(operations[0]), size: -1 },
  ).key;

const checkTotal = ({ compare, then }: Transaction): Stalled | null => {
  const count = Math.max(compare.length, then.length);
  if (count > MAX_TXN_OPERATIONS) {
    return tooLarge(
      `a transaction of ${String(count)} operations, beginning with ${largest(then.slice(0, 1))}; at most ${String(MAX_TXN_OPERATIONS)} are allowed`,
    );
  }
  const compared = compare.reduce(
    (sum, c) => sum + bytes(c.key) + (c.target === 'value' ? bytes(c.equals) : 8),
    0,
  );
  const total = then.reduce((sum, o) => sum + bytes(keyOf(o)) + bytes(valueOf(o)), compared);
  if (total <= MAX_TXN_BYTES) return null;
  return tooLarge(
    `a transaction of ${String(total)} bytes, the largest value in it is that of ${largest(then)}; at most ${String(MAX_TXN_BYTES)} fit. Write in several transactions`,
  );
};

const overlaps = (put: string, operation: Operation): boolean =>
  operation.op === 'deletePrefix' ? put.startsWith(operation.prefix) : operation.key === put;

/** Throws when a key is written twice: etcd refuses that and the embedded store could not say which wins. */
const requireOnce = (operations: readonly Operation[]): void => {
  const prefixes = operations.filter((operation) => operation.op === 'deletePrefix');
  prefixes.forEach(({ prefix }) => {
    requirePrefix(prefix);
  });
  const keys = operations.filter((operation) => operation.op !== 'deletePrefix').map(({ key }) => key);
  const twice = keys.find(
    (key, at) => keys.indexOf(key) !== at || prefixes.some((operation) => overlaps(key, operation)),
  );
  if (twice !== undefined) throw new Error(`the key ${twice} is written twice in one transaction`);
};

/** Null when the transaction can be given to a store; throws when it makes no sense. */
export const checkTransaction = (transaction: Transaction): Stalled | null => {
  const total = checkTotal(transaction);
  if (total !== null) return total;
  for (const operation of transaction.then) {
    const refused = checkKey(keyOf(operation)) ?? checkValue(operation);
    if (refused !== null) return refused;
  }
  for (const { key } of transaction.compare) {
    const refused = checkKey(key);
    if (refused !== null) return refused;
  }
  requireOnce(transaction.then);
  return null;
};
