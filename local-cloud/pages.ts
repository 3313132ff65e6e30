/** Pages as EC2 gives them: MaxResults from 5 to 1000, and never more than 1000 on a page, asked or not. */
import * as E from 'fp-ts/lib/Either.js';
import { apiError, invalidValue, type Result } from './api-error.js';
import { one, wholeNumber, type Params } from './query.js';

const MOST = 1000;
const LEAST = 5;

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextToken: string | undefined;
}

const invalidToken = apiError('InvalidNextToken', 'The token is invalid.');

const tokenFor = (position: number): string => Buffer.from(`after:${String(position)}`).toString('base64url');

const positionOf = (token: string): number | null => {
  const match = /^after:(\d+)$/.exec(Buffer.from(token, 'base64url').toString());
  return match?.[1] === undefined ? null : Number(match[1]);
};

/** The page that `NextToken` asks for, of things in a stable order that grows with `position`. */
export const pageOf = <T>(
  params: Params,
  things: readonly T[],
  position: (thing: T) => number,
): Result<Page<T>> => {
  const most = wholeNumber(params, 'MaxResults') ?? MOST;
  if (!(most >= LEAST)) return E.left(invalidValue(`Value for parameter MaxResults must be from 5 to 1000`));
  const token = one(params, 'NextToken');
  const after = token === undefined || token === '' ? -1 : positionOf(token);
  if (after === null) return E.left(invalidToken);
  const rest = things.filter((thing) => position(thing) > after);
  const items = rest.slice(0, Math.min(most, MOST));
  const last = items.at(-1);
  const more = rest.length > items.length && last !== undefined;
  return E.right({ items, nextToken: more ? tokenFor(position(last)) : undefined });
};
