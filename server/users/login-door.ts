/** `/login`: what ways in there are, and a token for a password or an ID token. */
import * as E from 'fp-ts/lib/Either.js';
import type { Status } from '../../api-types/status.js';
import { Name } from '../../api-types/words.js';
import { hex } from '../../runtime/chance.js';
import type { Arrived, Logins } from '../access/logins.js';
import { LOGIN_NAME, issueToken } from '../access/tokens.js';
import type { Answer } from '../context.js';
import type { Asked, Door } from '../door.js';
import { remoteOf } from '../gateway/credentials.js';
import { refusedAs } from '../refusal.js';
import { API_PATH } from '../routes.js';
import { badRequest, noSuchPath } from '../statuses.js';
import { LoginSent, dryRunOf, sentAs } from './sent.js';

const PATH = `${API_PATH}/login`;
/** A password is good until it is changed; what a provider said is asked again sooner, whatever is wished for. */
const PASSWORD_SECONDS = 30 * 86_400;
const PROVIDER_SECONDS = 12 * 3_600;

const ways: Door = {
  method: 'GET',
  path: PATH,
  anonymous: true,
  answer: ({ access }) => {
    if (access.logins === null) return E.left(noSuchPath(PATH));
    const { oidc } = access.logins;
    const provider = oidc === null ? null : { issuer: oidc.issuer, clientId: oidc.clientId };
    return E.right({ code: 200, body: { password: true, oidc: provider } });
  },
};

const arrived = (
  logins: Logins,
  { user, password, idToken }: LoginSent,
  address: string,
): Promise<E.Either<Status, Arrived>> => {
  const both = user !== undefined && password !== undefined;
  if (idToken !== undefined && user === undefined && password === undefined)
    return logins.byIdToken(idToken, address);
  if (both && idToken === undefined) return logins.byPassword(user, password, address);
  return Promise.resolve(E.left(badRequest('expected either user and password, or idToken')));
};

/** What can be a user's name; anything else may be a password in the wrong field, and is not repeated. */
const nameTried = ({ user }: LoginSent): string => (Name.is(user) ? user : '');

const auditOf = (user: string, dryRun: boolean) => ({ verb: 'login', user, dryRun });

const answered = async (logins: Logins, asked: Asked): Promise<Answer> => {
  const dryRun = dryRunOf(asked);
  if (E.isLeft(dryRun)) return dryRun;
  const sent = await sentAs(LoginSent, asked);
  if (E.isLeft(sent)) return sent;
  const who = await arrived(logins, sent.right, remoteOf(asked.request));
  if (E.isLeft(who)) return refusedAs(who.left, auditOf(nameTried(sent.right), dryRun.right));
  const { user } = who.right;
  const { idToken, expiresSeconds } = sent.right;
  const seconds =
    idToken === undefined
      ? (expiresSeconds ?? PASSWORD_SECONDS)
      : Math.min(expiresSeconds ?? PROVIDER_SECONDS, PROVIDER_SECONDS);
  const issued = await issueToken(logins.records, user, {
    name: sent.right.tokenName ?? `${LOGIN_NAME}${hex(logins.records.chance, 4)}`,
    expiresSeconds: seconds,
    groups: who.right.groups,
    login: true,
    dryRun: dryRun.right,
  });
  const audit = auditOf(user, dryRun.right);
  if (E.isLeft(issued)) return refusedAs(issued.left, audit);
  return E.right({ code: 201, body: issued.right, audit: { before: null, after: null, ...audit } });
};

const enter: Door = {
  method: 'POST',
  path: PATH,
  anonymous: true,
  answer: ({ access }, asked) =>
    access.logins === null ? E.left(noSuchPath(PATH)) : answered(access.logins, asked),
};

export const loginDoors: readonly Door[] = [ways, enter];
