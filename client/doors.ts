/** The doors of access: who one is, what one may do, logging in, tokens and passwords. */
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { Status } from '../api-types/status.js';
import { API_PATH } from './paths.js';

/** Asks for a path and gives the answer's JSON as `A`. */
export type AskJson = <A>(method: string, path: string, body?: unknown) => TaskEither<Status, A>;

export interface WhoAmI {
  readonly username: string;
  readonly groups?: readonly string[];
}

/** What is asked of the rights; as a SelfSubjectAccessReview names it. */
export interface ResourceAttributes {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
}

export interface Allowed {
  readonly allowed: boolean;
  readonly reason?: string;
}

export interface ResourceRule {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** A token that was just made: the only time its text is told. */
export interface NewToken {
  readonly name: string;
  readonly token: string;
  readonly expiresAt?: string;
}

export interface TokenInfo {
  readonly name: string;
  readonly createdAt: string;
  readonly expiresAt?: string;
}

export interface AccessDoors {
  whoAmI(): TaskEither<Status, WhoAmI>;
  canI(asked: ResourceAttributes): TaskEither<Status, Allowed>;
  /** What one may do in a cluster. */
  rules(cluster: string): TaskEither<Status, readonly ResourceRule[]>;
  tokens(user: string): TaskEither<Status, readonly TokenInfo[]>;
  createToken(
    user: string,
    of: { readonly name: string; readonly expiresSeconds?: number },
  ): TaskEither<Status, NewToken>;
  revokeToken(user: string, name: string): TaskEither<Status, unknown>;
  /** `current` is asked of those who are no admin; `revokeTokens`: of all tokens only the one that is used here stays. */
  setPassword(
    user: string,
    of: { readonly password: string; readonly current?: string; readonly revokeTokens?: boolean },
  ): TaskEither<Status, unknown>;
}

const REVIEWS = '/apis/authorization.k8s.io/v1';

const review = (kind: string, spec: unknown, group = 'authorization.k8s.io'): object => ({
  apiVersion: `${group}/v1`,
  kind,
  ...(spec === undefined ? {} : { spec }),
});

const userPath = (user: string): string => `${API_PATH}/users/${encodeURIComponent(user)}`;

const read =
  <A, B>(task: TaskEither<Status, A>, from: (answer: A) => B): TaskEither<Status, B> =>
  async () => {
    const answer = await task();
    return answer._tag === 'Left' ? answer : { _tag: 'Right', right: from(answer.right) };
  };

const reviews = (ask: AskJson): Pick<AccessDoors, 'whoAmI' | 'canI' | 'rules'> => ({
  whoAmI: () =>
    read(
      ask<{ readonly status: { readonly userInfo: WhoAmI } }>(
        'POST',
        '/apis/authentication.k8s.io/v1/selfsubjectreviews',
        review('SelfSubjectReview', undefined, 'authentication.k8s.io'),
      ),
      ({ status }) => status.userInfo,
    ),
  canI: (resourceAttributes) =>
    read(
      ask<{ readonly status: Allowed }>(
        'POST',
        `${REVIEWS}/selfsubjectaccessreviews`,
        review('SelfSubjectAccessReview', { resourceAttributes }),
      ),
      ({ status }) => status,
    ),
  rules: (namespace) =>
    read(
      ask<{ readonly status: { readonly resourceRules: readonly ResourceRule[] } }>(
        'POST',
        `${REVIEWS}/selfsubjectrulesreviews`,
        review('SelfSubjectRulesReview', { namespace }),
      ),
      ({ status }) => status.resourceRules,
    ),
});

/** The doors, asked through `ask`. */
export const accessDoors = (ask: AskJson): AccessDoors => ({
  ...reviews(ask),
  tokens: (user) =>
    read(
      ask<{ readonly items: readonly TokenInfo[] }>('GET', `${userPath(user)}/tokens`),
      ({ items }) => items,
    ),
  createToken: (user, of) => ask('POST', `${userPath(user)}/tokens`, of),
  revokeToken: (user, name) => ask('DELETE', `${userPath(user)}/tokens/${encodeURIComponent(name)}`),
  setPassword: (user, of) => ask('PUT', `${userPath(user)}/password`, of),
});
