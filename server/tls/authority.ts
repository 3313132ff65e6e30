/** The installation's own certificate authority: one a store, made once; its key is sealed with the installation key. */
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import * as t from 'io-ts';
import { decodeLoose } from '../../api-types/problems.js';
import type { Chance } from '../../runtime/chance.js';
import type { Clock } from '../../runtime/clock.js';
import { stalled, transient, type Failure } from '../../runtime/failure.js';
import { openSealer, type Sealer } from '../../runtime/sealing.js';
import { AUTHORITY } from '../../store/keys.js';
import type { Store } from '../../store/store.js';
import type { KeyPair } from './identity.js';

const Authority = t.type({ certificate: t.string, sealedKey: t.string }, 'the certificate authority');

const PLACE = { key: AUTHORITY, field: 'sealedKey' };

export interface AuthoritySources {
  readonly store: Store;
  readonly installation: string;
  readonly installationKey: Buffer;
  readonly clock: Clock;
  readonly chance: Chance;
}

const parsed = (value: string): unknown => {
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
};

const opened = (store: Store, sealer: Sealer, value: string): E.Either<Failure, KeyPair> => {
  const found = decodeLoose(Authority, parsed(value));
  if (E.isLeft(found))
    return E.left(stalled('BadAuthority', `${AUTHORITY} in ${store.description} is not one of ours`));
  const { certificate, sealedKey } = found.right;
  const key = sealer.open(sealedKey, PLACE);
  return E.isLeft(key)
    ? E.left(stalled('BadAuthority', key.left))
    : E.right({ cert: certificate, key: key.right });
};

const made = async (
  { installation, clock, chance }: AuthoritySources,
  sealer: Sealer,
): Promise<{ readonly pair: KeyPair; readonly value: string }> => {
  const { makeAuthority } = await import('./issuing.js');
  const pair = await makeAuthority(`Scalarium ${installation}`, { clock, chance });
  const value = JSON.stringify({ certificate: pair.cert, sealedKey: sealer.seal(pair.key, PLACE) });
  return { pair, value };
};

/** The authority, made when there is none; of two that make one at once, both get the first. */
export const ensureAuthority =
  (sources: AuthoritySources): TaskEither<Failure, KeyPair> =>
  async () => {
    const { store, installationKey, chance } = sources;
    const sealer = openSealer(installationKey, chance);
    const found = await store.get(AUTHORITY)();
    if (E.isLeft(found)) return found;
    if (found.right !== null) return opened(store, sealer, found.right.value);
    const { pair, value } = await made(sources, sealer);
    const written = await store.txn({
      compare: [{ key: AUTHORITY, target: 'create', equals: 0 }],
      then: [{ op: 'put', key: AUTHORITY, value }],
    })();
    if (E.isLeft(written)) return written;
    if (written.right.succeeded) return E.right(pair);
    const other = await store.get(AUTHORITY)();
    if (E.isLeft(other)) return other;
    return other.right === null
      ? E.left(transient('StoreUnavailable', 'the certificate authority came and went'))
      : opened(store, sealer, other.right.value);
  };
