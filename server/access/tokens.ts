/** Tokens of users: their text, what the record holds of one, and how records of users are written. */
import * as E from 'fp-ts/lib/Either.js';
import type { TokenRecord } from '../../api-types/kinds/user.js';
import type { Status } from '../../api-types/status.js';
import { millis } from '../../api-types/units.js';
import type { Chance } from '../../runtime/chance.js';
import { type Clock, parseTimestamp, timestamp } from '../../runtime/clock.js';
import type { Live, Objects, Ref } from '../../store/objects/objects.js';
import { alreadyExists, conflicted, notFound, statusOfFailure } from '../statuses.js';
import { tokenHash } from './roster.js';

const TOKEN_PREFIX = 'scalarium_';
/** More than anybody names by hand; expired ones make room first, then the oldest of `logins`. */
const MOST_TOKENS = 50;
const TRIES = 5;
/** Names of tokens that logins made, where none was asked for. */
export const LOGIN_NAME = 'login-';

/** What users' records are written with. */
export interface Records {
  readonly objects: Objects;
  readonly clock: Clock;
  readonly chance: Chance;
}

export interface Wanted {
  readonly name: string;
  /** Null: it never expires. */
  readonly expiresSeconds: number | null;
  readonly groups: readonly string[];
  /** A login: takes the place of the token of that name, and of old logins. */
  readonly login: boolean;
  /** Nothing is written. */
  readonly dryRun: boolean;
}

export interface Issued {
  readonly user: string;
  readonly name: string;
  /** Shown this once; empty on a dry run. */
  readonly token: string;
  readonly expiresAt: string | null;
}

type User = Live<'User'>;
type Patch = Readonly<Record<string, unknown>>;
type Tokens = Readonly<Record<string, TokenRecord>>;

export const userRef = (name: string): Ref<'User'> => ({ kind: 'User', cluster: null, name });

const about = (name: string) => ({ plural: 'users', name });

/** Patches a User's record by what it says now, again when somebody else was quicker; null: nothing to write. */
export const patchUser = async (
  { objects, clock }: Records,
  name: string,
  patchOf: (live: User) => E.Either<Status, Patch | null>,
): Promise<Status | null> => {
  for (let attempt = 1; ; attempt += 1) {
    const live = objects.get(userRef(name));
    if (live === null || live.deletion !== null) return notFound(about(name));
    const patch = patchOf(live);
    if (E.isLeft(patch)) return patch.left;
    if (patch.right === null) return null;
    const unchangedSince = live.recordRevision;
    const write = { write: 'status', ref: live.ref, patch: patch.right, unchangedSince } as const;
    const written = await objects.write(null, [write])();
    if (E.isRight(written)) {
      // what was just made is to be good at once
      await objects.caughtUp(written.right);
      return null;
    }
    if (written.left._tag !== 'Conflict' || attempt >= TRIES)
      return statusOfFailure(written.left, about(name));
    await clock.sleep(millis(20 * attempt));
  }
};

const isOver = ({ expiresAt }: TokenRecord, now: number): boolean =>
  expiresAt !== undefined && !(now < parseTimestamp(expiresAt));

/** Names that make room for one more token; null: there is none to be made. */
const roomIn = (tokens: Tokens, { name, login }: Wanted, now: number): readonly string[] | null => {
  const others = Object.entries(tokens).filter(([other]) => other !== name);
  const over = others.filter(([, token]) => isOver(token, now)).map(([other]) => other);
  const left = others.filter(([other]) => !over.includes(other));
  if (left.length < MOST_TOKENS) return over;
  const logins = left.filter(([other]) => other.startsWith(LOGIN_NAME));
  const [oldest] = logins.sort(([, one], [, two]) => (one.createdAt < two.createdAt ? -1 : 1));
  return login && oldest !== undefined ? [...over, oldest[0]] : null;
};

const issuing = (
  live: User,
  wanted: Wanted,
  now: number,
  record: TokenRecord,
): E.Either<Status, Patch | null> => {
  const tokens = live.status.tokens ?? {};
  const there = Object.hasOwn(tokens, wanted.name) ? tokens[wanted.name] : undefined;
  if (there !== undefined && !wanted.login && !isOver(there, now))
    return E.left(
      alreadyExists({ plural: 'tokens', name: wanted.name }, `of user "${live.ref.name}" already exists`),
    );
  const room = roomIn(tokens, wanted, now);
  if (room === null)
    return E.left(conflicted(about(live.ref.name), `has ${String(MOST_TOKENS)} tokens, revoke some first`));
  if (wanted.dryRun) return E.right(null);
  // a field of the token that had the name before must not stay
  const fresh = { expiresAt: null, groups: null, ...record };
  const gone = Object.fromEntries(room.map((name) => [name, null]));
  return E.right({ tokens: { ...gone, [wanted.name]: fresh } });
};

/** A new text for a token. */
export const tokenText = (chance: Chance): string =>
  `${TOKEN_PREFIX}${chance.bytes(32).toString('base64url')}`;

/** Makes a token of a user and records its hash. */
export const issueToken = async (
  records: Records,
  user: string,
  wanted: Wanted,
): Promise<E.Either<Status, Issued>> => {
  const token = tokenText(records.chance);
  const now = records.clock.now();
  const { name, expiresSeconds, groups } = wanted;
  const expiresAt = expiresSeconds === null ? null : timestamp(now + expiresSeconds * 1000);
  const record: TokenRecord = {
    hash: tokenHash(token),
    createdAt: timestamp(now),
    ...(expiresAt === null ? {} : { expiresAt }),
    ...(groups.length === 0 ? {} : { groups }),
  };
  const refused = await patchUser(records, user, (live) => issuing(live, wanted, now, record));
  if (refused !== null) return E.left(refused);
  return E.right({ user, name, token: wanted.dryRun ? '' : token, expiresAt });
};

/** Revokes a token; whoever holds it is refused at once. */
export const revokeToken = (
  records: Records,
  user: string,
  { name, dryRun }: { readonly name: string; readonly dryRun: boolean },
): Promise<Status | null> =>
  patchUser(records, user, ({ status }) => {
    if (!Object.hasOwn(status.tokens ?? {}, name)) return E.left(notFound({ plural: 'tokens', name }));
    return E.right(dryRun ? null : { tokens: { [name]: null } });
  });
