/** People of an OpenID Connect provider who log in: their User, which is made at their first login. */
import { createHash } from 'node:crypto';
import * as E from 'fp-ts/lib/Either.js';
import type { Status } from '../../api-types/status.js';
import type { Live } from '../../store/objects/objects.js';
import { statusOfFailure } from '../statuses.js';
import type { Person } from './oidc.js';
import type { Roster } from './roster.js';
import { type Records, userRef } from './tokens.js';

type User = Live<'User'>;

/** Accounts that systems have: nobody is given one of them by logging in. */
const TAKEN =
  /^(root|admin|system|scalarium|daemon|bin|sys|nobody|sudo|wheel|ubuntu|debian|ec2-user|www-data|mail|backup|operator|adm|man|lp|news|uucp|proxy|games|list|irc|sshd|messagebus|syslog|postgres|mysql|redis|haproxy|nginx|etcd)$/;

/** `Ana.Müller@x` is `ana-m-ller-x`; null: nothing of it can be an account. */
export const accountName = (wish: string): string | null => {
  const name = wish
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, 24)
    .replace(/-+$/, '');
  return name === '' ? null : name;
};

const suffixOf = ({ issuer, subject }: Person): string =>
  createHash('sha256')
    .update(JSON.stringify([issuer, subject]))
    .digest('hex')
    .slice(0, 7);

/** Names to try: their wish, and one that is nobody else's wish. */
const namesFor = (person: Person): readonly string[] => {
  const [wish = 'user'] = person.wishes.flatMap((text) => accountName(text) ?? []);
  return [...(TAKEN.test(wish) ? [] : [wish]), `${wish}-${suffixOf(person)}`];
};

const specOf = ({ issuer, subject, email, displayName }: Person): object => ({
  ...(displayName === null ? {} : { displayName }),
  ...(email === null ? {} : { email }),
  oidc: { issuer, subject },
});

const isThem = (live: User | null, { issuer, subject }: Person): boolean =>
  live?.spec.oidc?.issuer === issuer && live.spec.oidc.subject === subject;

/**
 * The name of their User, which is made where there is none. A name that a User has, or that a Grant is waiting for,
 * is never taken: it may be meant for somebody else.
 */
export const welcomed = async (
  records: Records,
  roster: Roster,
  person: Person,
): Promise<E.Either<Status, string>> => {
  const names = namesFor(person);
  for (const name of names) {
    const ref = userRef(name);
    if (isThem(records.objects.get(ref), person)) return E.right(name);
    if (records.objects.get(ref) !== null || roster.isNamed(name)) continue;
    const document = { spec: specOf(person) };
    const written = await records.objects.write(null, [{ write: 'create', ref, document }])();
    if (E.isLeft(written) && written.left._tag !== 'Conflict')
      return E.left(statusOfFailure(written.left, { plural: 'users', name }));
    if (E.isRight(written)) {
      await records.objects.caughtUp(written.right);
      return E.right(name);
    }
    // another control plane was quicker: with them, or with somebody of the same wish
    if (isThem(records.objects.get(ref), person)) return E.right(name);
  }
  const [name = ''] = names.slice(-1);
  return E.left(
    statusOfFailure(
      {
        _tag: 'Conflict',
        reason: 'Conflict',
        message:
          'cannot be made for this login: the name is taken; an admin may make a User with this `spec.oidc`',
      },
      { plural: 'users', name },
    ),
  );
};
