/** Signature Version 4, checked by signing the request again and comparing. */
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import * as E from 'fp-ts/lib/Either.js';
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { parseTimestamp, type Clock } from '../runtime/clock.js';
import { sameToken } from '../runtime/tokens.js';
import { apiError, type Result } from './api-error.js';
import type { KeyPairOfCaller } from './credentials.js';

export interface SignedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface SignatureRules {
  readonly clock: Clock;
  /** The difference between the caller's clock and ours that is let pass, in milliseconds. */
  readonly skew: number;
  /** The key pair with this access key id. */
  keyPair(accessKeyId: string): KeyPairOfCaller | undefined;
}

interface Claim {
  readonly accessKeyId: string;
  readonly region: string;
  readonly service: string;
  readonly date: string;
  readonly signedHeaders: readonly string[];
}

const SERVICES: ReadonlySet<string> = new Set(['ec2', 'sts']);
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/,\s]+)\/(\d{8})\/([^/,\s]+)\/([^/,\s]+)\/aws4_request,\s*SignedHeaders=([^,\s]+),\s*Signature=[0-9a-f]{64}$/;

const authFailure = (message: string) => apiError('AuthFailure', message, 401);

const unsigned = authFailure(
  'AWS was not able to validate the provided access credentials: the request bears no AWS4-HMAC-SHA256 signature',
);

const mismatch = apiError(
  'SignatureDoesNotMatch',
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.',
  403,
);

const unknownKey = apiError(
  'InvalidClientTokenId',
  'The security token included in the request is invalid. (`scalarium local-cloud env` prints the right keys.)',
  403,
);

const claimOf = (authorization: string | undefined): Claim | null => {
  const match = AUTHORIZATION.exec(authorization ?? '');
  if (match === null) return null;
  const [, accessKeyId = '', date = '', region = '', service = '', signed = ''] = match;
  return { accessKeyId, date, region, service, signedHeaders: signed.split(';') };
};

/** `20260131T235959Z` as milliseconds; NaN when it is none. */
const amzDate = (text: string): number =>
  parseTimestamp(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));

const checkDate = (claim: Claim, request: SignedRequest, rules: SignatureRules): Result<number> => {
  const text = request.headers['x-amz-date'];
  const at = typeof text === 'string' ? amzDate(text) : Number.NaN;
  if (Number.isNaN(at)) return E.left(authFailure('The request has no X-Amz-Date header that is a date'));
  if (typeof text === 'string' && !text.startsWith(claim.date))
    return E.left(authFailure('The date in the credential scope is not that of X-Amz-Date'));
  const off = Math.abs(rules.clock.now() - at);
  if (off <= rules.skew) return E.right(at);
  return E.left(
    apiError(
      'RequestExpired',
      `Request has expired: its date is ${String(Math.round(off / 1000))} s from the endpoint's clock`,
    ),
  );
};

const bodyHash = (body: string): string => createHash('sha256').update(body).digest('hex');

const signedHeaders = (claim: Claim, request: SignedRequest): Record<string, string> | null => {
  const headers: Record<string, string> = {};
  for (const name of claim.signedHeaders) {
    const value = request.headers[name];
    if (value === undefined) return null;
    headers[name] = Array.isArray(value) ? value.join(',') : value;
  }
  return headers;
};

const queryBag = (query: URLSearchParams): Record<string, string | string[]> =>
  Object.fromEntries(
    [...new Set(query.keys())].map((name) => {
      const values = query.getAll(name);
      return [name, values.length === 1 ? (values[0] ?? '') : values];
    }),
  );

interface Signing {
  readonly claim: Claim;
  readonly keyPair: KeyPairOfCaller;
  readonly headers: Record<string, string>;
  /** Milliseconds since 1970. */
  readonly at: number;
}

const signAgain = async (request: SignedRequest, signing: Signing): Promise<string> => {
  const { claim, keyPair, headers, at } = signing;
  const signer = new SignatureV4({
    credentials: keyPair,
    region: claim.region,
    service: claim.service,
    sha256: Sha256,
    applyChecksum: false,
  });
  const signed = await signer.sign(
    {
      method: request.method,
      protocol: 'http:',
      hostname: headers['host'] ?? '',
      path: request.path,
      query: queryBag(request.query),
      headers,
      body: request.body,
    },
    // the signer counts in seconds
    { signingDate: at / 1000, signableHeaders: new Set(claim.signedHeaders) },
  );
  return signatureIn(signed.headers['authorization']);
};

const signatureIn = (authorization: string | undefined): string =>
  /Signature=([0-9a-f]{64})$/.exec(authorization ?? '')?.[1] ?? '';

/** The signed headers cover what must be covered, and a declared body hash is the body's. */
const covers = (headers: Record<string, string>, request: SignedRequest): boolean => {
  if (headers['host'] === undefined || headers['x-amz-date'] === undefined) return false;
  const declared = request.headers['x-amz-content-sha256'];
  return declared === undefined || declared === bodyHash(request.body);
};

const checkClaim = async (
  claim: Claim,
  keyPair: KeyPairOfCaller,
  request: SignedRequest,
  rules: SignatureRules,
): Promise<Result<string>> => {
  const at = checkDate(claim, request, rules);
  if (E.isLeft(at)) return at;
  const headers = signedHeaders(claim, request);
  if (headers === null || !covers(headers, request)) return E.left(mismatch);
  const expected = await signAgain(request, { claim, keyPair, headers, at: at.right });
  const given = signatureIn(request.headers.authorization);
  return expected !== '' && sameToken(given, expected) ? E.right(keyPair.accessKeyId) : E.left(mismatch);
};

/** Which access key signed the request, or why it is refused. */
export const checkSignature = async (
  request: SignedRequest,
  rules: SignatureRules,
): Promise<Result<string>> => {
  const claim = claimOf(request.headers.authorization);
  if (claim === null || !SERVICES.has(claim.service)) return E.left(unsigned);
  const keyPair = rules.keyPair(claim.accessKeyId);
  return keyPair === undefined ? E.left(unknownKey) : checkClaim(claim, keyPair, request, rules);
};
