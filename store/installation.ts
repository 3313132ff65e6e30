/** The installation: one id a store, made once, and the fingerprint of the key that goes with it. */
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import * as t from 'io-ts';
import { v4 as uuidV4 } from 'uuid';
import { decodeLoose } from '../api-types/problems.js';
import type { Chance } from '../runtime/chance.js';
import { timestamp, type Clock } from '../runtime/clock.js';
import { stalled, transient, type Failure } from '../runtime/failure.js';
import { INSTALLATION } from './keys.js';
import type { Store } from './store.js';

const Installation = t.type({ id: t.string, keyFingerprint: t.string }, 'the installation');

const parsed = (value: string): unknown => {
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
};

const checked = (store: Store, value: string, keyFingerprint: string): E.Either<Failure, string> => {
  const found = decodeLoose(Installation, parsed(value));
  if (E.isLeft(found))
    return E.left(stalled('BadInstallation', `${INSTALLATION} in ${store.description} is not one of ours`));
  if (found.right.keyFingerprint === keyFingerprint) return E.right(found.right.id);
  return E.left(
    stalled(
      'WrongKey',
      `the store ${store.description} belongs to an installation whose key has the fingerprint ${found.right.keyFingerprint}; the key in this data directory has ${keyFingerprint}. Copy the installation's key here, or use another store`,
    ),
  );
};

/** The id (a UUID) of the store's installation, made when there is none; Stalled `WrongKey` when the key is another's. */
export const ensureInstallation =
  (store: Store, keyFingerprint: string, chance: Chance, clock: Clock): TaskEither<Failure, string> =>
  async () => {
    const found = await store.get(INSTALLATION)();
    if (E.isLeft(found)) return found;
    if (found.right !== null) return checked(store, found.right.value, keyFingerprint);
    const id = uuidV4({ random: chance.bytes(16) });
    const value = JSON.stringify({ id, keyFingerprint, createdAt: timestamp(clock.now()) });
    const made = await store.txn({
      compare: [{ key: INSTALLATION, target: 'create', equals: 0 }],
      then: [{ op: 'put', key: INSTALLATION, value }],
    })();
    if (E.isLeft(made)) return made;
    if (made.right.succeeded) return E.right(id);
    const other = await store.get(INSTALLATION)();
    if (E.isLeft(other)) return other;
    return other.right === null
      ? E.left(transient('StoreUnavailable', 'the installation came and went'))
      : checked(store, other.right.value, keyFingerprint);
  };
