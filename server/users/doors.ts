/** Doors of users: login, and what is below a User: its tokens and its password. */
import * as E from 'fp-ts/lib/Either.js';
import { API_VERSION } from '../../api-types/metadata.js';
import type { Attributes, Caller } from '../access/access.js';
import type { Logins } from '../access/logins.js';
import { issueToken, revokeToken, userRef } from '../access/tokens.js';
import type { Answer, Context } from '../context.js';
import type { Asked, Door } from '../door.js';
import { remoteOf } from '../gateway/credentials.js';
import { API_PATH } from '../routes.js';
import { noSuchPath, notFound } from '../statuses.js';
import { findView } from '../views/views.js';
import { loginDoors } from './login-door.js';
import { PasswordSent, TokenSent, dryRunOf, sentAs } from './sent.js';

const USERS = `${API_PATH.replaceAll('.', '\\.')}/users`;
const NAME = '([a-z0-9][-a-z0-9]{0,62})';
const TOKENS = new RegExp(`^${USERS}/${NAME}/tokens$`);
const TOKEN = new RegExp(`^${USERS}/${NAME}/tokens/${NAME}$`);
const PASSWORD = new RegExp(`^${USERS}/${NAME}/password$`);

/** What a door is given beside the request: whose it is, of which name, and whether it is only asked what would be. */
interface Below {
  readonly logins: Logins;
  readonly asked: Asked;
  readonly caller: Caller;
  readonly user: string;
  /** The token's name, where the path has one. */
  readonly name: string;
  readonly dryRun: boolean;
}

const resourceAt =
  (pattern: RegExp, sub: string): NonNullable<Door['resource']> =>
  (path): Attributes['resource'] => {
    const view = findView(API_VERSION, 'users');
    const name = pattern.exec(path)?.[1];
    return view === null || name === undefined ? null : { view, cluster: null, name, sub };
  };

const done = { apiVersion: 'v1', kind: 'Status', metadata: {}, status: 'Success', code: 200 };

type Act = (context: Context, below: Below) => Promise<Answer> | Answer;

const answering = async (
  context: Context,
  asked: Asked,
  caller: Caller | null,
  { path, act }: { readonly path: RegExp; readonly act: Act },
): Promise<Answer> => {
  const { logins } = context.access;
  const [, user = '', name = ''] = path.exec(asked.path) ?? [];
  if (logins === null || caller === null) return E.left(noSuchPath(asked.path));
  const dryRun = dryRunOf(asked);
  if (E.isLeft(dryRun)) return dryRun;
  return act(context, { logins, asked, caller, user, name, dryRun: dryRun.right });
};

const door = (method: Door['method'], path: RegExp, sub: string, act: Act): Door => ({
  method,
  path,
  resource: resourceAt(path, sub),
  answer: (context, asked, caller) => answering(context, asked, caller, { path, act }),
});

const list: Act = ({ objects }, { user }) => {
  const live = objects.get(userRef(user));
  if (live === null) return E.left(notFound({ plural: 'users', name: user }));
  const tokens = Object.entries(live.status.tokens ?? {}).sort(([one], [two]) => (one < two ? -1 : 1));
  const items = tokens.map(([name, { createdAt, expiresAt }]) => ({ name, createdAt, expiresAt }));
  return E.right({ code: 200, body: { items } });
};

const make: Act = async (_, { logins, asked, user, dryRun }) => {
  const sent = await sentAs(TokenSent, asked);
  if (E.isLeft(sent)) return sent;
  const { name, expiresSeconds = null } = sent.right;
  const wanted = { name, expiresSeconds, groups: [], login: false, dryRun };
  const issued = await issueToken(logins.records, user, wanted);
  if (E.isLeft(issued)) return issued;
  const { token, expiresAt } = issued.right;
  return E.right({ code: 201, body: { name, token, ...(expiresAt === null ? {} : { expiresAt }) } });
};

const revoke: Act = async (_, { logins, user, name, dryRun }) => {
  const refused = await revokeToken(logins.records, user, { name, dryRun });
  return refused === null ? E.right({ code: 200, body: done }) : E.left(refused);
};

/** Whoever may change any User needs no `current`. */
const isAdmin = ({ access }: Context, caller: Caller): boolean => {
  const view = findView(API_VERSION, 'users');
  if (view === null) return false;
  const resource = { view, cluster: null, name: null, sub: null };
  return access.decide(caller, { verb: 'create', path: '', resource }).allowed;
};

/** The name of the token that they ask with, where it is one of this user's. */
const ownToken = (caller: Caller, user: string): string | null =>
  caller.proof.by === 'token' && caller.user === user ? caller.proof.token : null;

const setPassword: Act = async (context, { logins, asked, caller, user, dryRun }) => {
  const sent = await sentAs(PasswordSent, asked);
  if (E.isLeft(sent)) return sent;
  const { password, current = null, revokeTokens = false } = sent.right;
  const revoke = revokeTokens ? { but: ownToken(caller, user) } : null;
  const change = { password, current, byAdmin: isAdmin(context, caller), dryRun, revoke };
  const refused = await logins.setPassword(user, change, remoteOf(asked.request));
  return refused === null ? E.right({ code: 200, body: done }) : E.left(refused);
};

export const userDoors: readonly Door[] = [
  ...loginDoors,
  door('GET', TOKENS, 'tokens', list),
  door('POST', TOKENS, 'tokens', make),
  door('DELETE', TOKEN, 'tokens', revoke),
  door('PUT', PASSWORD, 'password', setPassword),
];
