/**
 * Pages of a list. A `continue` token says the revision of the first page and the last object told; the pages after it
 * are made from today's objects with the changes since that revision taken back (ring.ts), so nothing is kept for a
 * client that never comes back, and any control plane of the installation can go on. A token opens nothing: what it
 * leads to is filtered by the caller's rights like any list. It is bound to its query by a digest, against mistakes.
 */
import * as E from 'fp-ts/lib/Either.js';
import { createHash } from 'node:crypto';
import type { Status } from '../../api-types/status.js';
import { badRequest, expired, invalid } from '../statuses.js';
import { numberAsked } from './asked.js';

export interface Page {
  /** Of what is asked: tokens of other queries are refused. */
  readonly digest: string;
  readonly limit: number | null;
  /** The place of the last object of the page before; null: from the first. */
  readonly after: string | null;
  /** The revision the cache must have reached. */
  readonly atLeast: number;
  /** The revision that is told, and the answer when it is too long ago; null: today's. */
  readonly exactly: { readonly revision: number; readonly tooOld: Status } | null;
}

const digestOf = (path: string, query: URLSearchParams): string =>
  createHash('sha256')
    .update(JSON.stringify([path, query.get('labelSelector') ?? '', query.get('fieldSelector') ?? '']))
    .digest('base64url')
    .slice(0, 16);

interface Token {
  /** 0: whatever there is today. */
  readonly revision: number;
  readonly after: string;
}

const written = (digest: string, { revision, after }: Token): string =>
  Buffer.from(JSON.stringify([1, digest, revision, after])).toString('base64url');

/** The token of the page after `last`. */
export const continuation = ({ digest }: Page, revision: number, last: string): string =>
  written(digest, { revision, after: last });

const isRevision = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

const readToken = (digest: string, text: string): E.Either<Status, Token> => {
  const wrong = (why: string): E.Either<Status, Token> =>
    E.left(
      badRequest(`continue: ${why}; list again without it, or repeat the whole query of the page before`),
    );
  try {
    const [format, asked, revision, after]: readonly unknown[] = JSON.parse(
      Buffer.from(text, 'base64url').toString(),
    ) as readonly unknown[];
    if (format !== 1 || !isRevision(revision) || typeof after !== 'string')
      return wrong('the token is not one of ours');
    if (asked !== digest) return wrong('the token is of another list');
    return E.right({ revision, after });
  } catch {
    return wrong('the token is not one of ours');
  }
};

const tooOld = (digest: string, after: string): Status => ({
  ...expired(
    'the continue token is too old: the objects have changed too much since the first page; list again, or go on with the token in this answer to get the rest as it is now',
  ),
  metadata: { continue: written(digest, { revision: 0, after }) },
});

type Limits = Pick<Page, 'digest' | 'limit'>;

const continued = (limits: Limits, text: string): E.Either<Status, Page> => {
  const token = readToken(limits.digest, text);
  if (E.isLeft(token)) return token;
  const { revision, after } = token.right;
  // a revision that is not there yet may be another control plane's: it is waited for
  const exactly = revision === 0 ? null : { revision, tooOld: tooOld(limits.digest, after) };
  return E.right({ ...limits, after, atLeast: revision, exactly });
};

const MATCHES = ['Exact', 'NotOlderThan'];

const refused = (field: string, expected: string, got: string): Status =>
  invalid('ListOptions', '', [{ path: field, expected, got }]);

const shown = (query: URLSearchParams, name: string): string => `"${(query.get(name) ?? '').slice(0, 80)}"`;

/** What `resourceVersionMatch` may not be here, or null. */
const matchAllowed = (query: URLSearchParams, match: string): string | null => {
  const revision = query.get('resourceVersion') ?? '';
  if (!MATCHES.includes(match)) return 'Exact or NotOlderThan';
  if (revision === '') return 'none without resourceVersion';
  if ((query.get('continue') ?? '') !== '') return 'none with continue';
  return match === 'Exact' && revision === '0' ? 'NotOlderThan where resourceVersion is "0"' : null;
};

const matchProblem = (query: URLSearchParams): Status | null => {
  if (query.has('sendInitialEvents'))
    return refused('sendInitialEvents', 'none without watch=true', shown(query, 'sendInitialEvents'));
  const match = query.get('resourceVersionMatch') ?? '';
  const expected = match === '' ? null : matchAllowed(query, match);
  return expected === null
    ? null
    : refused('resourceVersionMatch', expected, shown(query, 'resourceVersionMatch'));
};

const first = (limits: Limits, query: URLSearchParams): E.Either<Status, Page> => {
  const asked = numberAsked(query, 'resourceVersion');
  if (E.isLeft(asked)) return asked;
  const revision = asked.right ?? 0;
  const match = query.get('resourceVersionMatch') ?? '';
  // with a limit a revision alone means exactly that one, as in Kubernetes
  const exact = revision !== 0 && (match === 'Exact' || (match === '' && limits.limit !== null));
  const late = `resourceVersion ${String(revision)} is too old to be told exactly; list without it`;
  const exactly = exact ? { revision, tooOld: expired(late) } : null;
  return E.right({ ...limits, after: null, atLeast: revision, exactly });
};

/** Which page of a list is asked for, at which revision. */
export const pageAsked = (path: string, query: URLSearchParams): E.Either<Status, Page> => {
  const problem = matchProblem(query);
  if (problem !== null) return E.left(problem);
  const limit = numberAsked(query, 'limit');
  if (E.isLeft(limit)) return limit;
  const limits: Limits = { digest: digestOf(path, query), limit: limit.right === 0 ? null : limit.right };
  const text = query.get('continue') ?? '';
  if (text === '') return first(limits, query);
  if (!['', '0'].includes(query.get('resourceVersion') ?? ''))
    return E.left(badRequest('resourceVersion: none may be given with continue'));
  return continued(limits, text);
};
