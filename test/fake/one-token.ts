/** Access for one bearer token that may do everything: the holder of the installation key. */
import * as E from 'fp-ts/lib/Either.js';
import { sameToken } from '../../runtime/tokens.js';
import { unauthorized } from '../../server/statuses.js';
import type { Access, Caller } from '../../server/access/access.js';
import { bearerOf } from '../../server/access/bearer.js';

/** Who holds the installation key. */
export const INSTALLATION_CALLER: Caller = {
  user: 'system:installation',
  groups: ['system:admins'],
  proof: { by: 'installation' },
  valid: () => true,
};

/** Lets the token's holder do everything, and nobody else anything. */
export const oneToken = (token: string): Access => ({
  logins: null,
  authenticate: (request) =>
    Promise.resolve(
      sameToken(bearerOf(request), token) ? E.right(INSTALLATION_CALLER) : E.left(unauthorized()),
    ),
  decide: () => ({ allowed: true, reason: 'the token of the installation' }),
  sees: () => true,
  admits: () => null,
});
