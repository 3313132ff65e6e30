/** What is sent to log in, to make tokens and to set passwords. */
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { decodeStrict, withoutValues } from '../../api-types/problems.js';
import type { Status } from '../../api-types/status.js';
import { Name, NonEmpty, fields, refined, wholeNumber } from '../../api-types/words.js';
import { shortDocument } from '../body.js';
import type { Asked } from '../door.js';
import { badRequest, invalid } from '../statuses.js';

/** A minute to a year. */
const Expires = wholeNumber(60, 31_622_400);

const Password = refined(
  t.string,
  'a password of 8 to 1024 characters',
  (value) => value.length >= 8 && value.length <= 1024,
);

/** What was typed at a login: bounded, and otherwise anything. */
const Typed = refined(NonEmpty, 'a text of at most 1024 characters', (value) => value.length <= 1024);

const IdToken = refined(NonEmpty, 'an ID token of at most 16 KiB', (value) => value.length <= 16_384);

const LoginOptions = { tokenName: Name, expiresSeconds: Expires };

/** The body of `POST /login`. */
export const LoginSent = fields(
  'Login',
  {},
  { user: Typed, password: Typed, idToken: IdToken, ...LoginOptions },
);
export interface LoginSent extends t.TypeOf<typeof LoginSent> {}

/** The body of `POST …/users/NAME/tokens`. */
export const TokenSent = fields('Token', { name: Name }, { expiresSeconds: Expires });

/** The body of `PUT …/users/NAME/password`. */
export const PasswordSent = fields(
  'Password',
  { password: Password },
  { current: Typed, revokeTokens: t.boolean },
);

/** Anybody may send one: an ID token and a few names fit in. */
const MOST_BYTES = 32 * 1024;

/** The body as `codec` has it; what was sent is never repeated, it may be a password. */
export const sentAs = async <A, O>(
  codec: t.Type<A, O>,
  { request }: Pick<Asked, 'request'>,
): Promise<E.Either<Status, A>> => {
  const body = await shortDocument(request, MOST_BYTES);
  if (E.isLeft(body)) return body;
  const decoded = decodeStrict(codec, body.right.document);
  return E.isRight(decoded) ? decoded : E.left(invalid(codec.name, '', withoutValues(decoded.left)));
};

/** `dryRun=All`, or none. */
export const dryRunOf = ({ query }: Pick<Asked, 'query'>): E.Either<Status, boolean> => {
  const all = query.getAll('dryRun').filter((value) => value !== '');
  if (all.every((value) => value === 'All')) return E.right(all.length > 0);
  return E.left(badRequest(`dryRun: expected All, got "${(all[0] ?? '').slice(0, 80)}"`));
};
