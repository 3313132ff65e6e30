/** Who a call of a Git host says it is from, and whether it knows a token. Pure but for the hashing. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

export type Provider = 'github' | 'gitea' | 'gitlab';

/** A call as it came. */
export interface Call {
  readonly provider: Provider;
  /** What the Git host calls it: `push`. */
  readonly event: string;
  /** Which call it is, where nothing signed says so: the Git host sends it again with the same. */
  readonly delivery: string;
  /** Whether whoever sent it knows the token. */
  readonly knows: (token: string) => boolean;
}

const one = (headers: IncomingHttpHeaders, name: string): string => {
  const value = headers[name];
  return typeof value === 'string' ? value : '';
};

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

/** In a time that says nothing of either. */
const same = (left: string, right: string): boolean => timingSafeEqual(digestOf(left), digestOf(right));

/** A Secret whose token is empty is open to nobody. */
const signedWith =
  (signature: string, body: Buffer) =>
  (token: string): boolean => {
    const expected = createHmac('sha256', token).update(body).digest('hex');
    return same(expected, signature.toLowerCase()) && token !== '';
  };

const gitea = (headers: IncomingHttpHeaders, body: Buffer): Call => ({
  provider: 'gitea',
  event: one(headers, 'x-gitea-event'),
  delivery: '',
  knows: signedWith(one(headers, 'x-gitea-signature'), body),
});

const gitlab = (headers: IncomingHttpHeaders): Call => ({
  provider: 'gitlab',
  event: one(headers, 'x-gitlab-event'),
  delivery: one(headers, 'idempotency-key') || one(headers, 'x-gitlab-event-uuid'),
  knows: (token) => same(one(headers, 'x-gitlab-token'), token) && token !== '',
});

const github = (headers: IncomingHttpHeaders, body: Buffer): Call => ({
  provider: 'github',
  event: one(headers, 'x-github-event'),
  delivery: '',
  knows: signedWith(one(headers, 'x-hub-signature-256').replace(/^sha256=/, ''), body),
});

/** Null: no Git host that we know. Gitea says that it is GitHub, too. */
export const callOf = (headers: IncomingHttpHeaders, body: Buffer): Call | null => {
  if (headers['x-gitea-event'] !== undefined) return gitea(headers, body);
  if (headers['x-gitlab-event'] !== undefined) return gitlab(headers);
  return headers['x-github-event'] === undefined ? null : github(headers, body);
};
