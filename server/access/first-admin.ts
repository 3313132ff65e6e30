/** The first start: somebody must be able to log in. */
import * as E from 'fp-ts/lib/Either.js';
import { millis } from '../../api-types/units.js';
import type { Failure } from '../../runtime/failure.js';
import { timestamp } from '../../runtime/clock.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { Live } from '../../store/objects/objects.js';
import { tokenHash } from './roster.js';
import { type Records, tokenText, userRef } from './tokens.js';

const FIRST_ADMIN = 'admin';
const FIRST_TOKEN = 'first-start';

const SPEC = { displayName: 'Administrator', admin: true };

type Made = E.Either<Failure, boolean>;

/** Creates the User; false: somebody else is doing, or did, just that. */
const created = async ({ objects }: Records): Promise<Made> => {
  const ref = userRef(FIRST_ADMIN);
  const written = await objects.write(null, [{ write: 'create', ref, document: { spec: SPEC } }])();
  if (E.isRight(written)) {
    await objects.caughtUp(written.right);
    return E.right(true);
  }
  return written.left._tag === 'Conflict' ? E.right(false) : written;
};

/** Made by a start that was killed before it made the token: nobody can log in as it yet. */
const unfinished = ({ spec, status, deletion }: Live<'User'>): boolean =>
  deletion === null &&
  spec.admin === true &&
  spec.oidc === undefined &&
  status.password === undefined &&
  Object.keys(status.tokens ?? {}).length === 0;

const TRIES = 20;

const firstToken = async (records: Records, tries = TRIES): Promise<E.Either<Failure, string | null>> => {
  const { objects, clock, chance } = records;
  const ref = userRef(FIRST_ADMIN);
  const live = objects.get(ref);
  if (live !== null && !unfinished(live)) return E.right(null);
  const token = tokenText(chance);
  const record = { hash: tokenHash(token), createdAt: timestamp(clock.now()) };
  // two control planes that find it unfinished: the record that was written first stays
  const unchangedSince = live?.recordRevision ?? 0;
  const patch = { tokens: { [FIRST_TOKEN]: record } };
  const written = await objects.write(null, [{ write: 'status', ref, patch, unchangedSince }])();
  if (E.isRight(written)) {
    await objects.caughtUp(written.right);
    return E.right(token);
  }
  if (written.left._tag !== 'Conflict' || tries === 1) return written;
  // the keeper wrote the record in between
  await clock.sleep(millis(50));
  return firstToken(records, tries - 1);
};

/** Nobody is there, or only an `admin` that nobody can log in as. */
const isFirstStart = (users: readonly Live<'User'>[]): boolean =>
  users.every((live) => live.ref.name === FIRST_ADMIN && unfinished(live));

/**
 * On an installation without any User: makes the User `admin` and a token of theirs, and gives the token's text, which
 * nobody can be told again. Null: there are Users already. Safe to call from every control plane at every start.
 */
export const ensureAdmin =
  (records: Records): TaskEither<Failure, { readonly user: string; readonly token: string } | null> =>
  async () => {
    const users = records.objects.list('User');
    if (!isFirstStart(users)) return E.right(null);
    const made = users.length === 0 ? await created(records) : E.right(true);
    if (E.isLeft(made)) return made;
    if (!made.right) return E.right(null);
    const token = await firstToken(records);
    if (E.isLeft(token)) return token;
    return E.right(token.right === null ? null : { user: FIRST_ADMIN, token: token.right });
  };
